"""The table of connections, as a delivery uses it: who sends, who receives, and who is gone."""

import asyncio
import time
from collections import OrderedDict
from typing import Any, NamedTuple

from delivery.dynamodb import DynamoDB
from delivery.dynamodb_answers import CONDITION_FAILED, DynamoDBError
from hub import connection_requests
from hub.connection import Connection
from hub.connection_requests import Arguments

WITHIN = 3.0
"""Seconds for the search for the sender, for each page, and for each removal, unless the invocation ends sooner: enough
for one request that is lost and a second one."""

RETRY_DELAYS = (0.1, 0.2, 0.4)
"""Seconds before each further read of the index, which lags behind the table by milliseconds."""

MAX_MISSED = 10_000
"""Connections that are remembered because they were not found. The oldest of them is forgotten first."""


class Page(NamedTuple):
    """
    Some rows of a session.

    Attributes:
        next: What to ask the next page with, or None for the last page.

    """

    rows: list[Connection]
    next: Arguments | None


class ConnectionsTable:
    """
    The table of connections. Every method raises a ``DynamoDBError`` if DynamoDB fails, or does not answer in time.

    Args:
        retry_delays: See RETRY_DELAYS.
        max_missed: See MAX_MISSED.
        within: See WITHIN.

    """

    def __init__(
        self,
        dynamodb: DynamoDB,
        retry_delays: tuple[float, ...] = RETRY_DELAYS,
        max_missed: int = MAX_MISSED,
        within: float = WITHIN,
    ) -> None:
        self._dynamodb = dynamodb
        self._retry_delays = retry_delays
        self._max_missed = max_missed
        self._within = within
        self._missed: OrderedDict[str, None] = OrderedDict()  # a set that keeps the order of its members
        self.endpoint = dynamodb.endpoint

    async def find(self, connection_id: str, seconds: float) -> Connection | None:
        """
        Return the row of a connection that is open, and so was stored: up to four reads in about 0.7 s.

        A connection that four reads did not find is read only once from then on, because the index has had the time
        to catch up.

        Args:
            seconds: The time that is left.

        """
        end = time.monotonic() + min(self._within, seconds)
        for delay in () if connection_id in self._missed else self._retry_delays:
            if connection := await self._read(connection_id, end):
                return connection
            await asyncio.sleep(delay)
        if connection := await self._read(connection_id, end):
            return connection
        self._missed[connection_id] = None
        if len(self._missed) > self._max_missed:
            self._missed.popitem(last=False)
        return None

    async def page(self, session_id: str, start: Arguments) -> Page:
        """
        Return some connections of a session: expired connections too, all without ``send``.

        Args:
            start: Empty for the first page, or ``Page.next`` of the page before.

        """

        def read(answer: dict[str, Any]) -> Page:
            rows = connection_requests.connections_in(answer, session_id)
            return Page(rows, connection_requests.next_page(answer))

        return await self._dynamodb.ask("Query", connection_requests.page(session_id) | start, self._within, read)

    async def remove(self, connection: Connection) -> None:
        """Remove the row of a connection. Do nothing if the row is gone, or has been replaced since it was read."""
        try:
            await self._dynamodb.ask("DeleteItem", connection_requests.delete(connection), self._within, dict)
        except DynamoDBError as error:
            if error.code != CONDITION_FAILED:
                raise

    async def _read(self, connection_id: str, end: float) -> Connection | None:
        """Return the row of a connection, or None if the index does not show a row at this moment: one read."""
        query = connection_requests.by_connection(connection_id)
        return await self._dynamodb.ask("Query", query, end - time.monotonic(), connection_requests.connection_in)
