"""The table of connections, as the template declares it, for tests without a gateway."""

import functools
from typing import Any

import boto3

from hub.connection import Connection
from hub.items import connection_of
from local.stack.loading import load
from tests.support.paths import TEMPLATE

CREATED = ("AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema", "TableName")
"""The properties of the table that ``CreateTable`` takes as they are."""

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
    properties = _properties()
    boto3.client("dynamodb").create_table(**properties)
    return str(properties["TableName"])


def rows(session_id: str) -> list[Connection]:
    """Return the stored connections of a session, in the DynamoDB of the environment."""
    pages = (
        boto3.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=_properties()["TableName"],
            ConsistentRead=True,
            KeyConditionExpression="session_id = :session",
            ExpressionAttributeValues={":session": {"S": session_id}},
        )
    )
    return [row for page in pages for item in page["Items"] if (row := connection_of(dict(item), session_id))]


@functools.cache
def _properties() -> dict[str, Any]:
    (properties,) = load(TEMPLATE, {}).store.tables
    return {name: properties[name] for name in CREATED}


def clear_table(dynamodb: Any, table: str) -> None:
    """Delete all items of a table of connections."""
    for item in dynamodb.scan(TableName=table)["Items"]:
        dynamodb.delete_item(TableName=table, Key={name: item[name] for name in ("session_id", "connection_id")})
