"""Host names of the application: the one place that decides whether a host is one of its names."""

import re
from collections.abc import Iterable


def name_of(authority: str) -> str:
    """Return the name in a ``Host`` header: in lower case, without the port and without a dot at the end."""
    return re.sub(r":\d*$", "", authority).lower().removesuffix(".")


def pattern_of(domain: str) -> str:
    """
    Return a regular expression for the names of a domain, in lower case.

    A domain ``*.example.com`` has every name with one label in place of the ``*``. Source: "Wildcard custom domain
    names", API Gateway developer guide.

    """
    return re.escape(domain.lower()).replace(r"\*", "[^.]+")


def domain_of(name: str, domains: Iterable[str]) -> str | None:
    """
    Return the domain that a name belongs to, or None. A domain without a wildcard comes first.

    Args:
        name: As ``name_of`` returns it.

    """
    exact_first = sorted(domains, key=lambda domain: "*" in domain)
    return next((domain for domain in exact_first if re.fullmatch(pattern_of(domain), name)), None)
