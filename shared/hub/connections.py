"""The stored connections. With ``dynamodb`` and ``items``, all that knows DynamoDB."""

import contextlib
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from hub import items
from hub.asking import ask
from hub.connection import Connection
from hub.dynamodb import check_answer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import QueryOutputTypeDef

USED = "used#"
"""Begins the keys of rows that stand for a used credential. No session id has a #."""

INDEX = "connection_id-index"

INDEX_RETRY_DELAYS = (0.1, 0.2, 0.4)
"""Seconds before each further read of the index, which lags behind the table by milliseconds."""

MAX_MISSED = 10_000
"""Connections remembered that were looked for in vain. The one that was looked for longest ago is forgotten."""

PAGE = 1000
"""Rows of a session read at once: what is delivered while the next page is on its way."""

WITHIN = 3.0
"""Seconds for what one method asks, or for one page of ``pages``: enough for a lost request and a second one. Two of
them, and the time that ``signing_key`` has, end before the ten seconds of ``ConnectFunction``."""


class Connections:
    """
    The table of connections.

    Every method raises a ``ClientError`` or ``BotoCoreError`` if DynamoDB fails, in its time at the latest.

    Args:
        within: Seconds for what one method asks, or for one page of ``pages``.

    """

    def __init__(
        self,
        dynamodb: "DynamoDBClient",
        table: str,
        sleep: Callable[[float], None] = time.sleep,
        within: float = WITHIN,
    ) -> None:
        self._dynamodb = dynamodb
        self._dynamodb.meta.events.register("before-parse.dynamodb", check_answer, unique_id="hub-check-answer")
        self._table = table
        self._sleep = sleep
        self._within = within
        self._missed: OrderedDict[str, None] = OrderedDict()  # a set that knows which came first

    def add(self, connection: Connection) -> None:
        """Store a connection. From the answer on, every fan-out to its session reads it."""
        ask("DynamoDB", self._dynamodb.put_item, self._end(), TableName=self._table, Item=items.item_of(connection))

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
            ask(
                "DynamoDB",
                self._dynamodb.transact_write_items,
                self._end(),
                TransactItems=[
                    {"Put": {"TableName": self._table, "Item": used, "ConditionExpression": condition}},
                    {"Put": {"TableName": self._table, "Item": items.item_of(connection)}},
                ],
                ClientRequestToken=str(uuid.uuid4()),  # made here, so that a request that is repeated is no second use
            )
        except self._dynamodb.exceptions.TransactionCanceledException as error:
            reasons = {reason.get("Code") for reason in error.response["CancellationReasons"]}
            if reasons <= {"None", "ConditionalCheckFailed", "TransactionConflict"}:
                return False
            raise
        return True

    def count(self, session_id: str, now: float) -> int:
        """Count the live connections of a session; those that opened at this moment may be missing."""
        pages = self._query(
            Select="COUNT",
            ConsistentRead=True,
            KeyConditionExpression="session_id = :session",
            FilterExpression="expires_at > :now",
            ExpressionAttributeValues={":session": {"S": session_id}, ":now": {"N": str(int(now))}},
        )
        return sum(page["Count"] for page in pages)

    def remove(self, connection: Connection) -> None:
        """Remove one row, if it is still the one that was read. Removing one that is not there is fine."""
        self._remove(connection, self._end())

    def pages(self, session_id: str) -> Iterator[list[Connection]]:
        """
        Yield the connections of a session, up to PAGE at once, those that have run out too, without ``send``.

        Read consistently: a connection that ``add`` has stored is in it.

        """
        pages = self._query(
            ConsistentRead=True,
            KeyConditionExpression="session_id = :session",
            ExpressionAttributeValues={":session": {"S": session_id}},
            ProjectionExpression="connection_id, connected_at, expires_at, subject",
            Limit=PAGE,
        )
        for page in pages:
            yield [items.connection_of(item, session_id) for item in page["Items"]]

    def find(self, connection_id: str, seconds: float = WITHIN) -> Connection | None:
        """
        Find the row of a connection that is open, and so was stored.

        The index lags, so a first miss is read again: up to four reads in about 0.7 s. A connection that was
        looked for in vain is read once from then on: the index shows by now what it had not shown.

        Args:
            seconds: Time that is left, if it is less than ``within``.

        """
        end = min(self._end(), time.monotonic() + seconds)
        delays = () if connection_id in self._missed else INDEX_RETRY_DELAYS
        for delay in (*delays, None):
            for connection in self._indexed(connection_id, end):
                return connection
            if delay is not None:
                self._sleep(delay)
        self._missed[connection_id] = None
        if len(self._missed) > MAX_MISSED:
            self._missed.popitem(last=False)
        return None

    def forget(self, connection_id: str) -> str | None:
        """
        Remove the row of a connection that closed.

        One read of the index: a connection that closes within its first milliseconds
        can be missed. The first delivery that finds it gone, or the TTL, removes it.

        Returns:
            The session it belonged to, or None if there was nothing to forget.

        """
        end = self._end()
        for connection in self._indexed(connection_id, end):
            self._remove(connection, end)
            return connection.session_id
        return None

    def _end(self) -> float:
        return time.monotonic() + self._within

    def _remove(self, connection: Connection, end: float) -> None:
        with contextlib.suppress(self._dynamodb.exceptions.ConditionalCheckFailedException):
            ask(
                "DynamoDB",
                self._dynamodb.delete_item,
                end,
                TableName=self._table,
                Key={
                    "session_id": {"S": connection.session_id},
                    "connection_id": {"S": connection.connection_id},
                },
                ConditionExpression="attribute_not_exists(connected_at) OR connected_at = :connected_at",
                ExpressionAttributeValues={":connected_at": {"N": str(connection.connected_at)}},
            )

    def _query(self, **arguments: Any) -> Iterator["QueryOutputTypeDef"]:
        while True:
            page = ask("DynamoDB", self._dynamodb.query, self._end(), TableName=self._table, **arguments)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _indexed(self, connection_id: str, end: float) -> Iterator[Connection]:
        answer = ask(
            "DynamoDB",
            self._dynamodb.query,
            end,
            TableName=self._table,
            IndexName=INDEX,
            KeyConditionExpression="connection_id = :connection",
            ExpressionAttributeValues={":connection": {"S": connection_id}},
        )
        return (items.connection_of(item, item["session_id"]["S"]) for item in answer["Items"])
