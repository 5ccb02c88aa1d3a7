"""
The stack is deployed as a user does it, by ``sam deploy``, and works: see ``ministack.py``.

Every call that a function makes is held against its role, so what a policy forgets fails here.

"""

import asyncio
import io
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
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
from tests.support.ministack import LEFT_OUT, Failed, MiniStack, is_left_out, left_out
from tests.support.paths import ROOT

pytestmark = pytest.mark.skipif(
    sys.version_info[:2] != (3, 12) or sys.platform != "linux",
    reason="MiniStack runs what sam builds for Lambda: that needs Linux and Python 3.12",
)

TEMPLATE = translated(ROOT / "template.yaml")
SECRET = "key-of-the-tests"
SECOND = {"AuthMode": "jwt", "MaxConnectionsPerSession": "2", "SigningSecretName": SECRET}
"""What changes with the second deployment: all that gives a function more rights."""

LISTS = {
    "AWS::ApiGatewayV2::Api": ("apigatewayv2", "get_apis", "Items"),
    "AWS::CloudWatch::Alarm": ("cloudwatch", "describe_alarms", "MetricAlarms"),
    "AWS::DynamoDB::Table": ("dynamodb", "list_tables", "TableNames"),
    "AWS::IAM::Role": ("iam", "list_roles", "Roles"),
    "AWS::Lambda::Function": ("lambda", "list_functions", "Functions"),
    "AWS::Logs::LogGroup": ("logs", "describe_log_groups", "logGroups"),
    "AWS::Lambda::LayerVersion": ("lambda", "list_layers", "Layers"),
    "AWS::SecretsManager::Secret": ("secretsmanager", "list_secrets", "SecretList"),
}
"""The call that lists all resources of a type. What has none here is a part of one that has."""


@dataclass(frozen=True)
class Seen:
    """
    What a deployment made.

    Attributes:
        kinds: The type of every resource, by logical id.
        ids: The physical id of every resource, by logical id.
        listed: How many resources of a type its service lists, whatever CloudFormation says.
        environment: What the route ``sendMessage`` calls has in its environment.

    """

    kinds: dict[str, str]
    ids: dict[str, str]
    listed: Counter[str]
    environment: dict[str, str]

    @classmethod
    def of(cls, running: MiniStack) -> "Seen":
        resources = running.resources()
        return cls(
            kinds={each["LogicalResourceId"]: each["ResourceType"] for each in resources},
            ids={each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources},
            listed=listed(running),
            environment=environment_of_messages(running),
        )


@dataclass(frozen=True)
class Stack:
    """The stack, deployed twice: with its defaults, then with the URL that these made, and ``SECOND``."""

    running: MiniStack
    endpoint: str
    first: Seen
    second: Seen

    def connect(self, session_id: str) -> ClientConnection:
        return self.handshake(
            "?token=" + token({"session_id": session_id, "exp": int(time.time()) + 600, "send": ["*"]})
        )

    def handshake(self, query: str) -> ClientConnection:
        url = self.endpoint.replace("http", "ws", 1)
        return connect(url + query, proxy=None, compression=None, open_timeout=PATIENCE)

    def sessions(self) -> list[str]:
        """Return the session of every row."""
        table = self.running.physical_id("AWS::DynamoDB::Table")
        rows = self.running.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]
        return [row["session_id"]["S"] for row in rows]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """The deployed stack. No test changes it but the last, which deletes it."""
    with MiniStack.start() as running:
        ministack.build()
        running.deploy()
        first, endpoint = Seen.of(running), running.endpoint
        running.client("secretsmanager").create_secret(Name=SECRET, SecretString=KEY)
        running.deploy(f"WebSocketEndpoint={endpoint}", *(f"{name}={value}" for name, value in SECOND.items()))
        yield Stack(running, endpoint, first, Seen.of(running))


def listed(running: MiniStack) -> Counter[str]:
    return Counter(
        {kind: len(getattr(running.client(service), call)()[member]) for kind, (service, call, member) in LISTS.items()}
    )


def environment_of_messages(running: MiniStack) -> dict[str, str]:
    api, gateway = running.physical_id("AWS::ApiGatewayV2::Api"), running.client("apigatewayv2")
    (route,) = [each for each in gateway.get_routes(ApiId=api)["Items"] if each["RouteKey"] == "sendMessage"]
    integration = gateway.get_integration(ApiId=api, IntegrationId=route["Target"].removeprefix("integrations/"))
    called = re.search(r"functions/(.+)/invocations", integration["IntegrationUri"])
    assert called
    found = running.client("lambda").get_function_configuration(FunctionName=called[1])
    return dict(found["Environment"]["Variables"])


