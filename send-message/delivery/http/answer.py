"""The answer to the last request on an HTTP connection, as far as it has arrived."""

from http import HTTPStatus

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser


class Answer:
    """
    Reads the bytes that arrive after a request.

    The first response with a final status is the answer. Responses with a status of 1xx may come before it. Bytes
    after the answer do not belong to any request. They show only that the HTTP connection cannot be used again.

    Attributes:
        status: The final status, or a number below 200 until the whole status line has arrived.
        is_complete: Whether the whole answer has arrived.
        is_reusable: Whether the HTTP connection can carry another request. Valid once the answer is complete.
        error_type: The error type that AWS names in a header, or empty.
        retry_after: Seconds to wait before the next attempt, at least.

    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Begin the next answer. A new object for each answer would form a reference cycle with its parser."""
        self.status = 0
        self.is_complete = False
        self.is_reusable = False
        self.error_type = ""
        self.retry_after = 0.0
        self._parser = HttpResponseParser(self)

    def read(self, data: bytes) -> bool:
        """Take bytes, and return whether they are HTTP. If they are not, what arrived before them still counts."""
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self.is_reusable = False
            return False
        return True

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self.is_complete:
            self.is_reusable = False
        else:  # after a 1xx, whose headers do not belong to the answer
            self.status = 0
            self.error_type = ""
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
            # Some AWS services add a colon and a URL to the name.
            self.error_type = value.decode("latin-1").partition(":")[0].strip()
        elif lower == b"retry-after" and value.isdigit():  # AWS never uses the other form, a date
            self.retry_after = float(value)

    def on_headers_complete(self) -> None:
        if not self.status:
            self.status = self._parser.get_status_code()

    def on_message_complete(self) -> None:
        if self.status >= HTTPStatus.OK and not self.is_complete:
            self.is_complete = True
            self.is_reusable = self._parser.should_keep_alive()
