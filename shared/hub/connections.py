"""
The stored connections, as ConnectFunction and DisconnectFunction use them.

MessageFunction reads and removes them too: see ``delivery.table``. Only this module, ``connection_requests``,
``items``, ``dynamodb`` and ``delivery`` know DynamoDB.

"""

import contextlib
import heapq
import uuid
from typing import TYPE_CHECKING

from hub import connection_requests
from hub.connection import Connection
from hub.dynamodb import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

WITHIN = 3.0
"""Seconds for all requests of one method, or for all methods that share a deadline: enough for one request that is lost
and a second one. ConnectFunction must end within ten seconds. It reads the signing key, compares the session with its
limit, which includes the search for ghosts, and stores the connection."""


class Connections:
    """
    The table of connections.

    Every method raises a ``ClientError`` or ``BotoCoreError`` if DynamoDB fails, or does not answer in time.

    Args:
        within: See WITHIN.

    """

    def __init__(self, dynamodb: "DynamoDBClient", table: str, within: float = WITHIN) -> None:
        self._table = Table(dynamodb, table, within)

    def add(self, connection: Connection) -> None:
        """Store a connection. Every delivery to its session that begins after this returns reads the connection."""
        put = connection_requests.put(connection)
        self._table.request(self._table.client.put_item, self._table.deadline(), **put)

    def add_once(self, connection: Connection, once: str, until: int) -> bool:
        """
        Store a connection together with a row that marks its credential as used: both rows or neither.

        Args:
            once: A name for the credential.
            until: Epoch seconds after which DynamoDB may delete the mark.

        Returns:
            False if the credential has been used already, or if another connection is using it at this moment.

        """
        puts = connection_requests.put_used(once, until), connection_requests.put(connection)
        try:
            self._table.ask(
                self._table.client.transact_write_items,
                self._table.deadline(),
                TransactItems=[{"Put": {"TableName": self._table.name, **put}} for put in puts],
                # Every repetition of the request carries this token, so that DynamoDB takes it for the same use.
                ClientRequestToken=str(uuid.uuid4()),
            )
        except self._table.client.exceptions.TransactionCanceledException as error:
            reasons = {reason.get("Code") for reason in error.response["CancellationReasons"]}
            if reasons <= {"None", "ConditionalCheckFailed", "TransactionConflict"}:
                return False
            raise
        return True

    def deadline(self) -> float:
        """Return the deadline for methods that begin now and share it."""
        return self._table.deadline()

    def count(self, session_id: str, now: float, deadline: float) -> int:
        """Count the live connections of a session. Connections that open at this moment may be missing."""
        return sum(page["Count"] for page in self._table.query(connection_requests.count(session_id, now), deadline))

    def oldest(self, session_id: str, now: float, age: float, most: int, deadline: float) -> list[Connection]:
        """
        Return those connections that opened first, among those that ``count`` counts.

        Args:
            age: Seconds since a connection opened, at least.
            most: How many connections to return, at most.

        """
        pages = self._table.query(connection_requests.counted(session_id, now), deadline)
        rows = (row for page in pages for row in connection_requests.connections_in(page, session_id))
        opened = (row for row in rows if row.connected_at <= (now - age) * 1000)
        return heapq.nsmallest(most, opened, key=lambda row: row.connected_at)

    def remove(self, connection: Connection, deadline: float) -> None:
        """Remove the row of a connection. Do nothing if the row is gone, or has been replaced since it was read."""
        with contextlib.suppress(self._table.client.exceptions.ConditionalCheckFailedException):
            self._table.request(self._table.client.delete_item, deadline, **connection_requests.delete(connection))

    def forget(self, connection_id: str) -> str | None:
        """
        Remove the row of a connection that closed.

        The index is read once, so the row of a connection that closes within its first milliseconds may stay. The
        first delivery that finds the connection gone removes that row; otherwise DynamoDB deletes it when it expires.

        Returns:
            The session that the connection belonged to, or None if no row was found.

        """
        table, deadline = self._table, self._table.deadline()
        query = connection_requests.by_connection(connection_id)
        connection = connection_requests.connection_in(table.request(table.client.query, deadline, **query))
        if connection is None:
            return None
        self.remove(connection, deadline)
        return connection.session_id
