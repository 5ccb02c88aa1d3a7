"""A request to ``@connections``, and what comes of it."""

from abc import ABC, abstractmethod
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from delivery.http.signer import Body


LIMIT_EXCEEDED = "LimitExceededException"


class Response(NamedTuple):
    """
    What came of a request.

    Attributes:
        status: The HTTP status, or None if none came.
        reason: The error type that API Gateway named, or why there is no status.
        retry_after: Seconds that the server asks to wait before the next attempt, at least.
        is_final: True if no further attempt can end otherwise.
        seconds: How long it was under way, 0 if it was not sent.
        was_sent: Whether it was sent.

    """

    status: int | None
    reason: str = ""
    retry_after: float = 0
    is_final: bool = False
    seconds: float = 0
    was_sent: bool = False

    @property
    def is_its_own(self) -> bool:
        """
        Whether its connection alone may be the reason that a request was not taken.

        API Gateway has no room left for what the client does not read, or does not answer. A 429 of another type
        throttles the whole account. Source: "PostToConnection" in the reference of the API Gateway Management API.

        """
        if self.status is None:
            return self.was_sent
        return self.status == HTTPStatus.TOO_MANY_REQUESTS and self.reason == LIMIT_EXCEEDED


class Request(ABC):
    """A request to make, of one connection. Whoever makes it calls ``ended`` exactly once."""

    __slots__ = ("body", "connection_id", "method")

    def __init__(self, method: str, connection_id: str, body: "Body") -> None:
        self.method = method
        self.connection_id = connection_id
        self.body = body

    @abstractmethod
    def ended(self, response: Response) -> None:
        """Take what came of it."""
