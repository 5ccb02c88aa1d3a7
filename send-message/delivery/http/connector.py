"""Opens HTTP connections, and explains why one did not open."""

import asyncio
import ssl
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

from delivery.http.access import Access
from delivery.http.answer import Answer
from delivery.http.channel import Channel, Owner
from delivery.http.exchange import Response
from delivery.http.service import Service
from delivery.http.whole_answer import WholeAnswer


class Server(NamedTuple):
    """
    Where a service is.

    Attributes:
        is_tls: Whether the scheme is https.
        host: The name or address to connect to.
        port: The port to connect to.
        header: The value of the Host header. It has no port if the port is the scheme's default.
        path: The path of the URL, such as ``/prod``, without a slash at its end; or empty.

    """

    is_tls: bool
    host: str
    port: int
    header: str
    path: str

    @classmethod
    def of(cls, url: str) -> "Server":
        """Return the parts of a URL."""
        parts = urlsplit(url)
        is_tls = parts.scheme == "https"
        default = 443 if is_tls else 80
        return cls(
            is_tls,
            parts.hostname or "",
            parts.port or default,
            parts.netloc.removesuffix(f":{default}"),
            parts.path.rstrip("/"),
        )


class Connector:
    """
    Opens HTTP connections to one server, and resumes TLS sessions.

    Args:
        clock: Returns the seconds of a monotonic clock.

    """

    def __init__(self, service: Service, server: Server, access: Access, clock: Callable[[], float]) -> None:
        self._service = service
        self._server = server
        self._access = access
        self._timing = service.timing
        self._clock = clock
        self._failing_since: float | None = None

    def forget_failures(self) -> None:
        """Count the time of failed attempts from the next attempt on."""
        self._failing_since = None

    async def open(self, owner: Owner) -> Channel:
        """
        Open an HTTP connection.

        Raises:
            OSError: If the connection does not open. TimeoutError and ssl.SSLError are subclasses.
            UnicodeError: If the host is not a valid host name.

        """
        if self._failing_since is None:
            self._failing_since = self._clock()
        async with asyncio.timeout(self._timing.connect):
            _, channel = await asyncio.get_running_loop().create_connection(
                lambda: Channel(owner, WholeAnswer() if self._service.needs_body else Answer(), self._clock),
                self._server.host,
                self._server.port,
                ssl=self._access.tls if self._server.is_tls else None,
            )
        if not channel.is_open:
            raise ConnectionResetError("closed as soon as it was open")
        self._failing_since = None
        return channel

    def keep_tls_session(self, channel: Channel) -> None:
        """Keep the TLS session of a channel that has had its first answer: the session ticket came with it."""
        if channel.tls and channel.tls.session:
            self._access.tls.sessions[self._server.host] = channel.tls.session

    def explain(self, error: OSError | UnicodeError, is_any_open: bool) -> Response:
        """Return what a failure to connect means for a waiting request. It is final if no attempt can succeed."""
        if not isinstance(error, TimeoutError):
            is_final = isinstance(error, ssl.SSLCertVerificationError | UnicodeError)
            return Response(None, f"connecting failed: {error}", is_final=is_final)
        now = self._clock()
        failing = now - (now if self._failing_since is None else self._failing_since)
        reason = f"connecting timed out: {self._service.way}"
        return Response(None, reason, is_final=not is_any_open and failing > self._timing.unreachable)
