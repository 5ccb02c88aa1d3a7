"""The three handlers, started as Lambda starts them: with the template's environment, on moto's services."""

import contextlib
import io
import json
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Protocol

import boto3
import pytest

from hub.auth.identity import Identity
from hub.connect_request import ConnectRequest
from hub.connection import Connection
from hub.connections import Connections
from hub.variables import SettingsError
from tests.support.faulty import FaultyEndpoint
from tests.support.lambdas import Context, cold_start, imported
from tests.support.sample_events import sample_event
from tests.support.tables import rows


class Handler(Protocol):
    """Starts a function on moto's services."""

    def __call__(self, function: str, parameters: dict[str, str] | None = None, **environment: str) -> ModuleType: ...


@pytest.fixture
def handler(table: str, moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Handler]:
    """Starts functions, and closes what they keep open when the test ends."""
    with contextlib.ExitStack() as stack:

        def start(function: str, parameters: dict[str, str] | None = None, **environment: str) -> ModuleType:
            own = {"AWS_ENDPOINT_URL_DYNAMODB": moto_url} | environment
            module = cold_start(function, monkeypatch, parameters, **own)
            if function == "MessageFunction":
                stack.callback(module.FAN_OUT.close)
            return module

        yield start


def message(body: Any) -> dict[str, Any]:
    return sample_event("send-message", body=body if isinstance(body, str) else json.dumps(body))


SENDER = sample_event("send-message")["requestContext"]["connectionId"]


def answer_to(module: ModuleType, sent: dict[str, Any]) -> Any:
    return json.loads(module.lambda_handler(sent, Context())["body"])


def test_connect_stores_the_connection(handler: Handler) -> None:
    answer = handler("ConnectFunction").lambda_handler(sample_event("connect"), Context())

    assert answer == {"statusCode": 200, "headers": {}}
    (row,) = rows("s1")
    assert row.connection_id == SENDER
    assert row.expires_at == row.connected_at // 1000 + 7800


def test_a_row_has_the_time_at_which_it_is_stored_even_if_identifying_the_client_took_long(
    handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = handler("ConnectFunction")
    identify, began = module.identify, []

    def slowly(handshake: ConnectRequest, now: float) -> Identity:
        began.append(now)
        monkeypatch.setattr(module.time, "time", lambda: now + 8)
        identity: Identity = identify(handshake, now)
        return identity

    monkeypatch.setattr(module, "identify", slowly)
    module.lambda_handler(sample_event("connect"), Context())
    assert [row.connected_at for row in rows("s1")] == [int((began[0] + 8) * 1000)]


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        pytest.param("connect-by-header", {"statusCode": 200, "headers": {}}, id="session-in-the-header"),
        pytest.param(
            "connect-subprotocol",
            {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "hub.v1"}},
            id="subprotocol-selected",
        ),
    ],
)
def test_connect_accepts(handler: Handler, name: str, answer: Any) -> None:
    assert handler("ConnectFunction").lambda_handler(sample_event(name), Context()) == answer
    assert len(rows("s1")) == 1


def test_connect_refuses_with_a_status_and_stores_nothing(handler: Handler, table: str) -> None:
    answer = handler("ConnectFunction").lambda_handler(sample_event("connect-without-session"), Context())

    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (400, "bad_request")
    assert boto3.client("dynamodb").scan(TableName=table)["Items"] == []


def test_connect_refuses_a_page_of_an_origin_that_is_not_listed(handler: Handler) -> None:
    module = handler("ConnectFunction", {"AllowedOrigins": "https://ours.example"})

    answer = module.lambda_handler(sample_event("connect"), Context())
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (403, "forbidden")


@pytest.mark.parametrize("name", ["disconnect", "disconnect-idle"])
def test_disconnect_forgets_its_connection_only_and_may_come_twice(
    handler: Handler, connections: Connections, name: str
) -> None:
    sibling = Connection.opened(Identity("s1"), "sibling=", now=0)
    connections.add(sibling)
    connections.add(Connection.opened(Identity("s1"), SENDER, now=0))
    module = handler("DisconnectFunction")

    answers = [module.lambda_handler(sample_event(name), Context()) for _ in range(2)]

    assert answers == [{"statusCode": 200}] * 2
    assert rows("s1") == [sibling]


def test_the_frame_is_checked_before_the_sender_is_looked_up(
    handler: Handler,
) -> None:
    module = handler("MessageFunction")
    frame = {"action": "sendMessage", "sessions": ["s1"], "message": "hello", "id": "c-1"}

    assert answer_to(module, message(frame))["code"] == "not_connected"
    assert answer_to(module, message(frame | {"sessions": []}))["code"] == "bad_request"


def test_the_ack_of_a_message_without_recipients_lists_every_session_as_offline(
    handler: Handler, connections: Connections
) -> None:
    module = handler("MessageFunction")
    connections.add(Connection.opened(Identity("sender"), SENDER, now=time.time()))

    ack = answer_to(module, message({"action": "sendMessage", "sessions": ["b", "a", "b"], "message": 1}))

    assert ack | {"id": None} == {"type": "ack", "id": None, "delivered": {}, "offline": ["b", "a"], "failed": {}}
    assert len(ack["id"]) == 36


