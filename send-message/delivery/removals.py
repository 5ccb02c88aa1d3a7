"""Removes the rows of gone connections, a few at a time."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import cast

from delivery.dynamodb_answers import DynamoDBError
from hub.connection import Connection
from hub.log import logger

AT_ONCE = 4
"""Rows that are removed at the same time. Removing should not delay reading."""


class Removals:
    """
    The rows that one delivery removes.

    After the first row that cannot be removed, no other row is: they would fail too. A row that stays is harmless: the
    next delivery finds it again, or DynamoDB's TTL removes it.

    Args:
        remove: Removes one row, or raises a DynamoDBError.

    """

    def __init__(self, remove: Callable[[Connection], Awaitable[None]]) -> None:
        self._remove = remove
        self._rows: deque[Connection] = deque()
        self._removing: set[asyncio.Task[None]] = set()
        self._failed = 0
        self._error: DynamoDBError | None = None
        self._is_over = False

    def add(self, row: Connection) -> None:
        """Remove a row soon."""
        if self._error:
            self._failed += 1
        elif not self._is_over:
            self._rows.append(row)
            if len(self._removing) < AT_ONCE:
                self._removing.add(asyncio.get_running_loop().create_task(self._remove_all()))

    async def finish(self) -> None:
        """Wait until all rows are removed."""
        while self._removing:
            done, _ = await asyncio.wait(set(self._removing))
            for task in done:
                task.result()

    async def finish_within(self, seconds: float) -> None:
        """Wait until all rows are removed, but no longer than some seconds."""
        if self._removing:
            await asyncio.wait(set(self._removing), timeout=seconds)

    async def stop(self) -> None:
        """Leave the other rows where they are, and log why a row could not be removed."""
        self._is_over = True
        self._rows.clear()
        removing = list(self._removing)
        for task in removing:
            task.cancel()
        await asyncio.gather(*removing, return_exceptions=True)
        if self._error:
            logger.error("rows of gone connections not removed", rows=self._failed, exc_info=self._error)

    async def _remove_all(self) -> None:
        try:
            while self._rows:
                await self._remove(self._rows.popleft())
        except DynamoDBError as error:
            self._error = error
            self._failed += 1 + len(self._rows)
            self._rows.clear()
        finally:  # not in a callback: until the callback ran, ``add`` would count on a task that has ended
            self._removing.discard(cast("asyncio.Task[None]", asyncio.current_task()))
