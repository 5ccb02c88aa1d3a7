"""A request to ``@connections``, and what comes of it."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from delivery.signer import Body


class Response(NamedTuple):
    """
    What came of a request.

    Attributes:
        status: The HTTP status, or None if none came.
        reason: The error type that API Gateway named, or why there is no status.
        retry_after: Seconds that the server asks to wait before the next attempt, at least.
        is_final: True if no further attempt can end otherwise.

    """

    status: int | None
    reason: str = ""
    retry_after: float = 0
    is_final: bool = False


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
