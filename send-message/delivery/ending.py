"""Closes connections for an operator: a frame to each of them, and later the end."""

import math
from http import HTTPStatus

from delivery.account import Account
from delivery.backoff import backoff
from delivery.http.exchange import Body, Request, Response
from delivery.opening import LEAST_TIME, WorkCalls
from delivery.retries import Closing, Post
from delivery.work import Resources, Work
from hub.connection import Connection


class Ending(Closing):
    """A request to close a connection, which is repeated after a fault that may pass until the time is up."""

    __slots__ = ("_attempts",)

    def __init__(self, work: WorkCalls, row: Connection, account: Account) -> None:
        super().__init__(work, row, account)
        self._attempts = 0

    def ended(self, response: Response) -> None:
        left, status = self._work.time_left(), response.status
        is_ours = status is None or status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        if not is_ours or response.is_final or left < LEAST_TIME or response.retry_after > left:
            super().ended(response)
            return
        delay = backoff(self._attempts, left, self._work.chance)
        self._attempts += 1
        self._work.submit_again(self, max(delay, response.retry_after))


class Announcement(Post):
    """A frame that announces the end to one connection."""

    __slots__ = ("_taken",)

    def __init__(self, work: WorkCalls, row: Connection, body: Body, taken: set[str]) -> None:
        super().__init__(work, row, Account(), body)
        self._taken = taken

    def ended(self, response: Response) -> None:
        if response.status == HTTPStatus.OK:
            self._taken.add(self._row.connection_id)
        super().ended(response)


class Endings(Work):
    """
    One step in closing connections: call either ``post`` or ``close``, once.

    Args:
        rows: The connections.
        end: When the time is up, by the clock of the event loop.

    """

    def __init__(self, resources: Resources, rows: list[Connection], end: float) -> None:
        super().__init__(resources, end)
        # A connection that takes no frame is not closed at once: ``close`` follows, and counts it.
        self.patience = resources.patience._replace(closing=math.inf)
        self._rows = rows
        self._taken: set[str] = set()
        self._closed: set[str] = set()
        self._over = 0

    @property
    def remaining(self) -> int:
        """How many of the connections have not turned out to be gone."""
        return len(self._rows) - self._over

    async def post(self, frame: bytes) -> set[str]:
        """Post a frame to each connection. Returns the ids of the connections that took it."""
        body = Body.of(frame)
        await self._carry_out(self._submit_all([Announcement(self, row, body, self._taken) for row in self._rows]))
        return self._taken

    async def close(self, told: set[str]) -> tuple[int, int]:
        """
        Close each connection, and remove its row.

        Args:
            told: The ids of the connections that took the frame. Their clients may have closed them since.

        Returns:
            How many connections are closed now because of the hub, and how many it could not close. A connection that
            was closed before counts nowhere.

        """
        self._taken = told
        account = Account()
        await self._carry_out(self._submit_all([Ending(self, row, account) for row in self._rows]))
        return len(self._closed), self.remaining

    def gone(self, row: Connection) -> None:
        super().gone(row)
        self._over += 1
        if row.connection_id in self._taken:
            self._closed.add(row.connection_id)

    def closed(self, recipient: str) -> None:
        """Count it. The operator's own line of the log says how many there are."""
        self._closed.add(recipient)

    async def _submit_all(self, requests: list[Request]) -> None:
        for request in requests:
            self.submit(request)
