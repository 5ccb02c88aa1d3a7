"""The answer to the last request on an HTTP connection, as far as it has arrived."""

import re
from http import HTTPStatus

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from delivery.http.exchange import Response

MAX_ERROR = 1024
"""Bytes of the body of a 429 in which we look for an error type. API Gateway's own bodies have about 100."""

TYPE_IN_BODY = rb'"(?:code|Code|__type)"\s*:\s*"([^"\\]*)"'
"""The error type in a body of JSON, which may be cut. Source: the members that botocore's JSON parsers read."""


class Answer:
    """
    Reads the bytes that arrive after a request.

    The first response with a final status is the answer. Responses with a status of 1xx may come before it. Bytes
    after the answer do not belong to any request. They show only that the HTTP connection cannot be used again.

    Attributes:
        status: The final status, or a number below 200 until the whole status line has arrived.
        is_complete: Whether the whole answer has arrived.
        is_reusable: Whether the HTTP connection can carry another request. Valid once the answer is complete.
        retry_after: Seconds to wait before the next attempt, at least.

    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Begin the next answer. A new object for each answer would form a reference cycle with its parser."""
        self.status = 0
        self.is_complete = False
        self.is_reusable = False
        self._error_type = ""
        self._body = b""
        self.retry_after = 0.0
        self._parser = HttpResponseParser(self)

    @property
    def error_type(self) -> str:
        """The error type that AWS names in a header, or in the body of a 429; or empty."""
        if self._error_type:
            return self._error_type
        found = re.search(TYPE_IN_BODY, self._body)
        return _plain(found[1]) if found else ""

    def response(self, reason: str, seconds: float) -> Response:
        """
        Return how the request ended. The status counts once it has arrived, even if the rest of the answer has not.

        Args:
            reason: Why the answer has ended, if no status has arrived.

        """
        if self.status >= HTTPStatus.OK:
            return Response(self.status, self.error_type, self.retry_after, seconds=seconds, was_sent=True)
        return Response(None, reason, seconds=seconds, was_sent=True)

    def read(self, data: bytes) -> bool:
        """Take bytes, and return whether they are HTTP. If they are not, what arrived before them still counts."""
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self.is_reusable = False
            return False
        return True

    def closed(self) -> None:
        """Take note that the server has closed the HTTP connection."""

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self.is_complete:
            self.is_reusable = False
        else:  # after a 1xx, whose headers do not belong to the answer
            self.status = 0
            self._error_type = ""
            self.retry_after = 0.0

    def on_status(self, _reason: bytes) -> None:
        if not self.is_complete:
            self.status = self._parser.get_status_code()

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.status:  # the parser does not call on_status for a status line without a reason
            self.status = self._parser.get_status_code()
        if self.status == HTTPStatus.OK or self.is_complete:
            return
        lower = name.lower()
        if lower == b"x-amzn-errortype":
            self._error_type = _plain(value)
        elif lower == b"retry-after" and value.isdigit():  # AWS never uses the other form, a date
            self.retry_after = float(value)

    def on_headers_complete(self) -> None:
        if not self.status:
            self.status = self._parser.get_status_code()

    def on_body(self, data: bytes) -> None:
        if self.status == HTTPStatus.TOO_MANY_REQUESTS and not self.is_complete:
            self._body += data[: MAX_ERROR - len(self._body)]

    def on_message_complete(self) -> None:
        if self.status >= HTTPStatus.OK and not self.is_complete:
            self.is_complete = True
            self.is_reusable = self._parser.should_keep_alive()


def _plain(error_type: bytes) -> str:
    """Return the name of an error type. AWS may put a namespace and ``#`` before the name, and a URL after it."""
    return error_type.decode("latin-1").partition(":")[0].rpartition("#")[2].strip()
