"""
Which requests are answered at all: none of a foreign web page, and none to a name that is not the gateway's.

A browser lets every page send requests to this machine, and a name of anybody's may point to it (DNS rebinding).
Whoever can speak to a port of the gateway reads its tables and its secrets, and runs functions.

"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence

from local.place import SUFFIXES

OWN_NAMES = {"localhost", "host.docker.internal"}
"""Names of this machine, the second as Docker's containers know it."""

OWN_SUFFIXES = (".localhost", *(f".{suffix}" for suffix in SUFFIXES))
"""Ends of names that nobody else can point here: loopback's (RFC 6761), and AWS's, which functions are led here by."""

Values = Callable[[str], Sequence[str]]
"""Returns all values of a header, whose name is in lower case."""

_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d*)?")
_WORD_AND_ADDRESS = re.compile(r"[a-z0-9-]+[.-]((?:[0-9]{1,3}[.]){3}[0-9]{1,3})")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)")


class Guard:
    """
    Args:
        hosts: Names that clients may call the gateway by, beside addresses and those above.

    """

    def __init__(self, hosts: Iterable[str]) -> None:
        self._hosts = OWN_NAMES | {each.lower() for each in hosts}

    def wrong_host(self, target: str, values: Values) -> str | None:
        """
        Say why a request is refused whose ``Host``, or absolute target, has a name that is not the gateway's.

        A request without ``Host`` passes: no browser sends one.

        Args:
            target: Of the request line, as the client wrote it.

        """
        named = [*values("host")]
        if len(named) > 1:
            return "The request has more than one Host."
        if absolute := _ABSOLUTE.match(target):
            named.append(absolute[1])
        for each in named:
            if not self._is_own(each):
                return f"The gateway does not answer to the host {each!r}. If that is its name, start it with --host."
        return None

    def foreign_page(self, scheme: str, values: Values) -> str | None:
        """Say why a request is refused that a page of another origin makes. WebSockets are free to do so."""
        own = [f"{scheme}://{host}".lower() for host in values("host")]
        origins = values("origin")
        if origins and [each.lower() for each in origins] != own:
            return f"A page of the origin {', '.join(origins)!r} may not speak to the gateway."
        if not {*values("sec-fetch-site")} <= {"same-origin", "none"}:
            return "A page of another origin may not speak to the gateway."
        return None

    def _is_own(self, authority: str) -> bool:
        if not (match := _AUTHORITY.fullmatch(authority)):
            return False
        name = match[1].lower().removesuffix(".")
        return name in self._hosts or name.endswith(OWN_SUFFIXES) or _is_address(name)


def is_visit(method: str, values: Values) -> bool:
    """Return whether a request opens a window, which may come from a link on any page and tells that page nothing."""
    wanted = {"sec-fetch-mode": ["navigate"], "sec-fetch-dest": ["document"], "origin": []}
    return method == "GET" and all([*values(name)] == value for name, value in wanted.items())


def _is_address(name: str) -> bool:
    """Return whether a name is an address, or one behind a word, as SDKs put one before the host for some calls."""
    address = name.removeprefix("[").removesuffix("]")
    if worded := _WORD_AND_ADDRESS.fullmatch(name):
        # No browser takes such a name, and no name server has one: a host whose last label is a number is an address.
        address = worded[1]
    try:
        return bool(ipaddress.ip_address(address))
    except ValueError:
        return False
