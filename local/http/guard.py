"""
Decides which requests are answered: none to the host names of others and, except for WebSockets, none from the pages
of other origins.

A browser lets every page send requests to this machine, and anybody can point a host name to it (DNS rebinding).
A client that can send requests to the gateway can read its tables and secrets, and run functions.

"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence

from local.place import SUFFIXES
from local.stack.domains import domain_of, name_of

OWN_NAMES = {"localhost", "host.docker.internal"}
"""Names of this machine. Docker's containers use the second."""

OWN_SUFFIXES = (".localhost", *(f".{suffix}" for suffix in SUFFIXES))
"""Names that only this machine can point here: loopback names (RFC 6761), and AWS's, which workers lead here."""

Values = Callable[[str], Sequence[str]]
"""Returns all values of a header. The name is in lower case."""

_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d*)?")
_WORD_AND_ADDRESS = re.compile(r"[a-z0-9-]+[.-]((?:[0-9]{1,3}[.]){3}[0-9]{1,3})")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)")


class Guard:
    """
    Tells the requests that are answered from those that are refused.

    Args:
        hosts: Host names that clients may use, in addition to IP addresses, OWN_NAMES and OWN_SUFFIXES. A name may
            have a wildcard, as custom domains may.

    """

    def __init__(self, hosts: Iterable[str]) -> None:
        self._hosts = {*OWN_NAMES, *hosts}

    def wrong_host(self, target: str, values: Values) -> str | None:
        """
        Return why a request is refused because of its host, or None. The host is in ``Host`` or an absolute target.

        A request without a host passes: no browser sends one.

        Args:
            target: The target of the request line, as the client wrote it.

        """
        hosts = [*values("host")]
        if len(hosts) > 1:
            return "The request has more than one Host."
        if absolute := _ABSOLUTE.match(target):
            hosts.append(absolute[1])
        for host in hosts:
            if not self._is_own(host):
                return f"The gateway does not answer to the host {host!r}. If that is its name, start it with --host."
        return None

    def foreign_page(self, scheme: str, values: Values) -> str | None:
        """
        Return why a request from a page of another origin is refused, or None.

        WebSockets are not checked by this method: on AWS, too, a page of any origin may open one.

        """
        own = [f"{scheme}://{host}".lower() for host in values("host")]
        origins = values("origin")
        if origins and [origin.lower() for origin in origins] != own:
            return f"A page of the origin {', '.join(origins)!r} may not speak to the gateway."
        if not {*values("sec-fetch-site")} <= {"same-origin", "none"}:
            return "A page of another origin may not speak to the gateway."
        return None

    def _is_own(self, authority: str) -> bool:
        if not _AUTHORITY.fullmatch(authority):
            return False
        name = name_of(authority)
        return domain_of(name, self._hosts) is not None or name.endswith(OWN_SUFFIXES) or _is_address(name)


def is_visit(method: str, values: Values) -> bool:
    """Return whether a request is for a page in a window. A page that links to it cannot read the answer."""
    expected = {"sec-fetch-mode": ["navigate"], "sec-fetch-dest": ["document"], "origin": []}
    return method == "GET" and all([*values(name)] == value for name, value in expected.items())


def _is_address(name: str) -> bool:
    """Return whether a name is an IP address. SDKs may put a word before it, as in data-127.0.0.1."""
    address = name.removeprefix("[").removesuffix("]")
    if worded := _WORD_AND_ADDRESS.fullmatch(name):
        # Safe: browsers reject a host name whose last label is a number, and so no page can be at such a name.
        address = worded[1]
    try:
        return bool(ipaddress.ip_address(address))
    except ValueError:
        return False
