"""The recipes of docs/backends.md: what AWS takes, and the messages that come of events."""

import json
import re
from typing import Any

import boto3
import pytest
from cfnlint.api import ManualArgs, lint
from samtranslator.yaml_helper import yaml_parse

from hub import published
from tests.support.documents import BACKENDS, code, function_of
from tests.support.gateway import RunningGateway
from tests.support.recipes import filled, transformed


def test_python_puts_a_message_into_the_queue(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="hub")["QueueUrl"]
    monkeypatch.setenv("HUB_QUEUE", url)
    function_of("Publish by queue", "publish_later")("o-1", ["s1"], {"text": "hi"})
    (record,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(record["Body"]) == {"id": "o-1", "sessions": ["s1"], "message": {"text": "hi"}, "from": "orders"}
    assert published.parse(record["Body"]).id == "o-1"


def test_the_variables_lead_to_the_queue_of_the_local_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    (exports,) = code(BACKENDS, "Publish by queue", "console")
    with RunningGateway.start("--parameter", "PublishQueue=on") as hub, hub.connect("s1") as client:
        for name, value in re.findall(r"(\w+)=(\S+)", exports):
            monkeypatch.setenv(name, value.replace("http://127.0.0.1:3003", hub.endpoints["aws"]))
        function_of("Publish by queue", "publish_later")("o-1", ["s1"], {"text": "hi"})
        assert client.receive()["message"] == {"text": "hi"}


PARAMETERS = {"HubQueueArn": {"Type": "String"}, "HubQueueUrl": {"Type": "String"}}
ORDERS = {
    "Type": "AWS::DynamoDB::Table",
    "UpdateReplacePolicy": "Delete",
    "DeletionPolicy": "Delete",
    "Properties": {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "order", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "order", "KeyType": "HASH"}],
        "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
    },
}
"""The reader's own table."""


def recipe(*titles: str) -> dict[str, Any]:
    """Return the resources of the recipes under these headings."""
    return {
        name: resource
        for title in titles
        for snippet in code(BACKENDS, title, "yaml")
        for name, resource in yaml_parse(snippet).items()
    }


def problems_of(template: dict[str, Any]) -> list[str]:
    """Return the errors and warnings that cfn-lint finds in a template."""
    return [str(match) for match in lint(json.dumps(template), config=ManualArgs(regions=["us-east-1"]))]


@pytest.mark.parametrize(
    ("titles", "own"),
    [
        pytest.param(["EventBridge"], {}, id="eventbridge"),
        pytest.param(["S3"], {}, id="s3"),
        pytest.param(["DynamoDB streams"], {"Orders": ORDERS}, id="dynamodb"),
    ],
)
def test_cloudformation_takes_each_recipe(titles: list[str], own: dict[str, Any]) -> None:
    template = {"Parameters": PARAMETERS, "Resources": recipe(*titles) | own}
    used = json.dumps(template["Resources"])
    template["Parameters"] = {name: value for name, value in PARAMETERS.items() if name in used}
    assert problems_of(template) == []


ID = "6a7e8feb-b491-4cf7-a9f1-bf3703467718"


@pytest.mark.parametrize(
    ("title", "rule", "event", "message"),
    [
        pytest.param(
            "EventBridge", "OrderShipped",
            {"id": ID, "source": "shop.orders", "detail-type": "shipped",
             "detail": {"customer": "ann", "order": 'o "1"'}},
            {"id": ID, "sessions": ["ann"], "message": {"shipped": 'o "1"'}, "from": "orders"},
            id="eventbridge",
        ),
        pytest.param(
            "S3", "UploadFinished",
            {"id": ID, "source": "aws.s3", "detail-type": "Object Created", "detail": {"object": {"key": "a b.png"}}},
            {"id": ID, "sessions": ["uploads"], "message": {"uploaded": "a b.png"}, "from": "uploads"},
            id="s3",
        ),
    ],
)  # fmt: skip
def test_a_rule_makes_a_message_of_an_event(title: str, rule: str, event: Any, message: Any) -> None:
    properties = recipe(title)[rule]["Properties"]
    assert event["source"] in properties["EventPattern"]["source"]
    assert event["detail-type"] in properties["EventPattern"]["detail-type"]
    (target,) = properties["Targets"]
    transformer = target["InputTransformer"]
    body = transformed(transformer["InputTemplate"], event, transformer["InputPathsMap"])
    assert json.loads(body) == message
    assert published.parse(body).id == ID


def test_a_pipe_makes_a_message_of_a_record() -> None:
    image = {"order": {"S": "o-1"}, "customer": {"S": "ann"}}
    record = {
        "eventID": "c814968f8803051fa5700a2a0b9fe599",
        "eventName": "INSERT",
        "dynamodb": {"Keys": {"order": {"S": "o-1"}}, "NewImage": image},
    }
    template = recipe("DynamoDB streams")["NewOrders"]["Properties"]["TargetParameters"]["InputTemplate"]
    body = transformed(template, record, {})
    expected = {"id": record["eventID"], "sessions": ["ann"], "message": {"ordered": "o-1"}, "from": "orders"}
    assert json.loads(body) == expected
    assert published.parse(body).id == expected["id"]


def test_a_state_puts_a_message_into_the_queue() -> None:
    (snippet,) = code(BACKENDS, "Step Functions", "json")
    states = json.loads(snippet)
    machine = {"StartAt": "TellCustomer", "States": states}
    resource = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"RoleArn": "arn:aws:iam::123456789012:role/tells", "Definition": machine},
    }
    assert problems_of({"Resources": {"Machine": resource}}) == []

    body = json.dumps(filled(states["TellCustomer"]["Parameters"]["MessageBody"], {"order": "o-1", "customer": "ann"}))
    assert json.loads(body) == {"id": "o-1", "sessions": ["ann"], "message": {"shipped": "o-1"}, "from": "orders"}
    assert published.parse(body).id == "o-1"
