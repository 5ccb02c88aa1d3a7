"""The gateway's three ports: in a row from a given one, or any that are free. And the names that reach them."""

import contextlib
import errno
import ipaddress
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from local.errors import CannotDo


class CannotListen(CannotDo):
    """The gateway cannot listen on a port. The text names the port, and advises what to do."""


@dataclass(frozen=True)
class Sockets:
    """The three listening sockets. They are bound first, so that a port in use ends the start at once."""

    page: socket.socket
    tls: socket.socket
    aws: socket.socket


@contextlib.contextmanager
def bind(host: str, port: int) -> Iterator[Sockets]:
    """
    Bind the ports while the context lasts.

    Args:
        host: The name or address to listen on.
        port: The first of three ports in a row; 0 for any three free ports.

    Raises:
        CannotListen: If a port cannot be bound.

    """
    with (
        _listener(host, port, "for WebSockets and the page") as page,
        _listener(host, port and port + 1, "for WebSockets over TLS") as tls,
        _listener(host, port and port + 2, "for the embedded AWS") as aws,
    ):
        yield Sockets(page, tls, aws)


def _listener(host: str, port: int, purpose: str) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port)[0][0]
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            advice = "Stop the program that uses it, or choose other ports with --port (make: ARGS='--port 3999')."
            raise CannotListen(f"Port {port}, {purpose}, is already in use. {advice}") from error
        raise CannotListen(f"Cannot listen on {host} port {port}: {error.strerror or error}.") from error


def reachable(host: str, sock: socket.socket) -> tuple[str, int]:
    """Return the host and port by which this machine reaches a bound socket."""
    loopback = "::1" if sock.family == socket.AF_INET6 else "127.0.0.1"
    return loopback if _is_any(host) else host, sock.getsockname()[1]


def address(host: str, sock: socket.socket) -> str:
    """Return the host and port by which this machine reaches a bound socket, as in a URL: IPv6 in brackets."""
    name, port = reachable(host, sock)
    return f"{f'[{name}]' if ':' in name else name}:{port}"


def certificate_names(host: str) -> list[str]:
    """Return the names and addresses that the TLS certificate has to cover."""
    return list(dict.fromkeys(["127.0.0.1", "::1", "localhost", *([] if _is_any(host) else [host])]))


def names_of_machine(host: str) -> list[str]:
    """Return the host names that a gateway on a host answers to, in addition to addresses and localhost."""
    if not _is_any(host):
        return [host]
    name = socket.gethostname()
    short = name.partition(".")[0]
    return [name, short, f"{short}.local"]


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a host."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_any(host: str) -> bool:
    try:
        return not host or ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False
