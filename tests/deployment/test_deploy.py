"""
Deploys the stack as a user does, with ``sam deploy``, to the emulator MiniStack, and uses it.

MiniStack checks that the function's role allows every call of a function. So these tests fail if a role lacks a
permission.

"""

import asyncio
import io
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from bench.artefacts import this_machine
from local.cli.smoke.access import Given
from local.cli.smoke.run import smoke
from local.console import Console
from local.stack.loading import translated
from local.stack.parameters import parameter_values
from local.stack.resources import Resources
from tests.support import ministack
from tests.support.credentials import KEY, token
from tests.support.gateway import PATIENCE, Client, wait_until
from tests.support.ministack import Failed, MiniStack, is_left_out
from tests.support.paths import ROOT

pytestmark = pytest.mark.skipif(
    sys.version_info[:2] != (3, 12) or sys.platform != "linux",
    reason="MiniStack runs what sam builds for Lambda: that needs Linux and Python 3.12",
)

TEMPLATE = translated(ROOT / "template.yaml")
OTHER = {"arm64": "x86_64", "x86_64": "arm64"}
SECRET = "key-of-the-tests"
SECOND = {
    "AuthMode": "jwt",
    "MaxConnectionsPerSession": "2",
    "SigningSecretName": SECRET,
    "HistorySeconds": "600",
    "PublishQueue": "on",
}
"""The parameters of the second deployment: those that give a function more rights."""

LISTS = {
    "AWS::ApiGatewayV2::Api": ("apigatewayv2", "get_apis", "Items"),
    "AWS::CloudWatch::Alarm": ("cloudwatch", "describe_alarms", "MetricAlarms"),
    "AWS::DynamoDB::Table": ("dynamodb", "list_tables", "TableNames"),
    "AWS::IAM::Role": ("iam", "list_roles", "Roles"),
    "AWS::Lambda::Function": ("lambda", "list_functions", "Functions"),
    "AWS::Logs::LogGroup": ("logs", "describe_log_groups", "logGroups"),
    "AWS::Lambda::LayerVersion": ("lambda", "list_layers", "Layers"),
    "AWS::Lambda::EventSourceMapping": ("lambda", "list_event_source_mappings", "EventSourceMappings"),
    "AWS::SecretsManager::Secret": ("secretsmanager", "list_secrets", "SecretList"),
}
"""The call that lists all resources of a type. The other types are parts of these types."""


@dataclass(frozen=True)
class Deployment:
    """
    The result of a deployment.

    Attributes:
        kinds: The type of every resource, by logical id.
        ids: The physical id of every resource, by logical id.
        listed: For each type, the number of resources that the service lists.
        environment: The environment of the function that the route ``sendMessage`` calls.

    """

    kinds: dict[str, str]
    ids: dict[str, str]
    listed: Counter[str]
    environment: dict[str, str]

    @classmethod
    def of(cls, running: MiniStack) -> "Deployment":
        resources = running.resources()
        return cls(
            kinds={resource["LogicalResourceId"]: resource["ResourceType"] for resource in resources},
            ids={resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources},
            listed=listed(running),
            environment=environment_of_messages(running),
        )


