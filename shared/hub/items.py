"""Converts a connection to a DynamoDB item and back, and reads attributes of any item."""

import math
from typing import TYPE_CHECKING, Any

from hub.connection import NEVER, Connection

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef


def item_of(connection: Connection) -> "dict[str, AttributeValueTypeDef]":
    item: dict[str, AttributeValueTypeDef] = {
        "session_id": {"S": connection.session_id},
        "connection_id": {"S": connection.connection_id},
        "connected_at": {"N": str(connection.connected_at)},
        "expires_at": {"N": str(connection.expires_at)},
    }
    if connection.subject is not None:
        item["subject"] = {"S": connection.subject}
    if connection.send is not None:
        item["send"] = {"L": [{"S": grant} for grant in connection.send]}
    return item


def connection_of(item: dict[str, Any], session_id: str) -> Connection | None:
    """
    Return the connection in an item, or None if the item has no connection id.

    Somebody may have added an item by hand. An attribute that is missing or malformed counts as missing: without
    times, the connection opened at 0 and never expires; without a subject, it has proven nothing. Only a malformed
    ``send`` counts as a list without grants, because a missing one allows every session.

    """
    connection_id = text(item, "connection_id")
    if not connection_id:
        return None
    return Connection(
        session_id=session_id,
        connection_id=connection_id,
        connected_at=number(item, "connected_at", missing=0),
        expires_at=number(item, "expires_at", missing=NEVER),
        subject=text(item, "subject"),
        send=_grants(item["send"]) if "send" in item else None,
    )


def text(item: dict[str, Any], name: str) -> str | None:
    """Return the text of an attribute, or None if the attribute is missing or is not a text."""
    try:
        value = item[name]["S"]
    except (KeyError, TypeError):
        return None
    return value if isinstance(value, str) else None


def number(item: dict[str, Any], name: str, missing: int) -> int:
    """
    Return the number of an attribute without its fraction: 0 to NEVER, up to which a float is exact.

    Args:
        missing: The result if the attribute is missing, is not a number, or is beyond these bounds.

    """
    try:
        value = math.floor(float(item[name]["N"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        return missing
    return value if 0 <= value <= NEVER else missing


def _grants(attribute: Any) -> tuple[str, ...]:
    try:
        grants = [grant["S"] for grant in attribute["L"]]
    except (KeyError, TypeError):
        return ()
    return tuple(grant for grant in grants if isinstance(grant, str))
