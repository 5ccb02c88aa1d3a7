"""The answer to a request that needs the body of its answer."""

import binascii
from http import HTTPStatus

from delivery.http.answer import Answer
from delivery.http.exchange import Response

MAX_BODY = 4 * 1024 * 1024
"""Bytes of a body. A query reads at most 1 MB of items, and JSON makes a text at most three times as long.
Source: "Query", DynamoDB API reference."""


class TooLongError(Exception):
    """A body is longer than MAX_BODY."""


class WholeAnswer(Answer):
    """Reads the bytes that arrive after a request. Only a whole answer with the right checksum counts."""

    def begin(self) -> None:
        super().begin()
        self._parts: list[bytes] = []
        self._length = 0
        self._checksum = b""
        self._request_id = ""
        self._has_length = False
        self._ends_with_connection = False

    def closed(self) -> None:
        """The end of the connection ends a body whose length the headers do not say. It may still be half a body."""
        self.is_complete = self.is_complete or self._ends_with_connection

    def response(self, reason: str, seconds: float) -> Response:
        """
        Return how the request ended.

        Args:
            reason: Why the answer has ended, if it has not arrived as a whole.

        """
        body = b"".join(self._parts)
        fault = ""
        if self._length > MAX_BODY:
            fault = f"the answer is longer than {MAX_BODY} bytes"
        elif not self.is_complete:
            fault = reason
        elif self._checksum and self._checksum != b"%d" % binascii.crc32(body):
            fault = "the answer's checksum does not match its body"
        if fault:
            return Response(None, fault, is_final=self._length > MAX_BODY, seconds=seconds, was_sent=True)
        return Response(self.status, seconds=seconds, was_sent=True, body=body, request_id=self._request_id)

    # What the parser calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.status:
            self.status = self._parser.get_status_code()
        if self.is_complete:
            return
        lower = name.lower()
        if lower == b"x-amz-crc32":
            self._checksum = value
        elif lower == b"x-amzn-requestid":
            self._request_id = value.decode("latin-1")
        elif lower in (b"content-length", b"transfer-encoding"):
            self._has_length = True

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._ends_with_connection = self.status >= HTTPStatus.OK and not self._has_length

    def on_body(self, data: bytes) -> None:
        if self.status < HTTPStatus.OK or self.is_complete:
            return
        self._length += len(data)
        if self._length > MAX_BODY:
            raise TooLongError
        self._parts.append(data)
