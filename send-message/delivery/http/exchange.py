"""A request to a service of AWS, and its response."""

from abc import ABC, abstractmethod
from hashlib import sha256
from http import HTTPStatus
from typing import NamedTuple

LIMIT_EXCEEDED = "LimitExceededException"


class Body(NamedTuple):
    """A payload and its SHA-256 digest in hex, computed once for all recipients."""

    payload: bytes
    digest: str

    @classmethod
    def of(cls, payload: bytes) -> "Body":
        return cls(payload, sha256(payload).hexdigest())


class Response(NamedTuple):
    """
    How a request ended.

    Attributes:
        status: The HTTP status, or None if no usable answer arrived.
        reason: The error type that API Gateway named, or why no usable answer arrived.
        retry_after: Seconds to wait before the next attempt, at least, as the server asked.
        is_final: True if no further attempt can succeed.
        seconds: Time from sending the request to its end. 0 if the request was not sent.
        was_sent: Whether the request was sent.
        body: The body of the answer, if the service's requests need it.
        request_id: The id that AWS gave the request, if the service's requests need a body.

    """

    status: int | None
    reason: str = ""
    retry_after: float = 0
    is_final: bool = False
    seconds: float = 0
    was_sent: bool = False
    body: bytes = b""
    request_id: str = ""

    @property
    def blames_recipient(self) -> bool:
        """
        Whether the recipient alone may be the reason that a post failed.

        If a client does not read, API Gateway answers with 429 LimitExceededException or does not answer. A 429 of
        another type throttles the whole account.
        Source: "PostToConnection", API Gateway Management API reference.

        """
        if self.status is None:
            return self.was_sent
        return self.status == HTTPStatus.TOO_MANY_REQUESTS and self.reason == LIMIT_EXCEEDED


class Request(ABC):
    """
    A request. The endpoint calls ``ended`` exactly once for each submission, unless it is withdrawn or abandoned.

    Attributes:
        name: The last part of the path, before percent-encoding: a connection id, or empty.
        target: The header X-Amz-Target, which names an operation of DynamoDB, or empty.

    """

    __slots__ = ("body", "method", "name")

    target = ""

    def __init__(self, method: str, name: str, body: Body) -> None:
        self.method = method
        self.name = name
        self.body = body

    @property
    def is_wanted(self) -> bool:
        """Whether somebody still waits for the response."""
        return True

    @abstractmethod
    def ended(self, response: Response) -> None:
        """Take the response."""