def declared(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the type of every resource that the template has with these parameters, by logical id."""
    resources = Resources(TEMPLATE, parameter_values(TEMPLATE["Parameters"], dict(parameters)))
    kinds = {name: each["Type"] for name, each in TEMPLATE["Resources"].items() if not is_left_out(each)}
    return {name: kind for name, kind in kinds.items() if name in resources.of_type(kind)}


def without_hashes(resources: Mapping[str, str]) -> dict[str, str]:
    """SAM ends the id of a layer with a hash of its code, which uploading changes."""
    return {re.sub(r"[0-9a-f]{10}$", "", name): value for name, value in resources.items()}


def test_every_resource_of_the_template_is_there(stack: Stack) -> None:
    assert without_hashes(stack.first.kinds) == without_hashes(declared({}))
    assert stack.first.listed == Counter(kind for kind in stack.first.kinds.values() if kind in LISTS)


def test_deploying_again_replaces_nothing_and_removes_what_a_condition_no_longer_wants(stack: Stack) -> None:
    assert without_hashes(stack.second.kinds) == without_hashes(declared(SECOND))
    replaced = {name for name, _ in stack.first.ids.items() - stack.second.ids.items()}
    assert replaced == {"SigningSecret"}


def test_the_key_that_the_stack_made_stays_when_another_one_is_named(stack: Stack) -> None:
    assert "SigningSecret" not in stack.second.kinds
    kept = stack.running.client("secretsmanager").describe_secret(SecretId=stack.first.ids["SigningSecret"])
    assert kept["Description"] == f"The key that signs who may connect to {ministack.STACK}"
    assert "DeletedDate" not in kept


def test_what_is_built_for_one_processor_is_deployed_to_no_other(stack: Stack) -> None:
    other = {"arm64": "x86_64", "x86_64": "arm64"}[this_machine()]
    with pytest.raises(Failed, match=rf"Architecture.*{other}.*AllowedValues"):
        stack.running.deploy(f"Architecture={other}")


@pytest.mark.parametrize("parameter", ["MessageRate=0.5", "StageRate=1e3", "ReservedConcurrency=00"])
def test_a_number_that_is_not_whole_is_not_deployed(parameter: str, stack: Stack) -> None:
    with pytest.raises(Failed, match=r"a whole number from \d+ to \d+"):
        stack.running.deploy(parameter)


def test_deploying_again_gives_a_function_the_changed_parameters(stack: Stack) -> None:
    derived = stack.first.environment["WEBSOCKET_ENDPOINT"]
    assert re.fullmatch(r"https://\w+\.execute-api\.us-east-1\.amazonaws\.com/prod", derived)
    changed = {"WEBSOCKET_ENDPOINT": stack.endpoint, "AUTH_MODE": "jwt"}
    assert stack.second.environment == stack.first.environment | changed


@pytest.mark.parametrize("name", LEFT_OUT)
def test_only_what_the_template_has_is_left_out(name: str) -> None:
    assert name in {
        key for kind, properties in left_out(TEMPLATE) for key in (kind, *(f"{kind}.{each}" for each in properties))
    }


def test_a_resource_is_left_out_for_its_type_or_for_a_property(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ministack, "LEFT_OUT", {"A": "no such type", "B.Hard": "no such property"})
    resources: dict[str, Any] = {
        "type": {"Type": "A"},
        "property": {"Type": "B", "Properties": {"Hard": 1, "Easy": 2}},
        "without": {"Type": "B", "Properties": {"Easy": 2}},
        "other": {"Type": "AB"},
    }
    assert [name for name, each in resources.items() if is_left_out(each)] == ["type", "property"]


def test_nothing_waits_for_what_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ministack, "LEFT_OUT", {"Absent": "no such type"})
    resources: dict[str, Any] = {
        "first": {"Type": "Present"},
        "second": {"Type": "Absent", "DependsOn": "first"},
        "third": {"Type": "Present", "DependsOn": "second"},
        "fourth": {"Type": "Present", "DependsOn": ["third", "second"]},
    }
    waiting = {name: each["DependsOn"] for name, each in ministack.provisioned(resources).items()}
    assert waiting == {"first": [], "third": [], "fourth": ["third"]}


def test_every_two_way_route_got_its_response_once(stack: Stack) -> None:
    api, gateway = stack.running.physical_id("AWS::ApiGatewayV2::Api"), stack.running.client("apigatewayv2")
    responses = {
        route["RouteKey"]: len(gateway.get_route_responses(ApiId=api, RouteId=route["RouteId"])["Items"])
        for route in gateway.get_routes(ApiId=api)["Items"]
    }
    assert responses == {"$connect": 0, "$disconnect": 0, "sendMessage": 1, "$default": 1, "ping": 1}


def test_a_message_arrives_and_its_sender_hears_so(stack: Stack) -> None:
    with stack.connect("alice") as first, stack.connect("bob") as second:
        alice, bob = Client(first), Client(second)
        ack = alice.ask({"action": "sendMessage", "id": "1", "sessions": ["bob", "carol"], "message": {"a": "olá"}})
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


def test_a_session_has_no_more_connections_than_it_may(stack: Stack) -> None:
    with stack.connect("one"), stack.connect("one"), pytest.raises(InvalidStatus):
        stack.connect("one")


@pytest.mark.parametrize("query", ["", "?session_id=s1", "?token=a.b.c"], ids=["nobody", "unproven", "forged"])
def test_nobody_connects_without_proof(query: str, stack: Stack) -> None:
    with pytest.raises(InvalidStatus) as refused:
        stack.handshake(query)
    assert refused.value.response.status_code == 403  # whatever the function says; API Gateway passes that on


def test_the_smoke_test_says_that_it_works(stack: Stack) -> None:
    printed = io.StringIO()
    url = stack.endpoint.replace("http", "ws", 1)
    status = asyncio.run(smoke(url, Given(key=KEY), Console(printed)))
    lines = printed.getvalue().splitlines()

    assert [line for line in lines if line.startswith(("FAIL", "skip"))] == []
    assert (status, lines[-1]) == (0, "The hub works: 11 checks hold.")


def test_deleting_the_stack_leaves_nothing_but_its_key(stack: Stack) -> None:
    """The last test of this file, because it does."""
    stack.running.delete()
    assert listed(stack.running) == Counter({"AWS::SecretsManager::Secret": 2})  # the stack's, and the test's own
    stacks = stack.running.client("cloudformation").describe_stacks()["Stacks"]
    assert ministack.STACK not in [each["StackName"] for each in stacks]
