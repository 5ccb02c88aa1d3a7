"""Reads which connections sessions have."""

import asyncio
from collections.abc import AsyncIterator

from delivery.fan_out import FanOut
from delivery.together import together
from hub.connection import Connection
from hub.connection_requests import Arguments, page_after

AT_ONCE = 16
"""Sessions that are read at the same time."""


class Presence:
    """
    The connections of sessions.

    Every method raises a ``DynamoDBError`` if a session cannot be read, or not in time: there are no partial answers.

    """

    def __init__(self, fan_out: FanOut) -> None:
        self._fan_out = fan_out

    async def count(self, sessions: tuple[str, ...], seconds: float) -> tuple[dict[str, int], list[str]]:
        """
        Count the live connections of sessions, in their order.

        Args:
            seconds: Time for all of them.

        Returns:
            The sessions with live connections, and how many each of them has; the sessions without any.

        """
        slots = asyncio.Semaphore(AT_ONCE)

        async def count(session_id: str) -> int:
            async with slots:
                return sum([len(self.live(rows)) async for rows in self._pages(session_id)])

        counts = dict(zip(sessions, await together([count(session) for session in sessions], seconds), strict=True))
        return {name: n for name, n in counts.items() if n}, [name for name, n in counts.items() if not n]

    async def rows(self, session_id: str, seconds: float) -> list[Connection]:
        """Return all connections of a session, those included that are not live any more."""

        async def read() -> list[Connection]:
            return [row async for rows in self._pages(session_id) for row in rows]

        (rows,) = await together([read()], seconds)
        return rows

    async def page(self, session_id: str, after: str | None, seconds: float) -> tuple[list[Connection], str | None]:
        """
        Return some live connections of a session, by ascending connection id.

        Args:
            after: A connection id, above which the page begins; None: the first page.
            seconds: Time for it.

        Returns:
            The connections, of which there may be none, and the ``after`` of the next page, or None for the last page.

        """
        start = {} if after is None else page_after(session_id, after)
        ((rows, following),) = await together([self._fan_out.table.page(session_id, start)], seconds)
        return self.live(rows), rows[-1].connection_id if following else None

    def live(self, rows: list[Connection]) -> list[Connection]:
        """Return those of several connections that may send and receive."""
        now = self._fan_out.clock()
        return [row for row in rows if row.is_usable(now, self._fan_out.needs_proof)]

    async def _pages(self, session_id: str) -> AsyncIterator[list[Connection]]:
        start: Arguments | None = {}
        while start is not None:
            rows, start = await self._fan_out.table.page(session_id, start)
            yield rows
