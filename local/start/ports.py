"""The ports of a gateway: three in a row, or any that are free."""

import contextlib
import errno
import ipaddress
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from local.errors import CannotDo


class CannotListen(CannotDo):
    """A port cannot be had. The text says which, and what to do."""


@dataclass(frozen=True)
class Sockets:
    """Bound before anything starts, so that a taken port costs nobody a wait."""

    page: socket.socket
    tls: socket.socket
    aws: socket.socket


@contextlib.contextmanager
def bind(host: str, port: int) -> Iterator[Sockets]:
    """
    Bind the ports while the context lasts.

    Raises:
        CannotListen: If one cannot be had.

    """
    with contextlib.ExitStack() as stack:

        def one(number: int, purpose: str) -> socket.socket:
            try:
                family = socket.getaddrinfo(host, number)[0][0]
                return stack.enter_context(socket.create_server((host, number), family=family, backlog=1024))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    advice = "Stop what is using it, or choose three others with --port (in make: ARGS='--port 3999')."
                    raise CannotListen(f"Port {number}, {purpose}, is taken. {advice}") from error
                raise CannotListen(f"Cannot listen on {host} port {number}: {error.strerror or error}.") from error

        yield Sockets(
            page=one(port, "for the sockets and the page"),
            tls=one(port and port + 1, "for the same by TLS"),
            aws=one(port and port + 2, "for the embedded AWS"),
        )


def reachable(host: str, sock: socket.socket) -> tuple[str, int]:
    """Return how to reach a bound socket from this machine: host and port."""
    return "127.0.0.1" if _is_any(host) else host, sock.getsockname()[1]


def address(host: str, sock: socket.socket) -> str:
    """Return that as URLs have it."""
    name, port = reachable(host, sock)
    return f"{f'[{name}]' if ':' in name else name}:{port}"


def names(host: str) -> list[str]:
    """Return what clients may call the host by."""
    return list(dict.fromkeys(["127.0.0.1", "::1", "localhost", *([] if _is_any(host) else [host])]))


def names_of_machine(host: str) -> list[str]:
    """Return the names, beside addresses and localhost, that a gateway on a host answers to."""
    if not _is_any(host):
        return [host]
    name = socket.gethostname()
    short = name.partition(".")[0]
    return [name, short, f"{short}.local"]


def is_loopback(host: str) -> bool:
    """Return whether no other machine can reach a host."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_any(host: str) -> bool:
    return host in {"", "0.0.0.0", "::"}  # noqa: S104 - recognised, not bound
