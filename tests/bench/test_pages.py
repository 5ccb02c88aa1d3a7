"""The stub's answers to queries are like DynamoDB's."""

import binascii
import json
from typing import Any

from bench.delivery.pages import connection_id, page


def test_a_page_has_a_checksum_as_those_of_dynamodb() -> None:
    head, _, body = page({"ExpressionAttributeValues": {":s": {"S": "s1"}}}).partition(b"\r\n\r\n")
    assert f"x-amz-crc32: {binascii.crc32(body)}".encode() in head.split(b"\r\n")
    assert json.loads(body)["Count"] == 1


def content(**query: object) -> dict[str, Any]:
    """Return the body of the answer to a query for the session s5."""
    answered = page({"ExpressionAttributeValues": {":session": {"S": "s5"}}, **query})
    body: dict[str, Any] = json.loads(answered.partition(b"\r\n\r\n")[2])
    return body


def ids(body: dict[str, Any]) -> list[str]:
    return [item["connection_id"]["S"] for item in body["Items"]]


def test_the_pages_of_a_session_follow_one_another() -> None:
    first = content(Limit=3)
    second = content(Limit=3, ExclusiveStartKey=first["LastEvaluatedKey"])
    assert ids(first) + ids(second) == ids(content()) == [connection_id(number) for number in range(5)]
    assert "LastEvaluatedKey" not in second


def test_only_a_query_without_a_projection_repeats_the_session() -> None:
    assert {"session_id" in item for item in content()["Items"]} == {True}
    assert {"session_id" in item for item in content(ProjectionExpression="connection_id")["Items"]} == {False}
