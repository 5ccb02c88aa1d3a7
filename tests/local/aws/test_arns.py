"""Which ARNs of a request name the region and the account of the resources, and which texts stay."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from local.aws.arns import in_form, in_json

ELSEWHERE = "arn:aws:sns:eu-west-1:999988887777:top"
HERE = "arn:aws:sns:here:top"
TABLE = "arn:aws-cn:dynamodb:cn-north-1:999988887777:table/tab"


def localised(service: str, resource: str) -> str:
    return f"arn:aws:{service}:here:{resource}"


NAMES = {
    "arn": ({"TopicArn": ELSEWHERE}, {"TopicArn": HERE}),
    "capitals": ({"StreamARN": ELSEWHERE}, {"StreamARN": HERE}),
    "name-inside-a-list": ({"TransactItems": [{"Put": {"TableName": ELSEWHERE}}]},
                           {"TransactItems": [{"Put": {"TableName": HERE}}]}),
    "list": ({"SecretIdList": [ELSEWHERE, "name"]}, {"SecretIdList": [HERE, "name"]}),
    "key": ({"RequestItems": {TABLE: {"Keys": [{"id": {"S": ELSEWHERE}}]}, "tab": {}}},
            {"RequestItems": {"arn:aws:dynamodb:here:table/tab": {"Keys": [{"id": {"S": ELSEWHERE}}]}, "tab": {}}}),
    "partiql": ({"Statement": f"SELECT * FROM \"{TABLE}\".\"idx\" WHERE id='\"{TABLE}\"'"},
                {"Statement": f"SELECT * FROM \"tab\".\"idx\" WHERE id='\"{TABLE}\"'"}),
}  # fmt: skip


@pytest.mark.parametrize(("sent", "expected"), NAMES.values(), ids=NAMES.keys())
def test_an_arn_that_names_a_resource_is_localised(sent: Any, expected: Any) -> None:
    assert json.loads(in_json(json.dumps(sent).encode(), localised)) == expected


TEXTS = {
    "message": {"MessageBody": f"see TopicArn: {ELSEWHERE}"},
    "json-in-a-message": {"MessageBody": json.dumps({"TopicArn": ELSEWHERE})},
    "an-arn-as-a-message": {"MessageBody": ELSEWHERE},
    "text-after-an-arn": {"Name": f"name {ELSEWHERE}"},
    "attribute-of-a-message": {"MessageAttributes": {"TopicArn": {"DataType": "String", "StringValue": ELSEWHERE}}},
    "group-of-a-message": {"MessageGroupId": ELSEWHERE, "MessageDeduplicationId": ELSEWHERE},
    "item": {"Item": {"TopicArn": {"S": ELSEWHERE}, "Id": {"L": [{"S": ELSEWHERE}]}}},
    "tags": {"tags": {"TopicArn": ELSEWHERE}, "Tags": [{"Key": "TopicArn", "Value": ELSEWHERE}]},
    "secret": {"SecretString": json.dumps({"TopicArn": ELSEWHERE})},
}


@pytest.mark.parametrize("content", TEXTS.values(), ids=TEXTS.keys())
def test_a_text_that_contains_an_arn_is_not_changed(content: Any) -> None:
    body = json.dumps(content, indent=1).encode()
    assert in_json(body, localised) == body


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000], ids=["empty", "broken", "bytes", "deep"])
def test_a_body_that_is_not_json_is_not_changed(body: bytes) -> None:
    assert in_json(body, localised) == body


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        pytest.param("TopicArn", ELSEWHERE, HERE, id="arn"),
        pytest.param("Endpoint", ELSEWHERE, HERE, id="endpoint"),
        pytest.param("ResourceARNList.member.2", ELSEWHERE, HERE, id="element"),
        pytest.param("Message", ELSEWHERE, ELSEWHERE, id="message"),
        pytest.param("Message", f"TopicArn={ELSEWHERE}&TopicArn={ELSEWHERE}", None, id="form-in-a-message"),
        pytest.param("MessageGroupId", ELSEWHERE, ELSEWHERE, id="group-of-a-message"),
        pytest.param("Endpoint", "https://example.com/?a=+b", None, id="url"),
    ],
)
def test_a_form_s_arns_are_localised_in_names_alone(name: str, value: str, expected: str | None) -> None:
    body = urlencode({"Action": "X", name: value, "Empty": ""}).encode()
    assert parse_qsl(in_form(body, localised).decode(), keep_blank_values=True) == [
        ("Action", "X"), (name, expected or value), ("Empty", "")
    ]  # fmt: skip
