"""The table of history of the stub: it answers as DynamoDB does, and keeps what it is given until the stub ends."""

from typing import Any

from bench.delivery.pages import answer

TABLE = "h"
"""The table's name."""

BEGINNING = f'{{"TableName": "{TABLE}"'.encode()
"""How the body of a request to this table begins, from the hub and from boto3."""

READ_BYTES = 1_000_000
"""Bytes of frames that one query reads, about."""

Item = dict[str, Any]


class Stored:
    """The items of all sessions, by session id and number. The head of a session has number 0."""

    def __init__(self) -> None:
        self._sessions: dict[str, dict[int, Item]] = {}

    def answer(self, request: Item) -> bytes:
        """Return the answer to one of the four requests that the hub makes to this table."""
        if "UpdateExpression" in request:
            return answer({"Attributes": self._number(request["Key"], request["ExpressionAttributeValues"])})
        if "Item" in request:
            return self._put(request["Item"])
        if "KeyConditionExpression" in request:
            return answer(self._query(request["ExpressionAttributeValues"], request["Limit"]))
        item = self._items(request["Key"]).get(int(request["Key"]["seq"]["N"]))
        return answer({"Item": item} if item else {})

    def _items(self, key: Item) -> dict[int, Item]:
        return self._sessions.setdefault(key["session_id"]["S"], {})

    def _number(self, key: Item, values: Item) -> Item:
        """Carry out the hub's only UpdateItem: one more than the last number, or than the start of a new head."""
        head = self._items(key).setdefault(0, {**key, "last": values[":start"]})
        changed = {"last": {"N": str(int(head["last"]["N"]) + 1)}, "expires_at": values[":expires_at"]}
        head |= changed
        return changed

    def _put(self, item: Item) -> bytes:
        """Carry out a PutItem with the hub's condition: only if the item is absent."""
        if self._items(item).setdefault(int(item["seq"]["N"]), item) is not item:
            code = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"
            return answer({"__type": code}, "400 Bad Request")
        return answer({})

    def _query(self, values: Item, limit: int) -> Item:
        """Carry out the hub's only Query: numbers from ``:first`` to ``:last``."""
        items = self._items({"session_id": values[":session"]})
        first, last = int(values[":first"]["N"]), int(values[":last"]["N"])
        page, size = list[Item](), 0
        for seq in sorted(seq for seq in items if first <= seq <= last):
            page.append(items[seq])
            size += len(page[-1].get("frame", {}).get("S", ""))
            if len(page) == limit or size >= READ_BYTES:
                key = {name: page[-1][name] for name in ("session_id", "seq")}
                return {"Items": page, "Count": len(page), "LastEvaluatedKey": key}
        return {"Items": page, "Count": len(page)}
