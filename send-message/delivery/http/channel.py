"""One keep-alive HTTP connection to ``@connections``, and the requests it carries."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from ssl import SSLObject
from typing import Protocol, cast

from delivery.http.answer import Answer
from delivery.http.exchange import Request, Response


class Owner(Protocol):
    """Whom a channel tells what happens."""

    def answered(self, channel: "Channel", request: Request, response: Response) -> None:
        """A request has ended."""

    def unanswered(self, request: Request) -> None:
        """The channel was closed before the request could reach the server: make it anew."""

    def lost(self, channel: "Channel") -> None:
        """The channel is closed."""


class Channel(asyncio.Protocol):
    """
    One HTTP connection, which carries one request at a time.

    It is closed when more comes than one answer: nobody could tell whose the next one is.

    Args:
        clock: Returns the loop's seconds.

    Attributes:
        served: Requests that have ended.
        kept: Whether it was open before this invocation.
        since: When the request under way was sent, or the last one ended. Seconds of the loop's clock.

    """

    def __init__(self, owner: Owner, clock: Callable[[], float]) -> None:
        self._owner = owner
        self._clock = clock
        self._request: Request | None = None
        self._answer = Answer()
        self.served = 0
        self.kept = False
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
        """Send a request. The owner hears of its end."""
        self._request = request
        self.since = self._clock()
        self._answer.begin()
        self._heard = False
        self._transport.write(head + request.body.payload)

    def abort(self, reason: str) -> None:
        """Close at once. A request under way ends with the status that has come, or with none and this reason."""
        self._transport.abort()
        self._end(reason)

    def abandon(self) -> None:
        """Close at once, and tell nobody of the request under way."""
        self._request = None
        self._transport.abort()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._request is None:  # nobody has asked
            self._transport.abort()
            return
        self._heard = True
        if not self._answer.read(data):
            self.abort("the answer is not HTTP")
        elif self._answer.is_complete:
            # The server may not read the rest of a request that it has answered already.
            if not self._answer.stays or self._transport.get_write_buffer_size():
                self._transport.abort()
            self._end("")

    def connection_lost(self, _error: Exception | None) -> None:
        self._owner.lost(self)
        if self._request is None:
            return
        if (self.served or self.kept) and not self._heard:
            # The server closed a connection that had been idle, at the moment it was used again.
            request, self._request = self._request, None
            self._owner.unanswered(request)
        else:
            self._end("the connection was lost")

    def _end(self, reason: str) -> None:
        request, self._request = self._request, None
        if request is None:
            return
        self.served += 1
        answer, seconds = self._answer, self._clock() - self.since
        # A status that has come counts, even if the rest of the answer has not.
        if answer.status >= HTTPStatus.OK:
            response = Response(answer.status, answer.error_type, answer.retry_after, seconds=seconds, was_sent=True)
        else:
            response = Response(None, reason, seconds=seconds, was_sent=True)
        self._owner.answered(self, request, response)
