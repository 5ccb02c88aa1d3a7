"""Removes the rows of gone connections, in batches and in threads."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor

from botocore.exceptions import BotoCoreError, ClientError

from hub.connection import Connection
from hub.log import logger

BATCH = 25
"""Rows that one thread removes, one after another."""

GATHERING = 0.1
"""Seconds from the first row of a batch until the batch starts, if it is not full before."""


class Removals:
    """
    The rows that one delivery removes.

    Args:
        remove: Removes one row. Removals call it in a thread.
        threads: Run the batches.

    """

    def __init__(
        self, remove: Callable[[Connection], None], threads: Executor, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._remove = remove
        self._threads = threads
        self._loop = loop
        self._gathered: list[Connection] = []
        self._batches: list[asyncio.Future[None]] = []
        self._is_over = False

    def add(self, row: Connection) -> None:
        """Remove a row together with others, soon."""
        self._gathered.append(row)
        if len(self._gathered) == 1:
            self._loop.call_later(GATHERING, self._start_batch)
        elif len(self._gathered) == BATCH:
            self._start_batch()

    async def finish(self) -> None:
        """Wait until all rows are removed."""
        self._start_batch()
        await asyncio.gather(*self._batches)

    async def finish_within(self, seconds: float) -> None:
        """Wait until all rows are removed, but no longer than some seconds."""
        self._start_batch()
        if self._batches:
            await asyncio.wait(self._batches, timeout=seconds)

    def stop(self) -> None:
        """Leave the other rows where they are. The next delivery finds them again, or DynamoDB's TTL removes them."""
        self._is_over = True

    def _start_batch(self) -> None:
        rows, self._gathered = self._gathered, []
        if rows and not self._is_over:
            self._batches.append(self._loop.run_in_executor(self._threads, self._remove_all, rows))

    def _remove_all(self, rows: list[Connection]) -> None:
        try:
            while rows and not self._is_over:
                self._remove(rows[-1])
                rows.pop()
        except (ClientError, BotoCoreError):  # harmless: see stop
            logger.exception("rows of gone connections not removed", rows=len(rows))
