"""Converts a connection to a DynamoDB item and back."""

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


def connection_of(item: dict[str, Any], session_id: str) -> Connection:
    """Return the connection in an item. An item added by hand may lack times: it then opened at 0 and never expires."""
    return Connection(
        session_id=session_id,
        connection_id=item["connection_id"]["S"],
        connected_at=_number(item, "connected_at", missing=0),
        expires_at=_number(item, "expires_at", missing=NEVER),
        subject=item["subject"]["S"] if "subject" in item else None,
        send=tuple(grant["S"] for grant in item["send"]["L"]) if "send" in item else None,
    )


def _number(item: dict[str, Any], name: str, missing: int) -> int:
    return int(item[name]["N"]) if name in item else missing
