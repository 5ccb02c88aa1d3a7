"""The tables of connections and of messages, as the template declares them, for tests without a gateway."""

import functools
from typing import Any

import boto3

from hub.connection import Connection
from hub.items import connection_of
from local.stack.loading import load
from tests.support.paths import TEMPLATE

CREATED = ("AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema", "TableName")
"""The properties of a table that ``CreateTable`` takes as they are."""

WITH_HISTORY = {"HistorySeconds": "600"}
"""Parameters with which the template has both tables."""

ODD: list[tuple[str, Any]] = [
    ("connected_at", {"N": "1795000000500.5"}),
    ("connected_at", {"S": "x"}),
    ("connected_at", {"NULL": True}),
    ("connected_at", {"L": []}),
    ("expires_at", {"N": "9999999999.5"}),
    ("expires_at", {"N": "1.5e100"}),
    ("expires_at", {"N": "-1"}),
    ("expires_at", {"S": "9"}),
    ("subject", {"N": "1"}),
    ("subject", {"NULL": True}),
    ("send", {"SS": ["a"]}),
    ("send", {"L": [{"N": "1"}]}),
]
"""Attributes of rows that somebody added by hand."""


def create_connections_table() -> str:
    """Create the table in the DynamoDB of the environment, which is moto's. Returns its name."""
    return _create(_properties("ConnectionsTable"))


def create_history_table() -> str:
    """Create the table of messages in the DynamoDB of the environment, which is moto's. Returns its name."""
    return _create(_properties("HistoryTable"))


def _create(properties: dict[str, Any]) -> str:
    boto3.client("dynamodb").create_table(**properties)
    return str(properties["TableName"])


def rows(session_id: str) -> list[Connection]:
    """Return the stored connections of a session, in the DynamoDB of the environment."""
    pages = (
        boto3.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=_properties("ConnectionsTable")["TableName"],
            ConsistentRead=True,
            KeyConditionExpression="session_id = :session",
            ExpressionAttributeValues={":session": {"S": session_id}},
        )
    )
    return [row for page in pages for item in page["Items"] if (row := connection_of(dict(item), session_id))]


@functools.cache
def _properties(table: str) -> dict[str, Any]:
    """Return what ``CreateTable`` takes for a table, by its logical id, which is its name here."""
    (properties,) = [each for each in load(TEMPLATE, WITH_HISTORY).store.tables if each["TableName"] == table]
    return {name: properties[name] for name in CREATED if name in properties}


def clear_table(dynamodb: Any, table: str) -> None:
    """Delete all items of a table."""
    keys = [key["AttributeName"] for key in dynamodb.describe_table(TableName=table)["Table"]["KeySchema"]]
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        for item in page["Items"]:
            dynamodb.delete_item(TableName=table, Key={name: item[name] for name in keys})
