"""Removes the rows of gone connections, a few at a time."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from delivery.dynamodb_answers import DynamoDBError
from hub.connection import Connection
from hub.log import logger

AT_ONCE = 4
"""Rows that are removed at the same time. Removing should not delay reading."""


class Removals:
    """
    The rows that one delivery removes.

    If a row cannot be removed, the removals end: the other rows would fail too. A row that stays is harmless: the next
    delivery finds it again, or DynamoDB's TTL removes it.

    Args:
        remove: Removes one row, or raises a DynamoDBError.

    """

    def __init__(self, remove: Callable[[Connection], Awaitable[None]]) -> None:
        self._remove = remove
        self._rows: deque[Connection] = deque()
        self._removing: set[asyncio.Task[None]] = set()
        self._failed = 0
        self._error: DynamoDBError | None = None

    def add(self, row: Connection) -> None:
        """Remove a row soon."""
        self._rows.append(row)
        if len(self._removing) < AT_ONCE:
            task = asyncio.get_running_loop().create_task(self._remove_all())
            self._removing.add(task)
            task.add_done_callback(self._removing.discard)

    async def finish(self) -> None:
        """Wait until all rows are removed."""
        if self._removing:
            await asyncio.gather(*self._removing)

    async def finish_within(self, seconds: float) -> None:
        """Wait until all rows are removed, but no longer than some seconds."""
        if self._removing:
            await asyncio.wait(self._removing, timeout=seconds)

    async def stop(self) -> None:
        """Leave the other rows where they are, and log why a row could not be removed."""
        self._rows.clear()
        removing = list(self._removing)
        for task in removing:
            task.cancel()
        await asyncio.gather(*removing, return_exceptions=True)
        if self._error:
            logger.error("rows of gone connections not removed", rows=self._failed, exc_info=self._error)

    async def _remove_all(self) -> None:
        while self._rows:
            row = self._rows.popleft()
            try:
                await self._remove(row)
            except DynamoDBError as error:
                self._error = error
                self._failed += 1 + len(self._rows)
                self._rows.clear()
