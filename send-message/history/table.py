"""The table of history: the requests that storing and resuming make, and what their answers say."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from delivery.dynamodb import DynamoDB
from delivery.dynamodb_answers import CONDITION_FAILED, DynamoDBError
from history.items import HEAD, HEAD_LIFETIME, Entry, Head, Item, entry_of, head_of, item_of, key_of
from hub import items

T = TypeVar("T")


class Span(NamedTuple):
    """
    The entries of a session within a range of numbers, by ascending number.

    Attributes:
        reach: The number up to which all entries were read. An absent number up to here is a hole.

    """

    entries: list[Entry]
    reach: int


class HistoryTable:
    """
    The table of history, for the work on one message, one question or one purge.

    Every method raises a ``DynamoDBError`` if DynamoDB fails, or does not answer in time.

    Args:
        seconds: The time for all requests together.
        clock: Returns epoch seconds. A monotonic clock may stand still while Lambda freezes the environment, and a
            message must not be stored long after its number was taken.

    """

    def __init__(self, dynamodb: DynamoDB, seconds: float, clock: Callable[[], float] = time.time) -> None:
        self._dynamodb = dynamodb
        self._clock = clock
        self._end = clock() + seconds

    async def take_number(self, session_id: str, now: float) -> int:
        """
        Take a number that nobody else gets. If DynamoDB's answer is lost, a number may remain unused.

        Args:
            now: Epoch seconds, with which the numbers of a new head begin.

        """
        arguments = {
            "Key": key_of(session_id, HEAD),
            "UpdateExpression": "SET #last = if_not_exists(#last, :start) + :one, expires_at = :expires_at",
            "ExpressionAttributeNames": {"#last": "last"},
            "ExpressionAttributeValues": {
                ":start": {"N": str(int(now * 1000) * 1000)},
                ":one": {"N": "1"},
                ":expires_at": {"N": str(int(now) + HEAD_LIFETIME)},
            },
            "ReturnValues": "UPDATED_NEW",
        }
        return (await self._update(arguments)).last

    async def put(self, session_id: str, entry: Entry) -> bool:
        """
        Store an entry, unless its number is in use.

        DynamoDB may be asked twice, if an answer is lost. So the entry that uses the number may be this one.

        Returns:
            Whether the entry is stored now.

        """
        item = item_of(session_id, entry)
        condition = "attribute_not_exists(session_id)"
        try:
            await self._ask("PutItem", {"Item": item, "ConditionExpression": condition}, dict)
        except DynamoDBError as error:
            if error.code != CONDITION_FAILED:
                raise
            stored = await self._get(session_id, entry.seq)
            return stored is not None and entry_of(stored) == entry
        return True

    async def head(self, session_id: str) -> Head | None:
        """Return the head of a session, or None if the session has none."""
        head = await self._get(session_id, HEAD)
        return None if head is None else _head(head)

    async def span(self, session_id: str, first: int, last: int, limit: int) -> Span:
        """
        Return the entries from ``first`` to ``last``, or the first of them: at most ``limit``, in at most 1 MB.

        The read is consistent: it finds every entry that was stored before.

        """
        arguments = {**_between(session_id, first, last), "Limit": limit}

        def read(answer: dict[str, Any]) -> Span:
            rest = answer.get("LastEvaluatedKey")
            reach = last if rest is None else items.number(rest, "seq", missing=first)
            return Span([entry_of(item) for item in answer["Items"]], reach)

        return await self._ask("Query", arguments, read)

    async def mark_purged(self, session_id: str, now: float) -> int:
        """
        Mark all numbers of a session as purged.

        Before, the last number is raised to where the numbers of a new head begin, unless it is above that already.

        Args:
            now: Epoch seconds, with which the numbers of a new head begin.

        Returns:
            The last number.

        """
        expires_at = {"N": str(int(now) + HEAD_LIFETIME)}
        mark = {
            "Key": key_of(session_id, HEAD),
            "UpdateExpression": "SET purged = #last, expires_at = :expires_at",
            "ExpressionAttributeNames": {"#last": "last"},
            "ExpressionAttributeValues": {":expires_at": expires_at},
            "ReturnValues": "ALL_NEW",
        }
        mark_and_raise = mark | {
            "UpdateExpression": "SET #last = :start, purged = :start, expires_at = :expires_at",
            "ConditionExpression": "attribute_not_exists(#last) OR #last < :start",
            "ExpressionAttributeValues": {":expires_at": expires_at, ":start": {"N": str(int(now * 1000) * 1000)}},
        }
        try:
            return (await self._update(mark_and_raise)).last
        except DynamoDBError as error:
            if error.code != CONDITION_FAILED:
                raise
            return (await self._update(mark)).last

    async def messages(self, session_id: str, first: int, last: int) -> tuple[list[int], int | None]:
        """
        Return the numbers of the messages from ``first`` to ``last``, as far as one request reads: 1 MB of entries.

        Returns:
            The numbers, and where the next request begins, or None if there are no more entries.

        """
        arguments = {
            **_between(session_id, first, last),
            "FilterExpression": "attribute_exists(frame)",
            "ProjectionExpression": "seq",
        }

        def read(answer: dict[str, Any]) -> tuple[list[int], int | None]:
            rest = answer.get("LastEvaluatedKey")
            following = None if rest is None else items.number(rest, "seq", missing=first) + 1
            return [items.number(item, "seq", missing=HEAD) for item in answer["Items"]], following

        return await self._ask("Query", arguments, read)

    async def delete(self, session_id: str, seq: int) -> None:
        """Delete what is stored under a number."""
        await self._ask("DeleteItem", {"Key": key_of(session_id, seq)}, dict)

    async def _update(self, arguments: Item) -> Head:
        """Update a head, and return what it has become."""
        return _head(await self._ask("UpdateItem", arguments, lambda answer: dict(answer["Attributes"])))

    async def _get(self, session_id: str, seq: int) -> Item | None:
        arguments = {"Key": key_of(session_id, seq), "ConsistentRead": True}
        return await self._ask("GetItem", arguments, lambda answer: answer.get("Item"))

    async def _ask(self, operation: str, arguments: Item, read: Callable[[dict[str, Any]], T]) -> T:
        return await self._dynamodb.ask(operation, arguments, self._end - self._clock(), read)


def _between(session_id: str, first: int, last: int) -> Item:
    return {
        "ConsistentRead": True,
        "KeyConditionExpression": "session_id = :session AND seq BETWEEN :first AND :last",
        "ExpressionAttributeValues": {
            ":session": {"S": session_id},
            ":first": {"N": str(first)},
            ":last": {"N": str(last)},
        },
    }


def _head(item: Item) -> Head:
    try:
        return head_of(item)
    except ValueError:
        advice = "delete the item with seq 0 of this session from the table HISTORY_TABLE"
        raise DynamoDBError(f"the head of a session was not stored by the hub: {advice}", may_pass=False) from None
