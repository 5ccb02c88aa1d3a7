"""The rows of a DynamoDB of the tests, and what an honest DynamoDB answers."""

import re
from dataclasses import dataclass, field
from typing import Any

from moto.dynamodb.comparisons import get_filter_expression
from moto.dynamodb.models.dynamo_type import DynamoType, Item

from hub import items
from hub.connection import Connection
from tests.support.stored_history import HISTORY, StoredHistory

TABLE = "connections"

COULD_NOT = "com.amazonaws.dynamodb.v20120810#"
"""Before the name of an error of DynamoDB itself."""

CONDITION = re.compile(r"(\w+) = (:\w+)")


@dataclass
class StoredRows:
    """
    The table, and its index.

    Attributes:
        stored: The items, by session id and connection id.
        history: The table of history, beside this one.
        most: Rows of a page, at most. DynamoDB may return fewer than ``Limit``, and then another page follows.

    """

    stored: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict, repr=False)
    most: int = 1_000_000
    history: StoredHistory = field(default_factory=StoredHistory, repr=False)

    def add(self, *connections: Connection) -> None:
        for row in connections:
            self.stored[row.session_id, row.connection_id] = items.item_of(row)

    def connection_ids(self) -> set[str]:
        return {connection_id for _, connection_id in self.stored}

    def carry_out(self, operation: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Return the status and the content of an honest answer."""
        if asked["TableName"] == HISTORY:
            return self.history.carry_out(operation, asked)
        if asked["TableName"] != TABLE or (asked.get("ConsistentRead") and "IndexName" in asked):
            return 400, {"__type": "com.amazon.coral.validate#ValidationException"}
        return {"Query": self._query, "DeleteItem": self._delete}[operation](asked)

    def _query(self, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        condition = CONDITION.fullmatch(asked["KeyConditionExpression"])
        assert condition
        value = asked["ExpressionAttributeValues"][condition[2]]
        start = _key(asked["ExclusiveStartKey"]) if "ExclusiveStartKey" in asked else ("", "")
        found = [self.stored[key] for key in sorted(self.stored) if key > start]
        found = [item for item in found if item[condition[1]] == value]
        limit = min(asked.get("Limit", self.most), self.most)
        page = [_projected(item, asked.get("ProjectionExpression")) for item in found[:limit]]
        content = {"Count": len(page), "ScannedCount": len(page), "Items": page}
        if len(found) >= limit:  # DynamoDB does not look either whether more rows follow
            content["LastEvaluatedKey"] = {name: found[limit - 1][name] for name in ("session_id", "connection_id")}
        return 200, content

    def _delete(self, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        item = self.stored.get(_key(asked["Key"]), {})
        names, values = asked.get("ExpressionAttributeNames"), asked["ExpressionAttributeValues"]
        condition = get_filter_expression(asked["ConditionExpression"], names, values)
        if not condition.expr(Item(DynamoType({"S": ""}), None, item)):
            return 400, {"__type": f"{COULD_NOT}ConditionalCheckFailedException"}
        self.stored.pop(_key(asked["Key"]), None)
        return 200, {}


def _key(item: dict[str, Any]) -> tuple[str, str]:
    return item["session_id"]["S"], item["connection_id"]["S"]


def _projected(item: dict[str, Any], wanted: str | None) -> dict[str, Any]:
    return {name: item[name] for name in item if wanted is None or name in wanted.split(", ")}
