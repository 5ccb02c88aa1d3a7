"""The rights of each function's role: those that the function uses, and no others."""

import pytest

from local.stack.resources import Resources
from tests.support.stacks import stack

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/ConnectionsTable"
API = "arn:aws:execute-api:us-east-1:123456789012:localapi00/prod"
LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}


def actions(resources: Resources, role: str) -> dict[str, set[str]]:
    """Return the resources that a role may do something to, by action."""
    granted: dict[str, set[str]] = {}
    inline = resources.of_type("AWS::IAM::Role")[role]["Policies"]
    attached = [policy for policy in resources.of_type("AWS::IAM::Policy").values() if policy["Roles"] == [role]]
    for statement in [each for policy in inline + attached for each in policy["PolicyDocument"]["Statement"]]:
        assert statement["Effect"] == "Allow"
        listed, targets = statement["Action"], statement["Resource"]
        for action in [listed] if isinstance(listed, str) else listed:
            granted.setdefault(action, set()).update([targets] if isinstance(targets, str) else targets)
    return granted


def log_group(name: str) -> str:
    return f"arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/local-{name.lower()}:*"


def test_each_function_has_exactly_the_rights_it_uses() -> None:
    resources = stack()
    assert actions(resources, "ConnectRole") == {
        "dynamodb:PutItem": {TABLE},
        **{action: {log_group("Connect")} for action in LOGS},
    }
    assert actions(resources, "DisconnectRole") == {
        "dynamodb:Query": {f"{TABLE}/index/connection_id-index"},
        "dynamodb:DeleteItem": {TABLE},
        **{action: {log_group("Disconnect")} for action in LOGS},
    }
    assert actions(resources, "MessageRole") == {
        "dynamodb:Query": {TABLE, f"{TABLE}/index/connection_id-index"},
        "dynamodb:DeleteItem": {TABLE},
        "execute-api:ManageConnections": {f"{API}/POST/@connections/*", f"{API}/DELETE/@connections/*"},
        **{action: {log_group("Message")} for action in LOGS},
    }


HISTORY_TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/HistoryTable"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1"
HISTORY = {
    f"dynamodb:{action}": {HISTORY_TABLE} for action in ("UpdateItem", "PutItem", "GetItem", "Query", "DeleteItem")
}
"""The actions of MessageFunction on the table of messages."""


def added(options: dict[str, str], role: str) -> dict[str, set[str]]:
    """Return what options let a role do in addition, by action."""
    before = actions(stack(), role)
    rights = {
        action: targets - before.get(action, set()) for action, targets in actions(stack(**options), role).items()
    }
    return {action: targets for action, targets in rights.items() if targets}


@pytest.mark.parametrize(
    ("options", "rights"),
    [
        pytest.param({"HistoryKeyArn": KEY}, {}, id="off"),
        pytest.param({"HistorySeconds": "600"}, HISTORY, id="on"),
        pytest.param(
            {"HistorySeconds": "600", "HistoryKeyArn": KEY},
            HISTORY | {"kms:Decrypt": {KEY}},
            id="on-with-a-key",
        ),
    ],
)
def test_history_adds_rights_to_the_message_function_alone(
    options: dict[str, str], rights: dict[str, set[str]]
) -> None:
    assert added(options, "MessageRole") == rights
    assert added(options, "ConnectRole") == added(options, "DisconnectRole") == {}


QUEUES = "arn:aws:sqs:us-east-1:123456789012"


@pytest.mark.parametrize("others", [{}, {"HistorySeconds": "600"}], ids=["alone", "with-history"])
def test_the_queue_adds_rights_to_the_message_function_alone(others: dict[str, str]) -> None:
    options = others | {"PublishQueue": "on"}
    assert added(options, "MessageRole") == added(others, "MessageRole") | {
        "sqs:ReceiveMessage": {f"{QUEUES}:PublishedMessages"},
        "sqs:DeleteMessage": {f"{QUEUES}:PublishedMessages"},
        "sqs:GetQueueAttributes": {f"{QUEUES}:PublishedMessages"},
        "sqs:SendMessage": {f"{QUEUES}:PublishDeadLetters"},
    }
    assert added(options, "ConnectRole") == added(options, "DisconnectRole") == {}


@pytest.mark.parametrize(
    ("options", "role", "action", "resource"),
    [
        pytest.param({"AuthMode": "jwt"}, "Connect", "secretsmanager:GetSecretValue", "SigningSecret", id="own-secret"),
        pytest.param(
            {"AuthMode": "signature", "SigningSecretName": "a/key"},
            "Connect",
            "secretsmanager:GetSecretValue",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:a/key-??????",
            id="existing-secret",
        ),
        pytest.param({"MaxConnectionsPerSession": "1"}, "Connect", "dynamodb:Query", TABLE, id="counts"),
        pytest.param({"MaxConnectionsPerSession": "1"}, "Connect", "dynamodb:DeleteItem", TABLE, id="removes-ghosts"),
        pytest.param(
            {"MaxConnectionsPerSession": "1"},
            "Connect",
            "execute-api:ManageConnections",
            f"{API}/GET/@connections/*",
            id="finds-ghosts",
        ),
        pytest.param({"Tracing": "on"}, "Disconnect", "xray:PutTraceSegments", "*", id="traces"),
        pytest.param({"Tracing": "on"}, "Disconnect", "xray:PutTelemetryRecords", "*", id="telemetry"),
    ],
)
def test_an_option_adds_the_right_it_needs(options: dict[str, str], role: str, action: str, resource: str) -> None:
    assert action not in actions(stack(), f"{role}Role")
    assert actions(stack(**options), f"{role}Role")[action] == {resource}


@pytest.mark.parametrize("secret", ["", "a/key"], ids=["own-secret", "existing-secret"])
def test_with_the_keys_of_a_provider_no_function_may_read_the_signing_key(secret: str) -> None:
    provider = {"JwksUrl": "https://provider.example/", "JwtIssuer": "https://provider.example", "JwtAudience": "hub"}
    options = {"AuthMode": "jwt", "SigningSecretName": secret, **provider}
    assert added(options, "ConnectRole") == added(options, "MessageRole") == added(options, "DisconnectRole") == {}