@dataclass(frozen=True)
class Stack:
    """The stack after two deployments: with the defaults, then with ``SECOND`` and the URL of the first deployment."""

    running: MiniStack
    endpoint: str
    first: Deployment
    second: Deployment

    def connect(self, session_id: str) -> ClientConnection:
        return self.handshake(
            "?token=" + token({"session_id": session_id, "exp": int(time.time()) + 600, "send": ["*"]})
        )

    def handshake(self, query: str) -> ClientConnection:
        url = self.endpoint.replace("http", "ws", 1)
        return connect(url + query, proxy=None, compression=None, open_timeout=PATIENCE)

    def sessions(self) -> list[str]:
        """Return the session of every row of the table of connections."""
        return [row["session_id"]["S"] for row in self.items("ConnectionsTable")]

    def items(self, table: str) -> list[dict[str, Any]]:
        """Return the items of a table, by its logical id."""
        dynamodb = self.running.client("dynamodb")
        items: list[dict[str, Any]] = dynamodb.scan(TableName=self.second.ids[table], ConsistentRead=True)["Items"]
        return items


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """The deployed stack. Only two of the last tests change it: they switch history off, and delete the stack."""
    ministack.prepare()
    with MiniStack.start() as running:
        running.deploy()
        first, endpoint = Deployment.of(running), running.endpoint
        running.client("secretsmanager").create_secret(Name=SECRET, SecretString=KEY)
        running.deploy(f"WebSocketEndpoint={endpoint}", *(f"{name}={value}" for name, value in SECOND.items()))
        yield Stack(running, endpoint, first, Deployment.of(running))


def listed(running: MiniStack) -> Counter[str]:
    return Counter(
        {kind: len(getattr(running.client(service), call)()[member]) for kind, (service, call, member) in LISTS.items()}
    )


def environment_of_messages(running: MiniStack) -> dict[str, str]:
    api, gateway = running.physical_id("AWS::ApiGatewayV2::Api"), running.client("apigatewayv2")
    (route,) = [route for route in gateway.get_routes(ApiId=api)["Items"] if route["RouteKey"] == "sendMessage"]
    integration = gateway.get_integration(ApiId=api, IntegrationId=route["Target"].removeprefix("integrations/"))
    called = re.search(r"functions/(.+)/invocations", integration["IntegrationUri"])
    assert called
    configuration = running.client("lambda").get_function_configuration(FunctionName=called[1])
    return dict(configuration["Environment"]["Variables"])


