"""A request to ``@connections``, and its response."""

from abc import ABC, abstractmethod
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from delivery.http.signer import Body


LIMIT_EXCEEDED = "LimitExceededException"


class Response(NamedTuple):
    """
    How a request ended.

    Attributes:
        status: The HTTP status, or None if no status arrived.
        reason: The error type that API Gateway named, or why no status arrived.
        retry_after: Seconds to wait before the next attempt, at least, as the server asked.
        is_final: True if no further attempt can succeed.
        seconds: Time from sending the request to its end. 0 if the request was not sent.
        was_sent: Whether the request was sent.

    """

    status: int | None
    reason: str = ""
    retry_after: float = 0
    is_final: bool = False
    seconds: float = 0
    was_sent: bool = False

    @property
    def blames_recipient(self) -> bool:
        """
        Whether the recipient alone may be the reason that the request failed.

        If a client does not read, API Gateway answers with 429 LimitExceededException or does not answer. A 429 of
        another type throttles the whole account.
        Source: "PostToConnection", API Gateway Management API reference.

        """
        if self.status is None:
            return self.was_sent
        return self.status == HTTPStatus.TOO_MANY_REQUESTS and self.reason == LIMIT_EXCEEDED


class Request(ABC):
    """A request about one WebSocket connection. The endpoint calls ``ended`` exactly once for each submission."""

    __slots__ = ("body", "connection_id", "method")

    def __init__(self, method: str, connection_id: str, body: "Body") -> None:
        self.method = method
        self.connection_id = connection_id
        self.body = body

    @abstractmethod
    def ended(self, response: Response) -> None:
        """Take the response."""
