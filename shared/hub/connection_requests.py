"""
The requests to the table of connections, and how to read the answers.

The functions with the name of a request return its arguments, without the name of the table. ``connections`` makes the
requests with boto3, and ``delivery.table`` with delivery's own HTTP engine.

"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from hub import items
from hub.connection import Connection

Arguments: TypeAlias = dict[str, Any]

INDEX = "connection_id-index"

USED = "used#"
"""The start of both keys of a row that stands for a used credential. A session id cannot contain ``#``."""

UNCHANGED = (
    "attribute_not_exists(connected_at) OR NOT attribute_type(connected_at, :number)"
    " OR (connected_at >= :connected_at AND connected_at < :after)"
)
"""Whether a row is the one that was read. The time in a row that somebody added by hand may be missing or malformed, or
may have a fraction, which ``items`` leaves out."""

PAGE = 1000
"""Rows of a session that one request reads. A page is delivered while the next page is being read."""


def put(connection: Connection) -> Arguments:
    """PutItem: store a connection."""
    return {"Item": items.item_of(connection)}


def put_used(once: str, until: int) -> Arguments:
    """
    PutItem: mark a credential as used, if it is not marked already.

    Args:
        once: A name for the credential.
        until: Epoch seconds after which DynamoDB may delete the mark.

    """
    key = {"S": USED + once}
    return {
        "Item": {"session_id": key, "connection_id": key, "expires_at": {"N": str(until)}},
        "ConditionExpression": "attribute_not_exists(session_id)",
    }


def count(session_id: str, now: float) -> Arguments:
    """Query: count the connections of a session that have not expired at ``now``, in epoch seconds."""
    return {"Select": "COUNT", **_unexpired(session_id, now)}


def counted(session_id: str, now: float) -> Arguments:
    """Query: the connections that ``count`` counts, all without ``subject`` and ``send``; in pages of PAGE rows."""
    return {
        "ProjectionExpression": "connection_id, connected_at, expires_at",
        "Limit": PAGE,
        **_unexpired(session_id, now),
    }


def _unexpired(session_id: str, now: float) -> Arguments:
    """A row that somebody added by hand is not among them if it has no ``expires_at``, or if that is not a number."""
    return {
        "ConsistentRead": True,
        "KeyConditionExpression": "session_id = :session",
        "FilterExpression": "expires_at > :now",
        "ExpressionAttributeValues": {":session": {"S": session_id}, ":now": {"N": str(int(now))}},
    }


def page(session_id: str) -> Arguments:
    """
    Query: the first PAGE connections of a session: expired connections too, all without ``send``.

    The read is consistent: it finds every connection that was stored before.

    """
    return {
        "ConsistentRead": True,
        "KeyConditionExpression": "session_id = :session",
        "ExpressionAttributeValues": {":session": {"S": session_id}},
        "ProjectionExpression": "connection_id, connected_at, expires_at, subject",
        "Limit": PAGE,
    }


def next_page(answer: Mapping[str, Any]) -> Arguments | None:
    """Return what to add to the arguments of a query for the page after this answer, or None after the last page."""
    return {"ExclusiveStartKey": answer["LastEvaluatedKey"]} if "LastEvaluatedKey" in answer else None


def page_after(session_id: str, connection_id: str) -> Arguments:
    """Return what to add to the arguments of ``page`` for the page after a connection id, which need not be there."""
    return {"ExclusiveStartKey": {"session_id": {"S": session_id}, "connection_id": {"S": connection_id}}}


def connections_in(answer: Mapping[str, Any], session_id: str) -> list[Connection]:
    """Return the connections in the answer to ``page`` or ``counted``."""
    return [row for item in answer["Items"] if (row := items.connection_of(item, session_id))]


def by_connection(connection_id: str) -> Arguments:
    """Query: a connection by its id alone. The index lags behind the table by milliseconds."""
    return {
        "IndexName": INDEX,
        "KeyConditionExpression": "connection_id = :connection",
        "ExpressionAttributeValues": {":connection": {"S": connection_id}},
    }


def connection_in(answer: Mapping[str, Any]) -> Connection | None:
    """Return the connection in the answer to ``by_connection``, or None if the index does not show it."""
    for item in answer["Items"]:
        if connection := items.connection_of(item, item["session_id"]["S"]):
            return connection
    return None


def delete(connection: Connection) -> Arguments:
    """DeleteItem: remove the row of a connection, unless the row has been replaced since it was read."""
    return {
        "Key": {"session_id": {"S": connection.session_id}, "connection_id": {"S": connection.connection_id}},
        "ConditionExpression": UNCHANGED,
        "ExpressionAttributeValues": {
            ":connected_at": {"N": str(connection.connected_at)},
            ":after": {"N": str(connection.connected_at + 1)},
            ":number": {"S": "N"},
        },
    }
