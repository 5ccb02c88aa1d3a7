"""Reads the sessions of one message, page by page."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from delivery.dynamodb_answers import DynamoDBError
from delivery.table import ConnectionsTable
from hub.connection import Connection
from hub.log import logger

if TYPE_CHECKING:
    from hub.connection_requests import Arguments

MAX_SESSIONS_AT_ONCE = 8
"""Sessions that are read at the same time."""

MAX_STORED_AT_ONCE = 16
"""Sessions for which the message is stored at the same time. HTTP connections remain for the sessions that are read."""


class Reading:
    """
    The reads of one message. They begin at once, and go no further than one page ahead of ``take``.

    Args:
        take: Takes a page of a session. It is not called while there is no room, and there is none in the beginning.
        stored: The sessions in whose history the message is stored first. Their reads begin when there is room.
        store: Stores the message for a session. If it returns False, the session is not read.

    Attributes:
        room: Set while there is room for rows.
        complete: The sessions that have been read to the end.

    """

    def __init__(
        self,
        table: ConnectionsTable,
        sessions: tuple[str, ...],
        take: Callable[[str, list[Connection]], None],
        stored: frozenset[str],
        store: Callable[[str], Awaitable[bool]],
    ) -> None:
        self.room = asyncio.Event()
        self.complete: set[str] = set()
        self._table = table
        self._take = take
        self._store = store
        self._slots = asyncio.Semaphore(MAX_SESSIONS_AT_ONCE)
        self._store_slots = asyncio.Semaphore(MAX_STORED_AT_ONCE)
        loop = asyncio.get_running_loop()
        self._reads = [
            loop.create_task(self._store_and_read(session) if session in stored else self._read(session))
            for session in sessions
        ]

    async def finish(self) -> None:
        """Wait until all sessions have been read, as far as they can be."""
        await asyncio.gather(*self._reads)

    async def stop(self) -> None:
        """End the reads that are under way, because nobody needs their rows any more."""
        for read in self._reads:
            read.cancel()
        await asyncio.gather(*self._reads, return_exceptions=True)

    async def _store_and_read(self, session_id: str) -> None:
        # The rows are read after the message is stored. So a connection whose row is not among them yet finds the
        # message when it resumes.
        await self.room.wait()
        async with self._store_slots:
            is_stored = await self._store(session_id)
        if is_stored:
            await self._read(session_id)

    async def _read(self, session_id: str) -> None:
        async with self._slots:
            try:
                await self._read_pages(session_id)
            except DynamoDBError:
                await self.room.wait()  # nobody needs to know what became of the reads of a refused frame
                logger.exception("session not readable", session_id=session_id)
            else:
                self.complete.add(session_id)

    async def _read_pages(self, session_id: str) -> None:
        start: Arguments | None = {}
        while start is not None:
            rows, start = await self._table.page(session_id, start)
            await self.room.wait()
            self._take(session_id, rows)
