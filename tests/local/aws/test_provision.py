"""Creating the template's resources: in the embedded AWS, and in a DynamoDB with fewer features."""

import io
import json
import re
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.aws.provision import provision
from local.console import Console
from local.stack.app import Store
from local.stack.errors import TemplateError
from local.stack.loading import load
from tests.support.gateway import RunningGateway
from tests.support.paths import ROOT


def hub(parameters: dict[str, str] | None = None, **changes: Any) -> Store:
    """Return the resources of the hub's template. Two of them have names that no other test uses: table and secret."""
    store = load(ROOT / "template.yaml", {"TableName": f"table-{uuid.uuid4()}"} | (parameters or {})).store
    (secret,) = store.secrets
    return replace(store, **{"secrets": (secret | {"Name": f"secret-{uuid.uuid4()}"},)} | changes)


def provisioned(store: Store, dynamodb: str, secrets: str) -> str:
    """Create the resources of a store, and return what the terminal shows."""
    printed = io.StringIO()
    provision(store, dynamodb, secrets, Console(printed))
    return printed.getvalue()


def test_the_hub_s_table_is_created_as_the_template_describes_it(gateway: RunningGateway) -> None:
    app = hub()
    assert provisioned(app, gateway.endpoints["aws"], gateway.endpoints["aws"]) == ""

    name = app.tables[0]["TableName"]
    dynamodb = boto3.client("dynamodb", endpoint_url=gateway.endpoints["aws"])
    table = dynamodb.describe_table(TableName=name)["Table"]
    assert (table["TableStatus"], table["BillingModeSummary"]["BillingMode"]) == ("ACTIVE", "PAY_PER_REQUEST")
    assert table["KeySchema"] == [
        {"AttributeName": "session_id", "KeyType": "HASH"},
        {"AttributeName": "connection_id", "KeyType": "RANGE"},
    ]
    assert table["AttributeDefinitions"] == [
        {"AttributeName": "session_id", "AttributeType": "S"},
        {"AttributeName": "connection_id", "AttributeType": "S"},
    ]
    (index,) = table["GlobalSecondaryIndexes"]
    assert {member: index[member] for member in ("IndexName", "KeySchema", "Projection")} == {
        "IndexName": "connection_id-index",
        "KeySchema": [{"AttributeName": "connection_id", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    assert dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"] == {
        "AttributeName": "expires_at",
        "TimeToLiveStatus": "ENABLED",
    }


def test_with_history_the_hub_s_other_table_is_created_too(gateway: RunningGateway) -> None:
    app, aws = hub({"HistorySeconds": "600"}), gateway.endpoints["aws"]
    assert provisioned(app, aws, aws) == ""

    dynamodb = boto3.client("dynamodb", endpoint_url=aws)
    table = dynamodb.describe_table(TableName="HistoryTable")["Table"]
    assert table["KeySchema"] == [
        {"AttributeName": "session_id", "KeyType": "HASH"},
        {"AttributeName": "seq", "KeyType": "RANGE"},
    ]
    assert dynamodb.describe_time_to_live(TableName="HistoryTable")["TimeToLiveDescription"] == {
        "AttributeName": "expires_at",
        "TimeToLiveStatus": "ENABLED",
    }
    dynamodb.delete_table(TableName="HistoryTable")


def test_an_existing_table_keeps_its_items(gateway: RunningGateway) -> None:
    app, aws = hub(secrets=()), gateway.endpoints["aws"]
    provisioned(app, aws, aws)
    name = app.tables[0]["TableName"]
    dynamodb = boto3.client("dynamodb", endpoint_url=aws)
    row = {"session_id": {"S": "s1"}, "connection_id": {"S": "c1"}}
    dynamodb.put_item(TableName=name, Item=row)

    assert provisioned(app, aws, aws) == f"The table {name} exists already. The gateway uses it as it is.\n"
    assert dynamodb.scan(TableName=name)["Items"] == [row]


@pytest.mark.parametrize(
    ("properties", "value"),
    [
        pytest.param(
            {"GenerateSecretString": {"PasswordLength": 64, "ExcludePunctuation": True}},
            "[A-Za-z0-9]{64}",
            id="generated",
        ),
        pytest.param({"GenerateSecretString": {}}, "[A-Za-z0-9]{32}", id="generated-with-the-default-length"),
        pytest.param({}, "[A-Za-z0-9]{32}", id="no-value-at-all"),
        pytest.param({"SecretString": "written down"}, "written down", id="given"),
    ],
)
def test_a_secret_has_the_value_that_the_template_asks_for(
    gateway: RunningGateway, properties: dict[str, Any], value: str
) -> None:
    name, aws = f"secret-{uuid.uuid4()}", gateway.endpoints["aws"]
    provisioned(hub(tables=(), secrets=(properties | {"Name": name},)), aws, aws)
    stored = boto3.client("secretsmanager", endpoint_url=aws).get_secret_value(SecretId=name)
    assert re.fullmatch(value, stored["SecretString"])


def test_two_generated_secrets_differ(gateway: RunningGateway) -> None:
    apps, aws = (hub(tables=()), hub(tables=())), gateway.endpoints["aws"]
    for app in apps:
        provisioned(app, aws, aws)
    manager = boto3.client("secretsmanager", endpoint_url=aws)
    first, second = (manager.get_secret_value(SecretId=app.secrets[0]["Name"])["SecretString"] for app in apps)
    assert first != second


class SmallDynamoDB(BaseHTTPRequestHandler):
    """A DynamoDB without TTL that refuses to create tables named bad-*."""

    def do_POST(self) -> None:
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if operation not in {"CreateTable", "DescribeTable"}:
            return self._answer(400, {"__type": "com.amazonaws.dynamodb#UnknownOperationException"})
        if request["TableName"].startswith("bad-"):
            return self._answer(400, {"__type": "com.amazonaws.dynamodb#ValidationException", "message": "No."})
        table = {"TableName": request["TableName"], "TableStatus": "ACTIVE"}
        return self._answer(200, {"TableDescription": table} if operation == "CreateTable" else {"Table": table})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *arguments: object) -> None:
        """Print nothing."""


@pytest.fixture
def small_dynamodb() -> Iterator[str]:
    """The URL of a DynamoDB with fewer features."""
    with ThreadingHTTPServer(("127.0.0.1", 0), SmallDynamoDB) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_dynamodb_without_ttl_is_used_with_a_warning(gateway: RunningGateway, small_dynamodb: str) -> None:
    app = hub({"HistorySeconds": "600"})
    printed = provisioned(app, small_dynamodb, gateway.endpoints["aws"])
    assert printed.splitlines() == [
        f"This DynamoDB does not support TTL: expired rows of {table['TableName']} stay in the table."
        for table in app.tables
    ]
    assert len(app.tables) == 2


def test_a_dynamodb_that_refuses_the_table_is_an_error(small_dynamodb: str) -> None:
    app = hub()
    bad = replace(app, tables=(app.tables[0] | {"TableName": "bad-name"},))
    with pytest.raises(TemplateError) as raised:
        provisioned(bad, small_dynamodb, small_dynamodb)
    assert str(raised.value) == (
        f"dynamodb at {small_dynamodb} cannot create bad-name: "
        "An error occurred (ValidationException) when calling the CreateTable operation: No."
    )


def test_a_dynamodb_that_cannot_be_reached_is_an_error() -> None:
    with pytest.raises(
        TemplateError, match=r"^dynamodb at http://127\.0\.0\.1:1 cannot create table-.*: Could not conn"
    ):
        provisioned(hub(), "http://127.0.0.1:1", "http://127.0.0.1:1")


TABLE = {
    "TableName": "fitted",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
}


def test_a_table_with_properties_of_cloudformation_s_form_is_created(gateway: RunningGateway) -> None:
    index = {"IndexName": "idx", "KeySchema": TABLE["KeySchema"], "Projection": {"ProjectionType": "ALL"}}
    units = {"ReadCapacityUnits": "5", "WriteCapacityUnits": 5.0}
    table = TABLE | {
        "ProvisionedThroughput": units,
        "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
        "GlobalSecondaryIndexes": [
            index | {"ProvisionedThroughput": units, "ContributorInsightsSpecification": {"Enabled": True}}
        ],
    }
    assert provisioned(Store(tables=(table,)), gateway.endpoints["aws"], gateway.endpoints["aws"]) == ""
    created = boto3.client("dynamodb", endpoint_url=gateway.endpoints["aws"]).describe_table(TableName="fitted")[
        "Table"
    ]
    assert created["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    assert created["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}


def test_a_topic_may_be_fifo(gateway: RunningGateway) -> None:
    aws = gateway.endpoints["aws"]
    assert provisioned(Store(topics=({"TopicName": "t.fifo", "FifoTopic": True},)), aws, aws) == ""
    topics = boto3.client("sns", endpoint_url=aws).list_topics()["Topics"]
    assert "arn:aws:sns:us-east-1:123456789012:t.fifo" in [topic["TopicArn"] for topic in topics]


def test_a_queue_has_the_attributes_of_the_template(gateway: RunningGateway) -> None:
    aws, name = gateway.endpoints["aws"], f"queue-{uuid.uuid4()}.fifo"
    given = {
        "ContentBasedDeduplication": True,
        "DelaySeconds": 5,
        "MaximumMessageSize": "2048",
        "MessageRetentionPeriod": 120,
        "ReceiveMessageWaitTimeSeconds": 3,
        "VisibilityTimeout": "180",
    }
    assert provisioned(Store(queues=(given | {"QueueName": name, "FifoQueue": True},)), aws, aws) == ""
    attributes = gateway.queue(name).attributes()
    assert {key: attributes[key] for key in (*given, "FifoQueue")} == {
        "ContentBasedDeduplication": "true",
        "DelaySeconds": "5",
        "FifoQueue": "true",
        "MaximumMessageSize": "2048",
        "MessageRetentionPeriod": "120",
        "ReceiveMessageWaitTimeSeconds": "3",
        "VisibilityTimeout": "180",
    }


def test_dead_letters_may_go_to_a_queue_that_is_declared_later(gateway: RunningGateway) -> None:
    aws, names = gateway.endpoints["aws"], [f"queue-{uuid.uuid4()}" for _ in range(2)]
    redrive = [  # each is the other's queue of dead letters; the ARN may name any region and account
        {"deadLetterTargetArn": f"arn:aws:sqs:eu-west-1:210987654321:{target}", "maxReceiveCount": "3"}
        for target in reversed(names)
    ]
    queues = tuple({"QueueName": name, "RedrivePolicy": policy} for name, policy in zip(names, redrive, strict=True))
    assert provisioned(Store(queues=queues), aws, aws) == ""
    assert [json.loads(gateway.queue(name).attributes()["RedrivePolicy"]) for name in names] == [
        {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:123456789012:{target}", "maxReceiveCount": 3}
        for target in reversed(names)
    ]


@pytest.mark.parametrize(
    ("store", "problem"),
    [
        pytest.param({"buckets": ({"BucketName": "A_B C"},)}, "s3 at {aws} cannot create A_B C: ", id="bucket"),
        pytest.param(
            {"secrets": ({"Name": "s", "GenerateSecretString": {"PasswordLength": "x"}},)},
            "secretsmanager at {aws} cannot create s: invalid literal for int",
            id="secret",
        ),
        pytest.param(
            {"queues": ({"QueueName": "q", "VisibilityTimeout": "x"},)}, "sqs at {aws} cannot create q: ", id="queue"
        ),
        pytest.param(
            {"queues": ({"QueueName": "q", "RedrivePolicy": {"deadLetterTargetArn": "q", "maxReceiveCount": "x"}},)},
            "sqs at {aws} cannot create q: invalid literal for int",
            id="a-count-that-is-not-a-number",
        ),
        pytest.param(
            {"queues": ({"QueueName": "q", "RedrivePolicy": {"deadLetterTargetArn": "x", "maxReceiveCount": 1}},)},
            "sqs at {aws} cannot create q: An error occurred (AWS.SimpleQueueService.NonExistentQueue) ",
            id="dead-letters-for-no-queue",
        ),
        pytest.param({"parameters": ({"Name": "p", "Type": "X"},)}, "ssm at {aws} cannot create p: ", id="parameter"),
        pytest.param(
            {"tables": (TABLE | {"ProvisionedThroughput": {"ReadCapacityUnits": "many"}},)},
            "dynamodb at {aws} cannot create fitted: invalid literal for int",
            id="table",
        ),
    ],
)
def test_a_resource_that_cannot_be_created_is_one_sentence(gateway: RunningGateway, store: Any, problem: str) -> None:
    aws = gateway.endpoints["aws"]
    with pytest.raises(TemplateError) as raised:
        provisioned(Store(**store), aws, aws)
    assert str(raised.value).startswith(problem.format(aws=aws))
    assert "\n" not in str(raised.value)


TEMPLATE = """
Resources:
  Api: { Type: AWS::ApiGatewayV2::Api, Properties: { ProtocolType: WEBSOCKET, RouteSelectionExpression: x } }
  Stage: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Api, StageName: prod } }
  Bad: { Type: AWS::S3::Bucket, Properties: { BucketName: A_B C } }
"""


def test_a_resource_that_cannot_be_created_is_named_with_its_line_in_the_template(
    gateway: RunningGateway, tmp_path: Path
) -> None:
    template, aws = tmp_path / "template.yaml", gateway.endpoints["aws"]
    template.write_text(TEMPLATE)
    with pytest.raises(TemplateError) as raised:
        provisioned(load(template, {}).store, aws, aws)
    assert str(raised.value).startswith(f"{template}:5: s3 at {aws} cannot create A_B C: ")
