"""The HTTP connections to ``@connections``. With ``channel`` and ``signer``, all that knows this API."""

import asyncio
import ssl
from collections import deque
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from delivery.http.channel import Channel
from delivery.http.exchange import Request, Response
from delivery.http.signer import Signer, credentials_of
from delivery.http.tls import ResumingContext

if TYPE_CHECKING:
    import boto3

MAX_CHANNELS = 256
"""HTTP connections at once, and so requests under way. Chosen by ``make bench``: see docs/performance.md."""

MAX_OPENING = 16
"""HTTP connections opened at once. A handshake costs more CPU than a post: few recipients should not pay for many."""

CONNECT_TIMEOUT = 2.0
"""Seconds for TCP and TLS handshake together."""

RESPONSE_TIMEOUT = 2.0
"""Seconds for an answer, as measured every LOOK seconds. A post takes some 10 ms; two attempts shall fit the few
seconds that a connection gets (``stuck.Patience``)."""

LOOK = 0.5

IDLE_TIMEOUT = 60.0
"""Seconds after which an unused HTTP connection is not trusted any more: what lies between may have dropped it."""

UNREACHABLE_AFTER = 5.0
"""Seconds of connecting in vain, timeouts among it, after which all waiting requests end."""

UNREACHABLE = "connecting timed out: has the function a way to the endpoint? In a VPC it needs a NAT gateway"
"""A VPC endpoint is no other way: it leads to private APIs only, and a WebSocket API cannot be one."""


class Endpoint:
    """
    Makes signed requests, many at once, over HTTP connections that stay open between invocations.

    Args:
        url: ``https://{api}.execute-api.{region}.amazonaws.com/{stage}``, or http for a server on this machine.
        session: Knows the region and the credentials.

    """

    def __init__(self, url: str, session: "boto3.Session") -> None:
        parts = urlsplit(url)
        self._is_tls = parts.scheme == "https"
        standard = 443 if self._is_tls else 80
        self._host = parts.hostname or ""
        self._port = parts.port or standard
        host = parts.netloc.removesuffix(f":{standard}")
        self._signer = Signer(host, parts.path, session.region_name, lambda: credentials_of(session))
        self._waiting: deque[Request] = deque()
        self._channels: set[Channel] = set()
        self._idle: list[Channel] = []
        self._opening: set[asyncio.Task[None]] = set()
        self._failing_since: float | None = None
        self._watch: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """Requests that have not been sent yet."""
        return len(self._waiting)

    def submit(self, request: Request) -> None:
        """Make a request as soon as there is an HTTP connection for it."""
        self._waiting.append(request)
        self._work()

    def begin(self) -> None:
        """Take the credentials as they are now, and forget what failed before: once for each invocation."""
        self._signer.renew()
        self._failing_since = None
        for channel in self._channels:
            channel.kept = True

    def abandon(self) -> None:
        """Forget the requests that wait, and end those under way as what they are at this moment."""
        self._waiting.clear()
        for channel in [each for each in self._channels if each.is_busy]:
            channel.abort("no answer when the time was up")

    async def close(self) -> None:
        """Close all HTTP connections."""
        self.abandon()
        if self._watch:
            self._watch.cancel()
        await asyncio.gather(*self._opening)
        for channel in list(self._channels):
            channel.abandon()

    # What channels call.

    def answered(self, channel: Channel, request: Request, response: Response) -> None:
        if channel.is_open:
            if channel.served == 1 and self._context and channel.tls:  # the ticket came with the first answer
                self._context.session = channel.tls.session
            if self._waiting:
                self._send(channel, self._waiting.popleft())
            else:
                self._rest(channel)
        request.ended(response)
        if self._waiting:
            self._work()

    def unanswered(self, request: Request) -> None:
        self._waiting.appendleft(request)
        self._work()

    def lost(self, channel: Channel) -> None:
        self._channels.discard(channel)
        if channel in self._idle:
            self._idle.remove(channel)

    @cached_property
    def _context(self) -> ResumingContext | None:
        """Made with the first connection, not at init: reading the trust store takes a tenth of a cold start."""
        return ResumingContext.trusting() if self._is_tls else None

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _work(self) -> None:
        """Give waiting requests to idle connections, and open more for the rest."""
        while self._waiting and (channel := self._idle_channel()):
            self._send(channel, self._waiting.popleft())
        wanted = min(len(self._waiting), MAX_OPENING, MAX_CHANNELS - len(self._channels))
        for _ in range(wanted - len(self._opening)):
            task = asyncio.get_running_loop().create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opened)
        if self._watch is None and self._channels:
            self._watch = asyncio.get_running_loop().call_later(LOOK, self._look)

    def _send(self, channel: Channel, request: Request) -> None:
        head = self._signer.head(request.method, request.connection_id, request.body)
        channel.send(request, head)

    def _rest(self, channel: Channel) -> None:
        channel.since = self._now()
        self._idle.append(channel)

    def _idle_channel(self) -> Channel | None:
        while self._idle:
            channel = self._idle.pop()
            if channel.is_open and self._now() - channel.since < IDLE_TIMEOUT:
                return channel
            channel.abandon()
        return None

    def _look(self) -> None:
        """End requests that have waited too long for an answer."""
        self._watch = None
        for channel in [each for each in self._channels if each.is_busy]:
            if self._now() - channel.since > RESPONSE_TIMEOUT:
                while self._idle:  # what made one silent may have silenced all: the next attempt shall be on a new one
                    self._idle.pop().abandon()
                channel.abort("no answer in time")
        if any(each.is_busy for each in self._channels):
            self._watch = asyncio.get_running_loop().call_later(LOOK, self._look)

    async def _open(self) -> None:
        if self._failing_since is None:
            self._failing_since = self._now()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                _, channel = await asyncio.get_running_loop().create_connection(
                    lambda: Channel(self, self._now), self._host, self._port, ssl=self._context
                )
        except (OSError, UnicodeError) as error:  # TimeoutError and ssl.SSLError; a host that is no name
            self._refused(error)
            return
        if channel.is_open:
            self._failing_since = None
            self._channels.add(channel)
            self._rest(channel)
        else:
            self._refused(ConnectionResetError("closed as soon as it was open"))

    def _opened(self, task: asyncio.Task[None]) -> None:
        self._opening.discard(task)
        self._work()

    def _refused(self, error: OSError | UnicodeError) -> None:
        """End one waiting request, which may be made again; all of them, if there is no hope."""
        reason = f"connecting failed: {error}"
        is_final = isinstance(error, ssl.SSLCertVerificationError | UnicodeError)
        if isinstance(error, TimeoutError):
            reason = UNREACHABLE
            since = self._now() if self._failing_since is None else self._failing_since
            is_final = not self._channels and self._now() - since > UNREACHABLE_AFTER
        for _ in range(len(self._waiting) if is_final else 1):
            if self._waiting:
                self._waiting.popleft().ended(Response(None, reason, is_final=is_final))
