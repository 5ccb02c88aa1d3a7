"""The answer to the last request of an HTTP connection, as far as it has come."""

from http import HTTPStatus

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser


class Answer:
    """
    Reads what comes behind a request.

    The first final status is the answer; 1xx come before it. What comes behind the answer belongs to no request,
    so it is read for one purpose: to know that the HTTP connection carries no further request.

    Attributes:
        status: The final status, or less than 200 as long as its line has not come whole.
        is_complete: Whether all of it has come.
        stays: Whether the HTTP connection can carry another request. Known once the answer is complete.
        error_type: The type of error that AWS names.
        retry_after: Seconds to wait, at least, before the next attempt.

    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forget the last answer. New objects would leave cycles with their parsers to the garbage collector."""
        self.status = 0
        self.is_complete = False
        self.stays = False
        self.error_type = ""
        self.retry_after = 0.0
        self._parser = HttpResponseParser(self)

    def read(self, data: bytes) -> bool:
        """Take what has come, and return whether it is HTTP. What came before counts either way."""
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self.stays = False
            return False
        return True

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self.is_complete:
            self.stays = False
        else:  # after a 1xx, whose headers are not the answer's
            self.status = 0
            self.error_type = ""
            self.retry_after = 0.0

    def on_status(self, _reason: bytes) -> None:
        if not self.is_complete:
            self.status = self._parser.get_status_code()

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.status:  # on_status is not called if there is no reason
            self.status = self._parser.get_status_code()
        if self.status == HTTPStatus.OK or self.is_complete:
            return
        lower = name.lower()
        if lower == b"x-amzn-errortype":
            # Some services of AWS write a colon and a URL behind the name.
            self.error_type = value.decode("latin-1").partition(":")[0].strip()
        elif lower == b"retry-after" and value.isdigit():  # the other form, a date, is never used by AWS
            self.retry_after = float(value)

    def on_headers_complete(self) -> None:
        if not self.status:
            self.status = self._parser.get_status_code()

    def on_message_complete(self) -> None:
        if self.status >= HTTPStatus.OK and not self.is_complete:
            self.is_complete = True
            self.stays = self._parser.should_keep_alive()
