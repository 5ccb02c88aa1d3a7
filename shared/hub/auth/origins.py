"""
Which pages may connect: the list ALLOWED_ORIGINS.

A browser sends the true origin of the page. Any other client may send a false origin or none. Therefore the list
protects the users of browsers from foreign pages, and nothing else.

"""

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from hub.errors import Forbidden
from hub.variables import SettingsError

DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Origin:
    """
    Scheme, host and port, which RFC 6454 compares.

    Attributes:
        host: In lower case. In an entry of the list, ``*.`` at the start stands for any one label.

    """

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Raises:
            ValueError: If the text is not ``http://host`` or ``https://host``, with or without a port.

        """
        parts = urlsplit(text)
        port = parts.port if parts.port is not None else DEFAULT_PORTS.get(parts.scheme)
        if port is None or not parts.hostname or text.lower() != f"{parts.scheme}://{parts.netloc}".lower():
            raise ValueError(f"not an origin: {text!r}")
        if parts.username is not None:
            raise ValueError(f"not an origin: {text!r}")
        return cls(parts.scheme, parts.hostname, port)

    def matches(self, allowed: "Origin") -> bool:
        """Return whether an entry of the list allows this origin."""
        if (self.scheme, self.port) != (allowed.scheme, allowed.port):
            return False
        if not allowed.host.startswith("*."):
            return self.host == allowed.host
        label, _, domain = self.host.partition(".")
        return bool(label) and domain == allowed.host.removeprefix("*.")


def parse_origins(text: str) -> tuple[Origin, ...]:
    """
    Parse ALLOWED_ORIGINS: origins separated by commas. An empty list allows every origin.

    Raises:
        SettingsError: If an entry is not an origin.

    """
    try:
        return tuple(Origin.parse(entry.strip()) for entry in text.split(",") if entry.strip())
    except ValueError as error:
        raise SettingsError(f"ALLOWED_ORIGINS: {error}") from error


def check_origin(origin: str | None, allowed: tuple[Origin, ...]) -> None:
    """
    Check the origin of a client. A client that sends no origin passes.

    Raises:
        Forbidden: If the origin is not on the list. ``null``, the origin of a sandboxed page, cannot be on the list.

    """
    if origin is None or not allowed:
        return
    try:
        parsed = Origin.parse(origin)
    except ValueError:
        raise Forbidden("The header Origin is not an origin") from None
    if not any(parsed.matches(entry) for entry in allowed):
        raise Forbidden("Pages of this origin may not connect")
