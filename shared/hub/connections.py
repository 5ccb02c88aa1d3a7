"""The stored connections. The only file that knows DynamoDB."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MAX_LIFETIME = 2 * 3600 + 10 * 60
"""Seconds a row is alive at most: API Gateway's two hours for a connection, and some slack."""

NEVER = 2**53
"""Epoch seconds at which a row that says nothing of its end expires: one put there by hand, say."""

INDEX = "connection_id-index"

INDEX_RETRY_DELAYS = (0.1, 0.2, 0.4)
"""Seconds before each further read of the index, which lags behind the table by milliseconds."""


@dataclass(frozen=True)
class Connection:
    """
    One row: one open connection.

    Attributes:
        connected_at: Epoch milliseconds.
        expires_at: Epoch seconds, the table's TTL. DynamoDB deletes late, so a row
            past it may still be read, and does not count.

    """

    session_id: str
    connection_id: str
    connected_at: int
    expires_at: int

    @classmethod
    def opened(cls, session_id: str, connection_id: str, now: float) -> "Connection":
        """Return the row of a connection that opens now (epoch seconds)."""
        return cls(session_id, connection_id, int(now * 1000), int(now) + MAX_LIFETIME)


class Connections:
    """The table of connections."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._sleep = sleep

    def add(self, connection: Connection) -> None:
        """Store a connection. From the answer on, every fan-out to its session reads it."""
        self._dynamodb.put_item(
            TableName=self._table,
            Item={
                "session_id": {"S": connection.session_id},
                "connection_id": {"S": connection.connection_id},
                "connected_at": {"N": str(connection.connected_at)},
                "expires_at": {"N": str(connection.expires_at)},
            },
        )

    def remove(self, connection: Connection) -> None:
        """Remove one row. Removing one that is not there is fine."""
        self._dynamodb.delete_item(
            TableName=self._table,
            Key={
                "session_id": {"S": connection.session_id},
                "connection_id": {"S": connection.connection_id},
            },
        )

    def of_session(self, session_id: str, now: float) -> Iterator[Connection]:
        """
        Yield the live connections of a session, page by page.

        Read consistently: a connection that ``add`` has stored is in it.

        """
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="session_id = :session",
            ExpressionAttributeValues={":session": {"S": session_id}},
            ProjectionExpression="session_id, connection_id, connected_at, expires_at",
        )
        for page in pages:
            for item in page["Items"]:
                if (connection := _connection(item)).expires_at > now:
                    yield connection

    def find(self, connection_id: str, now: float) -> Connection | None:
        """
        Find the live row of a connection that is open, and so was stored.

        The index lags, so a miss is read again: up to four reads in about 0.7 s.

        """
        for delay in (*INDEX_RETRY_DELAYS, None):
            for connection in self._indexed(connection_id):
                return connection if connection.expires_at > now else None
            if delay is not None:
                self._sleep(delay)
        return None

    def forget(self, connection_id: str) -> str | None:
        """
        Remove the row of a connection that closed.

        One read of the index: a connection that closes within its first milliseconds
        can be missed. The first delivery that finds it gone, or the TTL, removes it.

        Returns:
            The session it belonged to, or None if there was nothing to forget.

        """
        for connection in self._indexed(connection_id):
            self.remove(connection)
            return connection.session_id
        return None

    def _indexed(self, connection_id: str) -> Iterator[Connection]:
        answer = self._dynamodb.query(
            TableName=self._table,
            IndexName=INDEX,
            KeyConditionExpression="connection_id = :connection",
            ExpressionAttributeValues={":connection": {"S": connection_id}},
        )
        return map(_connection, answer["Items"])


def _connection(item: dict[str, Any]) -> Connection:
    return Connection(
        session_id=item["session_id"]["S"],
        connection_id=item["connection_id"]["S"],
        connected_at=_number(item, "connected_at", missing=0),
        expires_at=_number(item, "expires_at", missing=NEVER),
    )


def _number(item: dict[str, Any], name: str, missing: int) -> int:
    return int(item[name]["N"]) if name in item else missing
