"""What status 410 means: the connection is gone, unless it may still be opening."""

from http import HTTPStatus
from typing import Protocol

from delivery.http.exchange import Body, Request, Response
from delivery.stuck import Patience, Stuck
from hub.advice import FORBIDDEN
from hub.connection import Connection

LEAST_TIME = 0.05
"""A delivery that has less than these seconds left does not try again."""

FIRST_DELAY = 0.05
"""Seconds before the second request to a connection that may still be opening. They double with each request."""


class WorkCalls(Protocol):
    """What a request calls on the work that it belongs to: a delivery, or a step in closing connections."""

    patience: Patience
    stuck: Stuck

    def now(self) -> float: ...
    def chance(self) -> float: ...
    def time_left(self) -> float: ...
    def submit(self, request: Request) -> None: ...
    def submit_again(self, request: Request, delay: float) -> None: ...
    def finished(self) -> None: ...
    def gone(self, row: Connection) -> None: ...
    def closed(self, recipient: str) -> None: ...
    def failed(self, what: str, recipient: str, reason: str) -> None: ...


class ToConnection(Request):
    """A request about one connection. Status 410 says that the connection is gone, or that it is not open yet."""

    __slots__ = ("_first_missed", "_missed", "_row", "_work")

    what: str

    def __init__(self, method: str, work: WorkCalls, row: Connection, body: Body) -> None:
        super().__init__(method, row.connection_id, body)
        self._work = work
        self._row = row
        self._missed = 0
        self._first_missed = 0.0

    def _take_gone(self, response: Response) -> bool:
        """
        Take a response with status 410. Return whether the connection is gone; then its row is removed.

        While the connection may still be opening, the request is repeated, and fails when the time is up. The
        connection has had its time to open once its row is old enough, or once this request has been repeated for
        that long.

        """
        patience, left = self._work.patience, self._work.time_left()
        if not self._missed:
            self._first_missed = left
        age = self._work.now() - self._row.connected_at / 1000
        wait = min(patience.opening + patience.clocks - age, patience.opening - (self._first_missed - left))
        if wait <= 0:
            self._work.gone(self._row)
            self._work.finished()
            return True
        if left < LEAST_TIME:
            self._fail(response)
        else:
            self._work.submit_again(self, min(FIRST_DELAY * 2**self._missed, wait, left))
            self._missed += 1
        return False

    def _fail(self, response: Response) -> None:
        self._work.failed(self.what, self._row.connection_id, _reason(response))
        self._work.finished()


def _reason(response: Response) -> str:
    if response.status is None:
        return response.reason
    reason = f"{response.status} {response.reason}".strip()
    return FORBIDDEN.format(reason) if response.status == HTTPStatus.FORBIDDEN else reason
