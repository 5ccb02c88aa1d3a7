"""
The stored connections.

Only this module and ``connection_index``, ``items`` and ``dynamodb`` know DynamoDB.

"""

import contextlib
import time
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from hub import items
from hub.connection import Connection
from hub.connection_index import ConnectionIndex
from hub.dynamodb import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

USED = "used#"
"""The start of both keys of a row that stands for a used credential. A session id cannot contain ``#``."""

UNCHANGED = (
    "attribute_not_exists(connected_at) OR NOT attribute_type(connected_at, :number)"
    " OR (connected_at >= :connected_at AND connected_at < :after)"
)
"""Whether a row is the one that was read. The time in a row that somebody added by hand may be missing or malformed, or
may have a fraction, which ``items`` leaves out."""

PAGE = 1000
"""Rows of a session that one request reads. A page is delivered while the next page is being read."""

WITHIN = 3.0
"""Seconds for all requests of one method, or for each page of ``pages`` and ``count``: enough for one request that is
lost and a second one. ConnectFunction reads the signing key and calls two methods, and must end within ten seconds."""


class Connections:
    """
    The table of connections.

    Every method raises a ``ClientError`` or ``BotoCoreError`` if DynamoDB fails, or does not answer in time.

    Args:
        sleep: Waits for some seconds, between two reads of the index.
        within: See WITHIN.

    """

    def __init__(
        self,
        dynamodb: "DynamoDBClient",
        table: str,
        sleep: Callable[[float], None] = time.sleep,
        within: float = WITHIN,
    ) -> None:
        self._table = Table(dynamodb, table, within)
        self._index = ConnectionIndex(self._table, sleep)

    def add(self, connection: Connection) -> None:
        """Store a connection. Every delivery to its session that begins after this returns reads the connection."""
        put = self._table.client.put_item
        self._table.request(put, self._table.deadline(), Item=items.item_of(connection))

    def add_once(self, connection: Connection, once: str, until: int) -> bool:
        """
        Store a connection together with a row that marks its credential as used: both rows or neither.

        Args:
            once: A name for the credential.
            until: Epoch seconds after which DynamoDB may delete the mark.

        Returns:
            False if the credential has been used already, or if another connection is using it at this moment.

        """
        key = {"S": USED + once}
        mark = {"session_id": key, "connection_id": key, "expires_at": {"N": str(until)}}
        unused = "attribute_not_exists(session_id)"
        table = self._table.name
        try:
            self._table.ask(
                self._table.client.transact_write_items,
                self._table.deadline(),
                TransactItems=[
                    {"Put": {"TableName": table, "Item": mark, "ConditionExpression": unused}},
                    {"Put": {"TableName": table, "Item": items.item_of(connection)}},
                ],
                # Every repetition of the request carries this token, so that DynamoDB takes it for the same use.
                ClientRequestToken=str(uuid.uuid4()),
            )
        except self._table.client.exceptions.TransactionCanceledException as error:
            reasons = {reason.get("Code") for reason in error.response["CancellationReasons"]}
            if reasons <= {"None", "ConditionalCheckFailed", "TransactionConflict"}:
                return False
            raise
        return True

    def count(self, session_id: str, now: float) -> int:
        """Count the live connections of a session. Connections that open at this moment may be missing."""
        pages = self._table.query(
            Select="COUNT",
            ConsistentRead=True,
            KeyConditionExpression="session_id = :session",
            FilterExpression="expires_at > :now",
            ExpressionAttributeValues={":session": {"S": session_id}, ":now": {"N": str(int(now))}},
        )
        return sum(page["Count"] for page in pages)

    def pages(self, session_id: str) -> Iterator[list[Connection]]:
        """
        Yield the connections of a session, in lists of at most PAGE: expired connections too, all without ``send``.

        The read is consistent: it finds every connection that ``add`` has stored before.

        """
        pages = self._table.query(
            ConsistentRead=True,
            KeyConditionExpression="session_id = :session",
            ExpressionAttributeValues={":session": {"S": session_id}},
            ProjectionExpression="connection_id, connected_at, expires_at, subject",
            Limit=PAGE,
        )
        for page in pages:
            yield [row for item in page["Items"] if (row := items.connection_of(item, session_id))]

    def find(self, connection_id: str, seconds: float = WITHIN) -> Connection | None:
        """
        Find the row of a connection that is open, and so was stored. See ``ConnectionIndex.find``.

        Args:
            seconds: The time that is left, if that is less than ``within``.

        """
        return self._index.find(connection_id, min(self._table.deadline(), time.monotonic() + seconds))

    def forget(self, connection_id: str) -> str | None:
        """
        Remove the row of a connection that closed.

        The index is read once, so the row of a connection that closes within its first milliseconds may stay. The
        first delivery that finds the connection gone removes that row; otherwise DynamoDB deletes it when it expires.

        Returns:
            The session that the connection belonged to, or None if no row was found.

        """
        deadline = self._table.deadline()
        connection = self._index.read(connection_id, deadline)
        if connection is None:
            return None
        self._remove(connection, deadline)
        return connection.session_id

    def remove(self, connection: Connection) -> None:
        """Remove the row of a connection. Do nothing if the row is gone, or has been replaced since it was read."""
        self._remove(connection, self._table.deadline())

    def _remove(self, connection: Connection, deadline: float) -> None:
        with contextlib.suppress(self._table.client.exceptions.ConditionalCheckFailedException):
            self._table.request(
                self._table.client.delete_item,
                deadline,
                Key={
                    "session_id": {"S": connection.session_id},
                    "connection_id": {"S": connection.connection_id},
                },
                ConditionExpression=UNCHANGED,
                ExpressionAttributeValues={
                    ":connected_at": {"N": str(connection.connected_at)},
                    ":after": {"N": str(connection.connected_at + 1)},
                    ":number": {"S": "N"},
                },
            )
