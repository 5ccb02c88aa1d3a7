"""
Leads AWS's host names to the gateway, and makes Python trust the gateway's certificates.

Runs in the worker process: it imports nothing else of the gateway.

"""

import re
import socket
import ssl
from collections.abc import Callable
from typing import Any

METADATA = {"169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23"}
"""Addresses from which EC2 instances and containers get credentials. Lambda does not have these addresses."""


def lead_hosts_here(hosts: list[list[Any]]) -> None:
    """
    Change Python's ``socket``: each of its ways to resolve or connect leads AWS's host names to the gateway.

    Args:
        hosts: The members of ``worker_environment.Host``, in order. The first pattern that matches a name counts.

    """
    lead = _leader(hosts)
    resolve, connect, connect_ex = socket.getaddrinfo, socket.socket.connect, socket.socket.connect_ex
    by_name, by_name_ex = socket.gethostbyname, socket.gethostbyname_ex

    def led(address: Any) -> Any:
        return (*lead(*address[:2]), *address[2:]) if isinstance(address, tuple) else address

    def only_others(host: str) -> str:
        """Refuse AWS's names: the caller would connect to AWS's port, and ports differ here."""
        if lead(host, 0) != (host, 0):
            raise socket.gaierror(socket.EAI_NONAME, f"{host} is AWS's, and has another port here: use getaddrinfo")
        return host

    socket.getaddrinfo = lambda host, port, *arguments, **options: resolve(*lead(host, port), *arguments, **options)
    socket.gethostbyname = lambda host: by_name(only_others(host))
    socket.gethostbyname_ex = lambda host: by_name_ex(only_others(host))
    socket.socket.connect = lambda sock, address: connect(sock, led(address))  # type: ignore[method-assign]
    socket.socket.connect_ex = lambda sock, address: connect_ex(sock, led(address))  # type: ignore[method-assign]


def _leader(hosts: list[list[Any]]) -> Callable[[Any, Any], tuple[Any, Any]]:
    """Return a function that maps the host and the port that Python is asked for to those that serve them here."""
    served = [(re.compile(pattern), *target) for pattern, *target in hosts]

    def lead(host: Any, port: Any) -> tuple[Any, Any]:
        name = (host.decode("latin-1") if isinstance(host, bytes) else str(host)).lower().rstrip(".")
        if name in METADATA:
            raise ConnectionRefusedError(
                f"{name} gives credentials to EC2 instances and containers. Lambda does not have this address"
            )
        for pattern, address, tls_port, plain_port in served:
            if pattern.fullmatch(name):
                return address, (plain_port if port in (80, "80", "http") else tls_port) or port
        return host, port

    return lead


def trust(authority: str) -> None:
    """Change ``ssl``: a client that loads a bundle of its own, such as certifi's, trusts the gateway as well."""
    load = ssl.SSLContext.load_verify_locations

    def load_verify_locations(context: ssl.SSLContext, *arguments: Any, **options: Any) -> None:
        load(context, *arguments, **options)
        load(context, authority)

    ssl.SSLContext.load_verify_locations = load_verify_locations  # type: ignore[method-assign,assignment]
