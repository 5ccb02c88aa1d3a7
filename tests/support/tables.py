"""The table of connections, as the template declares it, for tests without a gateway."""

import functools
from typing import Any

import boto3

from local.stack.loading import load
from tests.support.paths import TEMPLATE

CREATED = ("AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema", "TableName")
"""The properties of the table that ``CreateTable`` takes as they are."""


def create_connections_table() -> str:
    """Create the table in the DynamoDB of the environment, which is moto's. Returns its name."""
    properties = _properties()
    boto3.client("dynamodb").create_table(**properties)
    return str(properties["TableName"])


@functools.cache
def _properties() -> dict[str, Any]:
    (properties,) = load(TEMPLATE, {}).store.tables
    return {name: properties[name] for name in CREATED}


def clear_table(dynamodb: Any, table: str) -> None:
    """Delete all items of a table of connections."""
    for item in dynamodb.scan(TableName=table)["Items"]:
        dynamodb.delete_item(TableName=table, Key={name: item[name] for name in ("session_id", "connection_id")})
