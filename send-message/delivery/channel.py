"""One keep-alive HTTP connection to ``@connections``, and the requests it carries."""

import asyncio
from http import HTTPStatus
from ssl import SSLObject
from typing import Protocol, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from delivery.exchange import Request, Response


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

    Attributes:
        served: Requests that have ended.
        kept: Whether it was open before this invocation.
        since: When the request under way was sent, or the last one ended. Seconds of the loop's clock.

    """

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._request: Request | None = None
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

    def send(self, request: Request, head: bytes, now: float) -> None:
        """Send a request. The owner hears of its end."""
        self._request = request
        self.since = now
        self._parser = HttpResponseParser(self)
        self._heard = False
        self._status = 0
        self._completed = 0
        self._stays = False
        self._error_type = ""
        self._retry_after = 0.0
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
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self.abort("the answer is not HTTP")
            return
        if self._completed:
            # A second answer to one request: whose the next one is, nobody could tell.
            if self._completed > 1 or not self._stays:
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

    # What the parser calls.

    def on_status(self, _reason: bytes) -> None:
        self._status = self._parser.get_status_code()

    def on_headers_complete(self) -> None:  # on_status is not called if there is no reason
        self._status = self._parser.get_status_code()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._status == HTTPStatus.OK:
            return
        lower = name.lower()
        if lower == b"x-amzn-errortype":
            self._error_type = value.decode("latin-1")
        elif lower == b"retry-after" and value.isdigit():  # the other form, a date, is never used by AWS
            self._retry_after = float(value)

    def on_message_complete(self) -> None:
        self._status = self._parser.get_status_code()
        if self._status >= HTTPStatus.OK:  # 1xx come before the answer
            self._completed += 1
            self._stays = self._parser.should_keep_alive()

    def _end(self, reason: str) -> None:
        request, self._request = self._request, None
        if request is None:
            return
        self.served += 1
        # A status that has come counts, even if the rest of the answer has not.
        if self._status >= HTTPStatus.OK:
            response = Response(self._status, self._error_type, self._retry_after)
        else:
            response = Response(None, reason)
        self._owner.answered(self, request, response)
