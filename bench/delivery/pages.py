"""DynamoDB's answers to the queries of a delivery."""

import binascii
import json

MOST = 9_000
"""Rows of a page without a limit: about 1 MB, where DynamoDB ends a page."""


def connection_id(number: int) -> str:
    """Return an id that is as long as those of API Gateway."""
    return f"{number:014}A="


def page(query: dict[str, object]) -> bytes:
    """Return DynamoDB's answer to a query, whose only value is a connection id or a session id."""
    values = query["ExpressionAttributeValues"]
    assert isinstance(values, dict)
    (value,) = values.values()
    times = {"connected_at": {"N": "1795000000000"}, "expires_at": {"N": "9795000000"}}
    if "IndexName" in query:
        items = [{"session_id": {"S": "s0"}, "connection_id": value, **times}]
        return answer({"Items": items, "Count": 1})
    start = query.get("ExclusiveStartKey")
    first = int(start["connection_id"]["S"][:14]) + 1 if isinstance(start, dict) else 0
    most = query.get("Limit", MOST)
    assert isinstance(most, int)
    total = int(value["S"][1:])
    last = min(first + most, total)
    wanted = times if "ProjectionExpression" in query else {"session_id": value, **times}
    items = [{"connection_id": {"S": connection_id(number)}, **wanted} for number in range(first, last)]
    more = {"LastEvaluatedKey": {"session_id": value, **items[-1]}} if last < total else {}
    return answer({"Items": items, "Count": len(items), **more})


def answer(content: object, status: str = "200 OK") -> bytes:
    """Return an answer with its checksum, which DynamoDB also sends."""
    body = json.dumps(content).encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {len(body)}\r\n"
        f"x-amz-crc32: {binascii.crc32(body)}\r\n\r\n"
    )
    return head.encode() + body
