"""One keep-alive HTTP connection, and the requests it carries."""

import asyncio
from collections.abc import Callable
from ssl import SSLObject
from typing import Protocol, cast

from delivery.http.answer import Answer
from delivery.http.exchange import Request, Response


class Owner(Protocol):
    """What a channel calls when something happens."""

    def answered(self, channel: "Channel", request: Request, response: Response) -> None:
        """Take the response to a request that has ended."""

    def unanswered(self, request: Request) -> None:
        """Repeat a request: the channel was closed before the request could reach the server."""

    def lost(self, channel: "Channel") -> None:
        """Forget a closed channel."""


class Channel(asyncio.Protocol):
    """
    One HTTP connection, which carries one request at a time.

    The channel closes itself when more than one answer arrives for a request. Otherwise the surplus answer could be
    taken for the answer to the next request.

    Args:
        owner: Learns what happens.
        answer: Reads the answers.
        clock: Returns the seconds of a monotonic clock.

    Attributes:
        served: Number of requests that have ended.
        kept: Whether the channel was open before this invocation.
        is_excused: Whether the request under way has had its time anew, because Lambda may have stopped meanwhile.
        since: When the request under way was sent, or when the channel became idle. Seconds of the clock.

    """

    def __init__(self, owner: Owner, answer: Answer, clock: Callable[[], float]) -> None:
        self._owner = owner
        self._clock = clock
        self._request: Request | None = None
        self._answer = answer
        self.served = 0
        self.kept = False
        self.is_excused = False
        self.since = 0.0

    # What the endpoint calls.

    @property
    def is_busy(self) -> bool:
        return self._request is not None

    @property
    def is_open(self) -> bool:
        return not self._transport.is_closing()

    @property
    def tls(self) -> SSLObject | None:
        """The TLS side of the connection, or None if it is plain."""
        return cast("SSLObject | None", self._transport.get_extra_info("ssl_object"))

    def send(self, request: Request, head: bytes) -> None:
        """Send a request. The owner gets the response."""
        self._request = request
        self.is_excused = False
        self.since = self._clock()
        self._answer.begin()
        self._answer_has_begun = False
        self._transport.write(head + request.body.payload)

    def abort(self, reason: str) -> None:
        """Close at once. A request under way ends with what has arrived, or else with this reason."""
        self._transport.abort()
        self._end(reason)

    def abandon(self) -> None:
        """Close at once. A request under way never ends."""
        self._request = None
        self._transport.abort()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._request is None:  # an answer without a request
            self._transport.abort()
            return
        self._answer_has_begun = True
        if not self._answer.read(data):
            self.abort("the answer is not HTTP")
        elif self._answer.is_complete:
            # A server may not read the rest of a request that it has already answered.
            if not self._answer.is_reusable or self._transport.get_write_buffer_size():
                self._transport.abort()
            self._end("")

    def connection_lost(self, error: Exception | None) -> None:
        self._owner.lost(self)
        if error is None:
            self._answer.closed()
        if self._request is None:
            return
        if (self.served or self.kept) and not self._answer_has_begun:
            # The server closed an idle connection just when the channel used it again.
            request, self._request = self._request, None
            self._owner.unanswered(request)
        else:
            self._end("the connection was lost")

    def _end(self, reason: str) -> None:
        request, self._request = self._request, None
        if request is None:
            return
        self.served += 1
        self._owner.answered(self, request, self._answer.response(reason, self._clock() - self.since))
