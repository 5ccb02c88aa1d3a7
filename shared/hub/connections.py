"""The stored connections. With ``items``, all that knows DynamoDB."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from botocore.config import Config

from hub import items
from hub.connection import Connection

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

USED = "used#"
"""Begins the keys of rows that stand for a used credential. No session id has a #."""

INDEX = "connection_id-index"

INDEX_RETRY_DELAYS = (0.1, 0.2, 0.4)
"""Seconds before each further read of the index, which lags behind the table by milliseconds."""

PAGE = 1000
"""Rows of a session read at once: what is delivered while the next page is on its way."""

CONFIG = Config(connect_timeout=2, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 4})
"""For the client: seconds, and attempts when DynamoDB throttles or does not answer."""


class Connections:
    """The table of connections."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._dynamodb = dynamodb
        self._dynamodb.meta.events.register("before-parse.dynamodb.Query", items.parse_items)
        self._table = table
        self._sleep = sleep

    def add(self, connection: Connection) -> None:
        """Store a connection. From the answer on, every fan-out to its session reads it."""
        self._dynamodb.put_item(TableName=self._table, Item=items.item_of(connection))

    def add_once(self, connection: Connection, once: str, until: int) -> bool:
        """
        Store a connection whose credential may open one only, and that it has been used, both or neither.

        Args:
            once: A name for the credential.
            until: Epoch seconds after which the name may be forgotten.

        Returns:
            False if it has been used already, or is being used at this moment.

        """
        used = {
            "session_id": {"S": USED + once},
            "connection_id": {"S": USED + once},
            "expires_at": {"N": str(until)},
        }
        condition = "attribute_not_exists(session_id)"
        try:
            self._dynamodb.transact_write_items(
                TransactItems=[
                    {"Put": {"TableName": self._table, "Item": used, "ConditionExpression": condition}},
                    {"Put": {"TableName": self._table, "Item": items.item_of(connection)}},
                ]
            )
        except self._dynamodb.exceptions.TransactionCanceledException as error:
            reasons = {reason.get("Code") for reason in error.response["CancellationReasons"]}
            if reasons <= {"None", "ConditionalCheckFailed", "TransactionConflict"}:
                return False
            raise
        return True

    def count(self, session_id: str, now: float) -> int:
        """Count the live connections of a session; those that opened at this moment may be missing."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            Select="COUNT",
            ConsistentRead=True,
            KeyConditionExpression="session_id = :session",
            FilterExpression="expires_at > :now",
            ExpressionAttributeValues={":session": {"S": session_id}, ":now": {"N": str(int(now))}},
        )
        return sum(page["Count"] for page in pages)

    def remove(self, connection: Connection) -> None:
        """Remove one row, if it is still the one that was read. Removing one that is not there is fine."""
        with contextlib.suppress(self._dynamodb.exceptions.ConditionalCheckFailedException):
            self._dynamodb.delete_item(
                TableName=self._table,
                Key={
                    "session_id": {"S": connection.session_id},
                    "connection_id": {"S": connection.connection_id},
                },
                ConditionExpression="attribute_not_exists(connected_at) OR connected_at = :connected_at",
                ExpressionAttributeValues={":connected_at": {"N": str(connection.connected_at)}},
            )

    def pages(self, session_id: str) -> Iterator[list[Connection]]:
        """
        Yield the connections of a session, up to PAGE at once, those that have run out too, without ``send``.

        Read consistently: a connection that ``add`` has stored is in it.

        """
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="session_id = :session",
            ExpressionAttributeValues={":session": {"S": session_id}},
            ProjectionExpression="connection_id, connected_at, expires_at, subject",
            PaginationConfig={"PageSize": PAGE},
        )
        for page in pages:
            yield [items.connection_of(item, session_id) for item in page["Items"]]

    def find(self, connection_id: str) -> Connection | None:
        """
        Find the row of a connection that is open, and so was stored.

        The index lags, so a miss is read again: up to four reads in about 0.7 s.

        """
        for delay in (*INDEX_RETRY_DELAYS, None):
            for connection in self._indexed(connection_id):
                return connection
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
        return (items.connection_of(item, item["session_id"]["S"]) for item in answer["Items"])
