"""Finds the row of a connection by the connection's id alone. The table's own key begins with the session id."""

import time
from collections import OrderedDict
from collections.abc import Callable

from hub import items
from hub.connection import Connection
from hub.dynamodb import Table

INDEX = "connection_id-index"

RETRY_DELAYS = (0.1, 0.2, 0.4)
"""Seconds before each further read of the index, which lags behind the table by milliseconds."""

MAX_MISSED = 10_000
"""Connections that are remembered because they were not found. The oldest of them is forgotten first."""


class ConnectionIndex:
    """
    The secondary index ``connection_id-index``.

    Args:
        sleep: Waits for some seconds, between two reads.
        max_missed: See MAX_MISSED.

    """

    def __init__(self, table: Table, sleep: Callable[[float], None] = time.sleep, max_missed: int = MAX_MISSED) -> None:
        self._table = table
        self._sleep = sleep
        self._max_missed = max_missed
        self._missed: OrderedDict[str, None] = OrderedDict()  # a set that keeps the order of its members

    def find(self, connection_id: str, deadline: float) -> Connection | None:
        """
        Return the row of a connection that is open, and so was stored: up to four reads in about 0.7 s.

        A connection that four reads did not find is read only once from then on, because the index has had the time
        to catch up.

        """
        for delay in () if connection_id in self._missed else RETRY_DELAYS:
            if connection := self.read(connection_id, deadline):
                return connection
            self._sleep(delay)
        if connection := self.read(connection_id, deadline):
            return connection
        self._missed[connection_id] = None
        if len(self._missed) > self._max_missed:
            self._missed.popitem(last=False)
        return None

    def read(self, connection_id: str, deadline: float) -> Connection | None:
        """Return the row of a connection, or None if the index does not show a row at this moment: one read."""
        answer = self._table.request(
            self._table.client.query,
            deadline,
            IndexName=INDEX,
            KeyConditionExpression="connection_id = :connection",
            ExpressionAttributeValues={":connection": {"S": connection_id}},
        )
        for item in answer["Items"]:
            if connection := items.connection_of(item, item["session_id"]["S"]):
                return connection
        return None