def test_a_session_that_cannot_be_reached_is_failed(
    handler: Handler, connections: Connections, faulty: FaultyEndpoint
) -> None:
    faulty.scripts[SENDER] = ["403"]
    module = handler("MessageFunction", {"WebSocketEndpoint": faulty.url})
    connections.add(Connection.opened(Identity("sender"), SENDER, now=time.time()))

    ack = answer_to(module, message({"action": "sendMessage", "sessions": ["sender"], "message": 1, "id": "c"}))

    assert ack == {"type": "ack", "id": "c", "delivered": {}, "offline": [], "failed": {"sender": 1}}


def test_a_frame_too_large_delivers_nothing(handler: Handler, connections: Connections) -> None:
    module = handler("MessageFunction")
    connections.add(Connection.opened(Identity("sender"), SENDER, now=time.time()))

    error = answer_to(module, message({"action": "sendMessage", "sessions": ["sender"], "message": "x" * 131_072}))
    assert (error["type"], error["code"], error["field"]) == ("error", "message_too_large", "message")


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        pytest.param('{"action": "ping"}', {"type": "pong"}, id="ping-that-api-gateway-did-not-recognise"),
        pytest.param(
            "hello",
            {"type": "error", "code": "bad_json", "message": "The frame is not valid JSON"},
            id="a-frame-that-is-not-json-has-no-id",
        ),
        pytest.param(
            '{"action": "shout", "id": "c-1"}',
            {
                "type": "error",
                "code": "unknown_action",
                "message": "action is not sendMessage, resume, who or ping",
                "field": "action",
                "id": "c-1",
            },
            id="an-error-carries-the-id",
        ),
        pytest.param(
            '{"action": "sendMessage", "sessions": ["a", "b c"], "message": 1, "id": ""}',
            {
                "type": "error",
                "code": "bad_request",
                "message": "id is not a string of 1 to 64 characters",
                "field": "id",
            },
            id="an-error-does-not-carry-a-malformed-id",
        ),
    ],
)
def test_answers(handler: Handler, body: str, answer: Any) -> None:
    assert answer_to(handler("MessageFunction"), message(body)) == answer


def test_a_fault_of_the_hub_is_logged_with_its_traceback_and_kept_from_the_client(
    handler: Handler, log: io.StringIO
) -> None:
    module = handler("MessageFunction", TABLE_NAME="no-such-table")

    error = answer_to(module, message({"action": "sendMessage", "sessions": ["a"], "message": 1, "id": "c-1"}))

    assert error == {
        "type": "error",
        "code": "internal",
        "message": "The hub failed. The fault is not yours.",
        "id": "c-1",
        "request_id": "request-1",
    }
    (line,) = log.getvalue().splitlines()
    logged = json.loads(line)
    assert (logged["level"], logged["function_request_id"], logged["connection_id"]) == ("ERROR", "request-1", SENDER)
    assert "ResourceNotFoundException" in logged["exception"]


@pytest.mark.parametrize(
    ("function", "mode", "missing"),
    [
        pytest.param("ConnectFunction", "none", "TABLE_NAME ALLOWED_ORIGINS", id="connect"),
        pytest.param(
            "ConnectFunction", "jwt", "TABLE_NAME SIGNING_SECRET_NAME ALLOWED_ORIGINS", id="connect-with-a-key"
        ),
        pytest.param(
            "ConnectFunction", "none", "TABLE_NAME AUTH_MODE SIGNING_SECRET_NAME", id="connect-without-a-mode"
        ),
        pytest.param("DisconnectFunction", "none", "TABLE_NAME", id="disconnect"),
        pytest.param("MessageFunction", "none", "TABLE_NAME WEBSOCKET_ENDPOINT AUTH_MODE", id="message"),
    ],
)
def test_a_function_does_not_start_without_its_variables_and_names_all_that_are_missing(
    function: str, mode: str, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cold_start(function, monkeypatch, {"AuthMode": mode})
    for name in missing.split():
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingsError) as raised:
        imported(function)
    assert str(raised.value) == f"missing environment variables: {missing.replace(' ', ', ')}"


def test_a_refusal_is_logged_with_connection_session_and_outcome(
    handler: Handler, connections: Connections, log: io.StringIO
) -> None:
    module = handler("MessageFunction")
    connections.add(Connection.opened(Identity("sender", "me", ("sender",)), SENDER, now=time.time()))

    answer_to(module, message({"action": "sendMessage", "sessions": ["other"], "message": 1}))
    handler("ConnectFunction").lambda_handler(sample_event("connect-without-session"), Context())

    shown = ("level", "message", "connection_id", "session_id", "code", "status")
    assert [[json.loads(line).get(name) for name in shown] for line in log.getvalue().splitlines()] == [
        ["WARNING", "refused", SENDER, "sender", "forbidden", 403],
        ["WARNING", "refused", SENDER, None, "bad_request", 400],
    ]
