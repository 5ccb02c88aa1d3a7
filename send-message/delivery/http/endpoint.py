"""The HTTP connections to one service, and the requests that wait for one."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable

from delivery.http.access import Access
from delivery.http.channel import Channel
from delivery.http.connector import Connector, Server
from delivery.http.exchange import Request, Response
from delivery.http.service import Service
from delivery.http.signer import Signer

MAX_OPENING = 16
"""HTTP connections that open at once. A TLS handshake costs more CPU than a post, so a message to few recipients should
not wait for many handshakes."""


class Endpoint:
    """
    Makes signed requests, many at once, over HTTP connections that stay open between invocations.

    Args:
        url: The URL of the server: https, or http for a server on this machine.
        access: Knows the region and the credentials.
        clock: Returns the seconds of a monotonic clock.

    """

    def __init__(
        self,
        service: Service,
        url: str,
        access: Access,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        server = Server.of(url)
        self._timing = service.timing
        self._max_channels = service.max_channels
        self._clock = clock
        self._signer = Signer(service, server.header, server.path, access.region, access.credentials)
        self._connector = Connector(service, server, access, clock)
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
        """
        Begin an invocation: read the credentials again, and forget earlier failures to connect.

        Lambda may have stopped the environment for a while, so the answer to a withdrawn request is not overdue yet:
        the request has its time anew, once.

        """
        self._signer.renew()
        self._connector.forget_failures()
        for channel in self._channels:
            channel.kept = True
            if channel.is_busy and not channel.is_excused:
                channel.is_excused = True
                channel.since = self._clock()

    def withdraw(self, request: Request) -> None:
        """Do not make a request if it has not been sent yet. If it has been sent, its response still comes."""
        with contextlib.suppress(ValueError):
            self._waiting.remove(request)

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
        await asyncio.gather(*self._opening, return_exceptions=True)
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
        if request.is_wanted:
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
        channel.send(request, self._signer.head(request))

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
