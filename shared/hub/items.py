"""A connection in DynamoDB's own form, there and back."""

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ResponseStreamingError

from hub.connection import NEVER, Connection

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef


def parse_items(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object) -> None:
    """
    Take the items out of an answer before botocore parses it.

    Its parser looks for each of DynamoDB's ten types in each value, which took a quarter of the CPU
    of a large delivery. The rows have no binary values, so the items are as JSON has them.
    Were the event ever to go, botocore would parse the items as well as ever.

    """
    if response_dict["status_code"] != HTTPStatus.OK:
        return
    try:
        content = json.loads(response_dict["body"])
    except ValueError as error:
        raise ResponseStreamingError(error=error) from error
    customized_response_dict["Items"] = content.pop("Items", [])
    response_dict["body"] = json.dumps(content).encode()


def item_of(connection: Connection) -> "dict[str, AttributeValueTypeDef]":
    """Return a connection as DynamoDB takes it."""
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
    """Return a row; what it lacks, as one put there by hand may, is as if it had opened long ago and never ended."""
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