def declared(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the type of every resource that the template has with these parameters, by logical id."""
    resources = Resources(TEMPLATE, parameter_values(TEMPLATE["Parameters"], dict(parameters)))
    kinds = {name: resource["Type"] for name, resource in TEMPLATE["Resources"].items() if not is_left_out(resource)}
    return {name: kind for name, kind in kinds.items() if name in resources.of_type(kind)}


def without_hashes(resources: Mapping[str, str]) -> dict[str, str]:
    """SAM ends the id of a layer with a hash of its code, which uploading changes."""
    return {re.sub(r"[0-9a-f]{10}$", "", name): value for name, value in resources.items()}


def test_every_resource_of_the_template_is_there(stack: Stack) -> None:
    assert without_hashes(stack.first.kinds) == without_hashes(declared({}))
    assert stack.first.listed == Counter(kind for kind in stack.first.kinds.values() if kind in LISTS)


def test_an_update_replaces_nothing_and_removes_resources_whose_condition_is_now_false(stack: Stack) -> None:
    assert without_hashes(stack.second.kinds) == without_hashes(declared(SECOND))
    replaced = {name for name, _ in stack.first.ids.items() - stack.second.ids.items()}
    assert replaced == {"SigningSecret"}


def test_the_stack_keeps_the_key_that_it_made_when_a_parameter_names_another(stack: Stack) -> None:
    assert "SigningSecret" not in stack.second.kinds
    kept = stack.running.client("secretsmanager").describe_secret(SecretId=stack.first.ids["SigningSecret"])
    assert kept["Description"] == f"The key that signs who may connect to {ministack.STACK}"
    assert "DeletedDate" not in kept


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        pytest.param({"Architecture": OTHER[this_machine()]}, r"Architecture.*AllowedValues", id="another-processor"),
        pytest.param({"MessageRate": "0.5"}, r"MessageRate.*a whole number from \d+ to \d+", id="fraction"),
        pytest.param({"StageRate": "1e3"}, r"StageRate.*a whole number from \d+ to \d+", id="exponent"),
        pytest.param({"HistorySeconds": "4"}, r"HistorySeconds.*from 5 to 604800", id="too-short"),
        pytest.param({"HistorySessions": "a*b"}, r"HistorySessions.*session ids and patterns", id="pattern"),
        pytest.param({"ReservedConcurrency": "00"}, r"ReservedConcurrency.*a whole number", id="leading-zero"),
        pytest.param({"AllowedOrigins": "https://[1.2]"}, r"AllowedOrigins.*origins such as", id="origin"),
    ],
)
def test_cloudformation_refuses_parameters_before_it_changes_anything(
    parameters: dict[str, str], sentence: str, stack: Stack
) -> None:
    with pytest.raises(ClientError, match=sentence):
        stack.running.check(**parameters)


def test_sam_deploy_prints_why_cloudformation_refuses_a_parameter(stack: Stack) -> None:
    with pytest.raises(Failed, match=r"a whole number from \d+ to \d+"):
        stack.running.deploy("MessageRate=0.5")


def test_an_update_gives_a_function_the_changed_parameters(stack: Stack) -> None:
    derived = stack.first.environment["WEBSOCKET_ENDPOINT"]
    assert re.fullmatch(r"https://\w+\.execute-api\.us-east-1\.amazonaws\.com/prod", derived)
    changed = {"WEBSOCKET_ENDPOINT": stack.endpoint, "AUTH_MODE": "jwt"}
    history = {"HISTORY_SECONDS": "600", "HISTORY_TABLE": stack.second.ids["HistoryTable"]}
    queue = {"DEAD_LETTERS_URL": stack.second.ids["PublishDeadLetters"]}
    assert stack.second.environment == stack.first.environment | changed | history | queue


def test_an_update_that_switches_history_on_makes_its_table(stack: Stack) -> None:
    assert "HistoryTable" not in stack.first.kinds
    table = stack.running.client("dynamodb").describe_table(TableName=stack.second.ids["HistoryTable"])["Table"]
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["session_id", "seq"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_every_two_way_route_has_one_response(stack: Stack) -> None:
    api, gateway = stack.running.physical_id("AWS::ApiGatewayV2::Api"), stack.running.client("apigatewayv2")
    responses = {
        route["RouteKey"]: len(gateway.get_route_responses(ApiId=api, RouteId=route["RouteId"])["Items"])
        for route in gateway.get_routes(ApiId=api)["Items"]
    }
    assert responses == {
        "$connect": 0,
        "$disconnect": 0,
        "sendMessage": 1,
        "resume": 1,
        "who": 1,
        "$default": 1,
        "ping": 1,
    }


def test_a_message_arrives_and_its_sender_gets_an_ack(stack: Stack) -> None:
    with stack.connect("alice") as first, stack.connect("bob") as second:
        alice, bob = Client(first), Client(second)
        asked = {"action": "sendMessage", "id": "1", "sessions": ["bob", "carol"], "message": {"a": "olá"}}
        ack = alice.ask(asked | {"store": False})  # "store" false: the ack has no seq
        assert ack == {"type": "ack", "id": "1", "delivered": {"bob": 1}, "offline": ["carol"], "failed": {}}
        message = bob.receive()
    expected = {"type": "message", "id": "1", "session": "bob", "from": "alice", "message": {"a": "olá"}}
    assert {name: value for name, value in message.items() if name != "sent_at"} == expected


@pytest.mark.parametrize(
    ("frame", "kind"),
    [pytest.param({"action": "ping"}, "pong", id="ping"), pytest.param({"action": "pong"}, "error", id="default")],
)
def test_the_other_routes_answer(frame: Any, kind: str, stack: Stack) -> None:
    with stack.connect(f"asks-for-{kind}") as socket:
        assert Client(socket).ask(frame)["type"] == kind


def test_a_connection_has_a_row_until_it_closes(stack: Stack) -> None:
    with stack.connect("coming"):
        assert "coming" in stack.sessions()
    wait_until(lambda: "coming" not in stack.sessions())


def test_a_session_cannot_exceed_its_number_of_connections(stack: Stack) -> None:
    with stack.connect("one"), stack.connect("one"), pytest.raises(InvalidStatus):
        stack.connect("one")


@pytest.mark.parametrize("query", ["", "?session_id=s1", "?token=a.b.c"], ids=["empty", "no-token", "forged-token"])
def test_no_client_connects_without_a_valid_token(query: str, stack: Stack) -> None:
    with pytest.raises(InvalidStatus) as refused:
        stack.handshake(query)
    assert refused.value.response.status_code == 403  # MiniStack answers 403, whatever status the function returns


def test_the_smoke_test_says_that_it_works(stack: Stack) -> None:
    printed = io.StringIO()
    url = stack.endpoint.replace("http", "ws", 1)
    status = asyncio.run(smoke(url, Given(key=KEY), Console(printed)))
    lines = printed.getvalue().splitlines()

    assert [line for line in lines if line.startswith(("FAIL", "skip"))] == []
    assert (status, lines[-1]) == (0, "The hub works: 12 checks hold.")


def test_a_client_that_was_away_gets_what_it_missed(stack: Stack) -> None:
    with stack.connect("away") as socket:
        position = Client(socket).ask({"action": "resume", "id": "r-1"})
    with stack.connect("sender") as socket:
        sender = Client(socket)
        acks = [
            sender.ask({"action": "sendMessage", "id": f"m-{number}", "sessions": ["away"], "message": number})
            for number in range(3)
        ]
    with stack.connect("away") as socket:
        answer = Client(socket).ask({"action": "resume", "id": "r-2", "after": position["seq"]})

    numbers = [ack["seq"]["away"] for ack in acks]
    resumed = {"type": "resumed", "session": "away", "more": False}
    assert position == resumed | {"id": "r-1", "seq": numbers[0] - 1, "messages": []}
    assert numbers == [*range(numbers[0], numbers[0] + 3)]
    assert [(frame["seq"], frame["message"]) for frame in answer["messages"]] == [*zip(numbers, range(3), strict=True)]
    assert {name: value for name, value in answer.items() if name != "messages"} == resumed | {
        "id": "r-2",
        "recovered": True,
        "seq": numbers[-1],
    }


def test_a_message_is_stored_as_it_is_delivered(stack: Stack) -> None:
    with stack.connect("kept") as socket:
        asked = {"action": "sendMessage", "id": "1", "sessions": ["kept"], "message": {"a": "olá"}, "echo": True}
        Client(socket).send(asked)
        frames = [str(socket.recv(timeout=PATIENCE)) for _ in range(2)]  # the ack and the message, in either order
    (message,) = [frame for frame in frames if json.loads(frame)["type"] == "message"]
    items = {int(item["seq"]["N"]): item for item in stack.items("HistoryTable") if item["session_id"]["S"] == "kept"}
    number = json.loads(message)["seq"]
    assert {*items} == {0, number}
    assert (items[0]["last"]["N"], items[number]["frame"]["S"]) == (str(number), message)
    assert int(items[number]["until"]["N"]) == int(items[number]["at"]["N"]) + 600 * 1000


def test_the_function_has_the_rights_to_close_a_gap(stack: Stack) -> None:
    with stack.connect("gap") as socket:
        client = Client(socket)
        position = client.ask({"action": "resume"})["seq"]
        for number in range(3):
            asked = {"action": "sendMessage", "sessions": ["gap"], "message": number, "echo": False}
            assert client.ask(asked)["seq"] == {"gap": position + 1 + number}
        key = {"session_id": {"S": "gap"}, "seq": {"N": str(position + 2)}}
        stack.running.client("dynamodb").delete_item(TableName=stack.second.ids["HistoryTable"], Key=key)
        answer = client.ask({"action": "resume", "after": position})
    assert (answer["recovered"], [frame["message"] for frame in answer["messages"]]) == (True, [0, 2])
    (closed,) = [item for item in stack.items("HistoryTable") if item.items() >= key.items()]
    assert "frame" not in closed


def test_a_message_in_the_queue_arrives_and_a_malformed_one_is_a_dead_letter(stack: Stack) -> None:
    sqs, ids = stack.running.client("sqs"), stack.second.ids
    with stack.connect("customer") as socket:
        for body in ("not JSON", json.dumps({"sessions": ["customer"], "message": "shipped", "from": "orders"})):
            sent = sqs.send_message(QueueUrl=ids["PublishedMessages"], MessageBody=body)
        frame = Client(socket).receive()
    expected = {"id": sent["MessageId"], "session": "customer", "from": "#orders", "message": "shipped"}
    assert {name: frame[name] for name in expected} == expected
    dead: list[str] = []

    def is_dead() -> bool:
        received = sqs.receive_message(QueueUrl=ids["PublishDeadLetters"])
        dead.extend(message["Body"] for message in received.get("Messages", []))
        return bool(dead)

    wait_until(is_dead)
    assert dead == ["not JSON"]


def test_a_backend_publishes_and_an_operator_closes_by_invocation(stack: Stack) -> None:
    client = stack.running.client("lambda")

    def invoke(**event: Any) -> Any:
        answer = client.invoke(FunctionName=stack.second.ids["MessageFunction"], Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())

    with stack.connect("user") as socket:
        message = {"sessions": ["user"], "message": "hello", "id": "m-1", "store": False}
        ack = {"type": "ack", "id": "m-1", "delivered": {"user": 1}, "offline": [], "failed": {}}
        assert invoke(hub="publish", messages=[message]) == {"answers": [ack]}
        assert invoke(hub="who", sessions=["user", "nobody"]) == {"online": {"user": 1}, "offline": ["nobody"]}
        assert [row["subject"] for row in invoke(hub="list", session="user")["connections"]] == ["user"]
        assert invoke(hub="purge", session="user") == {"purged": 0, "more": False}
        assert invoke(hub="close", session="user", reconnect=False) == {"closed": {"user": 1}, "failed": {}}
        assert [Client(socket).receive()["type"] for _ in range(2)] == ["message", "closing"]


def test_an_update_that_switches_history_off_deletes_its_table_and_nothing_else(stack: Stack) -> None:
    """The tests behind this one have a hub without history."""
    stack.running.deploy("HistorySeconds=0")
    off = Deployment.of(stack.running)
    assert stack.second.ids.keys() - off.ids.keys() == {"HistoryTable", "MessageHistoryPolicy"}
    assert off.ids.items() <= stack.second.ids.items()
    assert off.listed["AWS::DynamoDB::Table"] == 1
    variables = {name: value for name, value in stack.second.environment.items() if name != "HISTORY_TABLE"}
    assert off.environment == variables | {"HISTORY_SECONDS": "0"}


def test_a_hub_that_keeps_no_messages_says_so(stack: Stack) -> None:
    with stack.connect("alone") as socket:
        error = Client(socket).ask({"action": "resume", "id": "r-1"})
        assert (error["type"], error["code"], error["id"]) == ("error", "no_history", "r-1")
        asked = {"action": "sendMessage", "id": "m-1", "sessions": ["alone"], "message": 1, "echo": False}
        ack = {"type": "ack", "id": "m-1", "delivered": {"alone": 0}, "offline": [], "failed": {}}
        assert Client(socket).ask(asked) == ack


def test_deleting_the_stack_keeps_only_its_key(stack: Stack) -> None:
    """This is the last test of this file, because it deletes the stack."""
    stack.running.delete()
    assert listed(stack.running) == Counter(
        {"AWS::SecretsManager::Secret": 2}
    )  # the secret of the stack, and the secret of the test
    stacks = stack.running.client("cloudformation").describe_stacks()["Stacks"]
    assert ministack.STACK not in [described["StackName"] for described in stacks]
