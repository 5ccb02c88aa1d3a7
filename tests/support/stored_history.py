"""A table of history of the tests, and what an honest DynamoDB answers. It knows the requests of ``history.table``."""

from dataclasses import dataclass, field
from typing import Any

HISTORY = "history"

NUMBER = "SET #last = if_not_exists(#last, :start) + :one, expires_at = :expires_at"
MARK = "SET purged = #last, expires_at = :expires_at"
MARK_AND_RAISE = "SET #last = :start, purged = :start, expires_at = :expires_at"
IS_BELOW = "attribute_not_exists(#last) OR #last < :start"
SPAN = "session_id = :session AND seq BETWEEN :first AND :last"
FAILED = 400, {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}

Answer = tuple[int, dict[str, Any]]


@dataclass
class StoredHistory:
    """
    The table.

    Attributes:
        items: By session id and number.
        most: Bytes of frames that one query reads, at most. DynamoDB reads 1 MB.

    """

    items: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    most: int = 1_000_000

    def carry_out(self, operation: str, asked: dict[str, Any]) -> Answer:
        """Return the status and the content of an honest answer."""
        operations = {
            "UpdateItem": self._update,
            "PutItem": self._put,
            "GetItem": self._get,
            "Query": self._query,
            "DeleteItem": self._delete,
        }
        return operations[operation](asked)

    def numbers(self, session_id: str) -> list[int]:
        """Return the numbers of a session that are stored, without the head."""
        return sorted(seq for session, seq in self.items if session == session_id and seq)

    def _update(self, asked: dict[str, Any]) -> Answer:
        return self._number(asked) if asked["UpdateExpression"] == NUMBER else self._mark(asked)

    def _mark(self, asked: dict[str, Any]) -> Answer:
        assert (asked["ReturnValues"], asked["ExpressionAttributeNames"]) == ("ALL_NEW", {"#last": "last"})
        item, values = self.items.get(_key(asked["Key"]), asked["Key"]), asked["ExpressionAttributeValues"]
        last = item.get("last", {"N": "-1"})
        if asked["UpdateExpression"] == MARK_AND_RAISE:
            assert asked["ConditionExpression"] == IS_BELOW
            if int(last["N"]) >= int(values[":start"]["N"]):
                return FAILED
            last = values[":start"]
        else:
            assert (asked["UpdateExpression"], "ConditionExpression" in asked) == (MARK, False)
        marked = item | {"last": last, "purged": last, "expires_at": values[":expires_at"]}
        self.items[_key(asked["Key"])] = marked
        return 200, {"Attributes": marked}

    def _number(self, asked: dict[str, Any]) -> Answer:
        assert (asked["UpdateExpression"], asked["ReturnValues"]) == (NUMBER, "UPDATED_NEW")
        name, values = asked["ExpressionAttributeNames"]["#last"], asked["ExpressionAttributeValues"]
        item = self.items.setdefault(_key(asked["Key"]), dict(asked["Key"]))
        if "N" not in item.get(name, values[":start"]):
            return 400, {"__type": "com.amazon.coral.validate#ValidationException"}
        last = int(item.get(name, values[":start"])["N"]) + int(values[":one"]["N"])
        item |= {name: {"N": str(last)}, "expires_at": values[":expires_at"]}
        return 200, {"Attributes": {name: item[name], "expires_at": item["expires_at"]}}

    def _put(self, asked: dict[str, Any]) -> Answer:
        assert asked["ConditionExpression"] == "attribute_not_exists(session_id)"
        key = _key(asked["Item"])
        if key in self.items:
            return FAILED
        self.items[key] = asked["Item"]
        return 200, {}

    def _get(self, asked: dict[str, Any]) -> Answer:
        assert asked["ConsistentRead"] is True
        item = self.items.get(_key(asked["Key"]))
        return 200, {} if item is None else {"Item": item}

    def _query(self, asked: dict[str, Any]) -> Answer:
        assert (asked["ConsistentRead"], asked["KeyConditionExpression"]) == (True, SPAN)
        values = asked["ExpressionAttributeValues"]
        session_id, first, last = values[":session"]["S"], int(values[":first"]["N"]), int(values[":last"]["N"])
        found = sorted(seq for session, seq in self.items if session == session_id and first <= seq <= last)
        page, size = list[dict[str, Any]](), 0
        limit = asked.get("Limit", len(found) + 1)
        for seq in found[:limit]:
            page.append(self.items[session_id, seq])
            size += len(page[-1].get("frame", {}).get("S", "").encode())
            if size >= self.most:
                break
        content: dict[str, Any] = {"Count": len(page), "ScannedCount": len(page), "Items": page}
        if page and (len(page) == limit or size >= self.most):
            # DynamoDB does not look either whether more items follow.
            content["LastEvaluatedKey"] = {name: page[-1][name] for name in ("session_id", "seq")}
        if "FilterExpression" in asked:
            assert (asked["FilterExpression"], asked["ProjectionExpression"]) == ("attribute_exists(frame)", "seq")
            content["Items"] = [{"seq": item["seq"]} for item in page if "frame" in item]
        return 200, content

    def _delete(self, asked: dict[str, Any]) -> Answer:
        self.items.pop(_key(asked["Key"]), None)
        return 200, {}


def _key(item: dict[str, Any]) -> tuple[str, int]:
    return item["session_id"]["S"], int(item["seq"]["N"])
