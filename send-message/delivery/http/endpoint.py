"""The HTTP connections to ``@connections``, and the requests that wait for one."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from delivery.http.channel import Channel
from delivery.http.connector import Connector, Server
from delivery.http.exchange import Request, Response
from delivery.http.signer import Signer, credentials_of
from delivery.http.timing import TIMING, Timing

if TYPE_CHECKING:
    import boto3

MAX_CHANNELS = 256
"""HTTP connections at once, and so requests under way at once. Chosen by ``make bench``: see docs/performance.md."""

MAX_OPENING = 16
"""HTTP connections that open at once. A TLS handshake costs more CPU than a post, so a message to few recipients should
not wait for many handshakes."""


class Endpoint:
    """
    Makes signed requests, many at once, over HTTP connections that stay open between invocations.

    Args:
        url: ``https://{api}.execute-api.{region}.amazonaws.com/{stage}``, or http for a server on this machine.
        session: Knows the region and the credentials.
        timing: Time limits.
        max_channels: HTTP connections at once.
        clock: Returns the seconds of a monotonic clock.

    """

    def __init__(
        self,
        url: str,
        session: "boto3.Session",
        timing: Timing = TIMING,
        max_channels: int = MAX_CHANNELS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        server = Server.of(url)
        self._timing = timing
        self._max_channels = max_channels
        self._clock = clock
        self._signer = Signer(server.header, server.path, session.region_name, lambda: credentials_of(session))
        self._connector = Connector(server, timing, clock)
        self._waiting: deque[Request] = deque()
        self._channels: set[Channel] = set()
        self._idle: list[Channel] = []
        self._opening: set[asyncio.Task[None]] = set()
        self._check: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """Requests that have not been sent yet."""
        return len(self._waiting)

    def submit(self, request: Request) -> None:
        """Make a request as soon as an HTTP connection is free."""
        self._waiting.append(request)
        self._assign()

    def begin(self) -> None:
        """Begin an invocation: read the credentials again, and forget earlier failures to connect."""
        self._signer.renew()
        self._connector.forget_failures()
        for channel in self._channels:
            channel.kept = True

    def abandon(self) -> None:
        """Forget the waiting requests, and end each request under way with what has arrived so far."""
        self._waiting.clear()
        for channel in self._busy():
            channel.abort("no answer when the time was up")

    async def close(self) -> None:
        """Close all HTTP connections."""
        self.abandon()
        if self._check:
            self._check.cancel()
        await asyncio.gather(*self._opening)
        for channel in list(self._channels):
            channel.abandon()

    # What channels call.

    def answered(self, channel: Channel, request: Request, response: Response) -> None:
        if channel.is_open:
            if channel.served == 1:
                self._connector.keep_tls_session(channel)
            if self._waiting:
                self._send(channel, self._waiting.popleft())
            else:
                self._park(channel)
        request.ended(response)
        if self._waiting:
            self._assign()

    def unanswered(self, request: Request) -> None:
        self._waiting.appendleft(request)
        self._assign()

    def lost(self, channel: Channel) -> None:
        self._channels.discard(channel)
        if channel in self._idle:
            self._idle.remove(channel)
        if self._waiting:  # the lost channel has made room for a new one
            self._assign()

    def _assign(self) -> None:
        """Give waiting requests to idle channels, and open more channels for the other requests."""
        while self._waiting and (channel := self._idle_channel()):
            self._send(channel, self._waiting.popleft())
        wanted = min(len(self._waiting), MAX_OPENING, self._max_channels - len(self._channels))
        for _ in range(wanted - len(self._opening)):
            task = asyncio.get_running_loop().create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opened)
        if self._check is None and self._channels:
            self._check_later()

    def _send(self, channel: Channel, request: Request) -> None:
        head = self._signer.head(request.method, request.connection_id, request.body)
        channel.send(request, head)

    def _park(self, channel: Channel) -> None:
        """Keep an idle channel for the next request."""
        channel.since = self._clock()
        self._idle.append(channel)

    def _idle_channel(self) -> Channel | None:
        while self._idle:
            channel = self._idle.pop()
            if channel.is_open and self._clock() - channel.since < self._timing.idle:
                return channel
            channel.abandon()
        return None

    def _busy(self) -> list[Channel]:
        return [channel for channel in self._channels if channel.is_busy]

    def _check_later(self) -> None:
        self._check = asyncio.get_running_loop().call_later(self._timing.check, self._end_overdue)

    def _end_overdue(self) -> None:
        """End requests that have waited too long for an answer."""
        self._check = None
        for channel in self._busy():
            if self._clock() - channel.since > self._timing.response:
                # Whatever made one channel silent may have silenced all. So the next attempt uses a new channel.
                while self._idle:
                    self._idle.pop().abandon()
                channel.abort("no answer in time")
        if self._check is None and self._busy():
            self._check_later()

    async def _open(self) -> None:
        try:
            channel = await self._connector.open(self)
        except (OSError, UnicodeError) as error:
            self._connect_failed(error)
            return
        self._channels.add(channel)
        self._park(channel)

    def _opened(self, task: asyncio.Task[None]) -> None:
        self._opening.discard(task)
        self._assign()

    def _connect_failed(self, error: OSError | UnicodeError) -> None:
        """End one waiting request, which the delivery may repeat. End all of them if no attempt can succeed."""
        response = self._connector.explain(error, is_any_open=bool(self._channels))
        for _ in range(len(self._waiting) if response.is_final else 1):
            if self._waiting:
                self._waiting.popleft().ended(response)
