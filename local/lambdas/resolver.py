"""
Leads AWS's host names to the gateway, and makes Python trust the gateway's certificates.

Each server of the gateway has an alias, an address that no network uses. AWS's host names resolve to the alias, with
the port that the caller asked for. A connection to the alias goes to the server's own address and port. A client that
keeps only the address of an answer, and connects to its own port 443, therefore finds the server as well.

Runs in the worker process: of the gateway, it imports ``imports`` alone.

"""

import re
import socket
import ssl
from typing import Any

from local.lambdas.imports import when_imported

METADATA = {"169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23"}
"""Addresses from which EC2 instances and containers get credentials. Lambda does not have these addresses."""

ALIASES = {4: "127.65.87.{}", 6: "fd65:87::{}"}
"""Addresses of loopback and of a private network, by IP version. Nothing listens there: ``connect`` replaces them."""


class _Leader:
    """
    Maps AWS's host names to aliases, and aliases to addresses.

    Args:
        hosts: The members of ``worker_environment.Host``, in order. The first pattern that matches a name counts.

    """

    def __init__(self, hosts: list[list[Any]]) -> None:
        self._patterns: list[tuple[re.Pattern[str], str]] = []
        self._servers: dict[str, tuple[str, int, int]] = {}
        for number, (pattern, address, tls_port, plain_port) in enumerate(hosts, 1):
            alias = ALIASES[6 if ":" in address else 4].format(number)
            self._patterns.append((re.compile(pattern), alias))
            self._servers[alias] = address, tls_port, plain_port

    def alias(self, host: Any) -> Any:
        """
        Return the alias of a host of AWS, and any other host unchanged.

        Raises:
            ConnectionRefusedError: If the host is one of METADATA.

        """
        name = (host.decode("latin-1") if isinstance(host, bytes) else str(host)).lower().rstrip(".")
        if name in METADATA:
            raise ConnectionRefusedError(
                f"{name} gives credentials to EC2 instances and containers. Lambda does not have this address"
            )
        return next((alias for pattern, alias in self._patterns if pattern.fullmatch(name)), host)

    def server(self, host: Any, port: Any) -> tuple[Any, Any]:
        """Return the address and the port that serve a host of AWS or an alias, and any others unchanged."""
        alias = self.alias(host)
        if alias not in self._servers:
            return host, port
        address, tls_port, plain_port = self._servers[alias]
        return address, (plain_port if port in (80, "80", "http") else tls_port) or port


def lead_hosts_here(hosts: list[list[Any]]) -> None:
    """
    Change Python's ``socket``, and uvloop if it is imported: they lead AWS's host names to the gateway.

    Args:
        hosts: The members of ``worker_environment.Host``, in order. The first pattern that matches a name counts.

    """
    leader = _Leader(hosts)
    _lead_lookups(leader)
    _lead_connections(leader)
    when_imported("uvloop", lambda uvloop: _lead_loop(uvloop.Loop, leader))


def _lead_lookups(leader: _Leader) -> None:
    resolve, alias = socket.getaddrinfo, leader.alias
    by_name, by_name_ex, by_address = socket.gethostbyname, socket.gethostbyname_ex, socket.gethostbyaddr

    def names_of(host: Any) -> Any:
        """Return AWS's names without a question to DNS, which knows no alias."""
        found = alias(host)
        return by_address(host) if found == host else (host, [], [found])

    socket.getaddrinfo = lambda host, port, *arguments, **options: resolve(alias(host), port, *arguments, **options)
    socket.gethostbyname = lambda host: by_name(alias(host))
    socket.gethostbyname_ex = lambda host: by_name_ex(alias(host))
    socket.gethostbyaddr = names_of


def _lead_connections(leader: _Leader) -> None:
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def led(address: Any) -> Any:
        return (*leader.server(*address[:2]), *address[2:]) if isinstance(address, tuple) else address

    socket.socket.connect = lambda sock, address: connect(sock, led(address))  # type: ignore[method-assign]
    socket.socket.connect_ex = lambda sock, address: connect_ex(sock, led(address))  # type: ignore[method-assign]


def _lead_loop(loop: Any, leader: _Leader) -> None:
    """Change uvloop's loop, which resolves and connects in C. It connects sockets with ``socket.connect``."""
    resolve, connect = loop.getaddrinfo, loop.create_connection

    async def getaddrinfo(self: Any, host: Any, port: Any, **options: Any) -> Any:
        return await resolve(self, leader.alias(host), port, **options)

    async def create_connection(
        self: Any, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any
    ) -> Any:
        if options.get("ssl") and options.get("server_hostname") is None and host:
            options["server_hostname"] = host
        return await connect(self, protocol_factory, *leader.server(host, port), **options)

    loop.getaddrinfo, loop.create_connection = getaddrinfo, create_connection


def trust(authority: str) -> None:
    """
    Change ``ssl``, and pyOpenSSL if it is imported.

    A client that loads a bundle of its own, such as certifi's, then trusts the gateway as well.

    """
    _add_authority(ssl.SSLContext, authority)
    when_imported("OpenSSL.SSL", lambda pyopenssl: _add_authority(pyopenssl.Context, authority))


def _add_authority(context: Any, authority: str) -> None:
    load = context.load_verify_locations

    def load_verify_locations(self: Any, *arguments: Any, **options: Any) -> None:
        load(self, *arguments, **options)
        load(self, authority)

    context.load_verify_locations = load_verify_locations
