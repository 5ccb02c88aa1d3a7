"""
Where the hosts of AWS lead in a worker, and whose certificates are trusted there.

Part of the worker: it imports nothing else of the gateway's.

"""

import re
import socket
import ssl
from collections.abc import Callable
from typing import Any

METADATA = {"169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23"}
"""Addresses at which machines and containers on AWS find credentials. Functions have none of them."""


def lead_hosts_here(hosts: list[list[Any]]) -> None:
    """Lead AWS's hosts to what serves them here, whichever of its ways Python is asked for their addresses."""
    here = _leader(hosts)
    ask, connect, connect_ex = socket.getaddrinfo, socket.socket.connect, socket.socket.connect_ex
    by_name, by_name_ex = socket.gethostbyname, socket.gethostbyname_ex

    def led(address: Any) -> Any:
        return (*here(*address[:2]), *address[2:]) if isinstance(address, tuple) else address

    def not_led(host: str) -> str:
        if here(host, 0) != (host, 0):
            raise socket.gaierror(socket.EAI_NONAME, f"{host} is AWS's, and has another port here: use getaddrinfo")
        return host

    socket.getaddrinfo = lambda host, port, *arguments, **options: ask(*here(host, port), *arguments, **options)
    socket.gethostbyname = lambda host: by_name(not_led(host))
    socket.gethostbyname_ex = lambda host: by_name_ex(not_led(host))
    socket.socket.connect = lambda sock, address: connect(sock, led(address))  # type: ignore[method-assign]
    socket.socket.connect_ex = lambda sock, address: connect_ex(sock, led(address))  # type: ignore[method-assign]


def _leader(hosts: list[list[Any]]) -> Callable[[Any, Any], tuple[Any, Any]]:
    """Return what tells for a host and a port where they lead."""
    served = [(re.compile(pattern), *where) for pattern, *where in hosts]

    def here(host: Any, port: Any) -> tuple[Any, Any]:
        name = (host.decode("latin-1") if isinstance(host, bytes) else str(host)).lower().rstrip(".")
        if name in METADATA:
            raise ConnectionRefusedError(f"{name} has the credentials of a machine on AWS, and Lambda has no machine")
        for pattern, address, tls_port, plain_port in served:
            if pattern.fullmatch(name):
                return address, (plain_port if port in (80, "80", "http") else tls_port) or port
        return host, port

    return here


def trust(authority: str) -> None:
    """Let whoever names certificates of their own, such as certifi's, trust the gateway's authority as well."""
    load = ssl.SSLContext.load_verify_locations

    def load_verify_locations(context: ssl.SSLContext, *arguments: Any, **options: Any) -> None:
        load(context, *arguments, **options)
        load(context, authority)

    ssl.SSLContext.load_verify_locations = load_verify_locations  # type: ignore[method-assign,assignment]
