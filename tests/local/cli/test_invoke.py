"""``python -m local invoke``: every file in events/, and functions and events that it refuses."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import boto3
import pytest

from local.cli.command_line import main
from tests.support.gateway import RunningGateway, run_local
from tests.support.paths import ROOT
from tests.support.pools import OBEDIENT

ROW = {"session_id": {"S": "s1"}, "connection_id": {"S": "Qm9vEeX_ZjMCK-w="}}
"""The connection that the files are about. No client has it open."""

Invoke: TypeAlias = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def invoke(gateway: RunningGateway, capsys: pytest.CaptureFixture[str]) -> Iterator[Invoke]:
    """Runs the command while the shared gateway runs. The gateway's table has the connection of the files."""
    dynamodb = boto3.client("dynamodb", endpoint_url=gateway.endpoints["dynamodb"])
    dynamodb.put_item(TableName="ConnectionsTable", Item=ROW)

    def run(function: str, event: str) -> tuple[int, Any, str]:
        port = str(urlsplit(gateway.endpoints["page"]).port)
        status = main(["invoke", function, "--event", event, "--port", port])
        printed = capsys.readouterr()
        return status, json.loads(printed.out or "null"), printed.err

    yield run
    dynamodb.delete_item(TableName="ConnectionsTable", Key=ROW)


HANDSHAKES = [
    pytest.param("connect", "ConnectFunction", {"statusCode": 200, "headers": {}}, id="connect"),
    pytest.param("connect-by-header", "ConnectFunction", {"statusCode": 200, "headers": {}}, id="connect-by-header"),
    pytest.param(
        "connect-subprotocol",
        "ConnectFunction",
        {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "hub.v1"}},
        id="connect-subprotocol",
    ),
    pytest.param("disconnect", "DisconnectFunction", {"statusCode": 200}, id="disconnect"),
    pytest.param("disconnect-idle", "DisconnectFunction", {"statusCode": 200}, id="disconnect-idle"),
]
ACK = {"type": "ack", "delivered": {}, "offline": [], "failed": {}}
MESSAGES = [
    pytest.param(
        "connect-without-session", "ConnectFunction", 400, {"code": "bad_request"}, id="connect-without-session"
    ),
    pytest.param(
        "send-message", "MessageFunction", 200, ACK | {"id": "c-17", "offline": ["s1", "s2"]}, id="send-message"
    ),
    pytest.param(
        "send-message-without-echo", "MessageFunction", 200, ACK | {"delivered": {"s1": 0}}, id="send-without-echo"
    ),
    pytest.param(
        "send-message-without-sessions",
        "MessageFunction",
        200,
        {"type": "error", "code": "bad_request", "field": "sessions", "id": "c-18"},
        id="send-message-without-sessions",
    ),
    pytest.param(
        "default-unknown-action",
        "MessageFunction",
        200,
        {"type": "error", "code": "unknown_action", "field": "action", "id": "c-19"},
        id="default-unknown-action",
    ),
    # The gateway of these tests keeps no history.
    *(
        pytest.param(event, "MessageFunction", 200, {"type": "error", "code": "no_history", "id": message_id}, id=event)
        for event, message_id in (("resume", "r-1"), ("resume-last", "r-2"))
    ),
    pytest.param(
        "default-not-json", "MessageFunction", 200, {"type": "error", "code": "bad_json"}, id="default-not-json"
    ),
    # A deployed hub and the gateway answer a ping without a function: its route has a mock integration.
    pytest.param("ping", "MessageFunction", 200, {"type": "pong"}, id="ping"),
    pytest.param("who", "MessageFunction", 200, {"type": "who", "id": "w-1", "online": {"s1": 1}}, id="who"),
]
INVOCATIONS = [
    pytest.param("publish", {"answers": [ACK | {"id": "order-17-shipped", "offline": ["s1", "s2"]}]}, id="publish"),
    pytest.param("queue", {"batchItemFailures": []}, id="queue"),
    pytest.param("operator-who", {"online": {"s1": 1}, "offline": ["s2"]}, id="who-is-online"),
    pytest.param(
        "operator-list",
        {
            "connections": [
                {"connection_id": "Qm9vEeX_ZjMCK-w=", "connected_at": 0, "expires_at": 2**53, "subject": None}
            ],
            "after": None,
        },
        id="list",
    ),
    pytest.param("operator-close", {"closed": {"s1": 0}, "failed": {}}, id="close"),
    pytest.param(
        "operator-purge",
        {"type": "error", "code": "no_history", "message": "No history is kept for this session"},
        id="purge",
    ),
]


@pytest.mark.parametrize(("event", "function", "answer"), HANDSHAKES)
def test_events_of_handshakes_and_closes(invoke: Invoke, event: str, function: str, answer: dict[str, Any]) -> None:
    status, printed, log = invoke(function, str(ROOT / "events" / f"{event}.json"))
    assert (status, printed) == (0, answer)
    assert log.startswith("Using the gateway that runs at http://")


@pytest.mark.parametrize(("event", "function", "status_code", "body"), MESSAGES)
def test_events_that_are_answered_with_a_body(
    invoke: Invoke, event: str, function: str, status_code: int, body: dict[str, Any]
) -> None:
    status, printed, _ = invoke(function, str(ROOT / "events" / f"{event}.json"))
    assert (status, printed.keys(), printed["statusCode"]) == (0, {"statusCode", "body"}, status_code)
    answered = json.loads(printed["body"])
    names = ("id", "message", "field", "offline")
    assert answered == {name: answered[name] for name in names if name in answered} | body


@pytest.mark.parametrize(("event", "answer"), INVOCATIONS)
def test_events_of_backends_and_operators(invoke: Invoke, event: str, answer: dict[str, Any]) -> None:
    assert invoke("MessageFunction", str(ROOT / "events" / f"{event}.json"))[:2] == (0, answer)


def test_every_file_in_events_is_in_these_tables() -> None:
    files = {path.stem for path in (ROOT / "events").glob("*.json")}
    assert {row.values[0] for row in [*HANDSHAKES, *MESSAGES, *INVOCATIONS]} == files - {"env"}


@pytest.mark.parametrize(
    ("function", "event", "sentence"),
    [
        pytest.param(
            "ConnectFunction", "{folder}/missing", "cannot be read: No such file or directory.", id="no-such-file"
        ),
        pytest.param("ConnectFunction", "{folder}", "cannot be read: Is a directory.", id="a-folder"),
        pytest.param("ConnectFunction", "{folder}/text", "is not JSON: Expecting value", id="not-json"),
        pytest.param("ConnectFunction", "{folder}/binary", "is not JSON: 'utf-8' codec can't decode", id="not-utf-8"),
        pytest.param("ConnectFunction", "{folder}/deep", "is not JSON: maximum recursion depth", id="too-deep"),
        pytest.param(
            "NoFunction",
            "{folder}/good",
            "The template has no function NoFunction; it has ConnectFunction, DisconnectFunction, MessageFunction.",
            id="no-such-function",
        ),
    ],
)
def test_invoke_refuses_bad_functions_and_events_with_one_sentence_and_status_1(
    invoke: Invoke, tmp_path: Path, function: str, event: str, sentence: str
) -> None:
    for name, data in {"text": b"hello", "binary": b"\xff", "deep": b"[" * 100_000, "good": b"{}"}.items():
        (tmp_path / name).write_bytes(data)
    status, printed, complaints = invoke(function, event.format(folder=tmp_path))
    assert (status, printed) == (1, None)
    assert sentence in complaints.splitlines()[-1]
    assert "Traceback" not in complaints


def test_without_a_gateway_the_function_gets_an_aws_of_its_own_and_only_its_answer_is_printed() -> None:
    event = (ROOT / "events" / "connect.json").read_text()
    ended = run_local("invoke", "ConnectFunction", "--event", "-", "--port", "0", stdin=event)
    assert (ended.returncode, ended.stdout) == (0, '{"statusCode": 200, "headers": {}}\n')
    assert ended.stderr.startswith(
        "No gateway runs on this port, so the function gets an embedded AWS of its own, with an empty table.\n"
    )


@pytest.mark.parametrize(
    ("order", "status", "printed"),
    [
        pytest.param({"do": "answer", "with": {"body": "olá"}}, 0, {"body": "olá"}, id="answers"),
        pytest.param({"do": "exit_politely"}, 1, "Runtime exited with exit status 3", id="exits"),
        pytest.param({"do": "hang_deaf"}, 1, "Task timed out after 2.00 seconds", id="hangs"),
        pytest.param({"do": "fail", "with": "\ud800"}, 1, "\ud800", id="fails-with-a-lone-surrogate"),
    ],
)
def test_an_answer_is_printed_and_so_is_an_error_with_status_1(order: Any, status: int, printed: Any) -> None:
    options = ("--template", str(OBEDIENT), "--event", "-", "--port", "0")
    ended = run_local("invoke", "ObedientFunction", *options, stdin=json.dumps(order))
    answer = json.loads(ended.stdout)
    assert (ended.returncode, answer if status == 0 else answer["errorMessage"]) == (status, printed)


def test_another_program_on_the_port_is_not_taken_for_a_gateway() -> None:
    def greet(server: socket.socket) -> None:
        with server.accept()[0] as visitor:
            visitor.sendall(b"SSH-2.0-example\r\n")
            visitor.recv(65536)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=greet, args=[server])
        thread.start()
        options = ("--template", str(OBEDIENT), "--event", "-", "--port", str(server.getsockname()[1]))
        ended = run_local("invoke", "ObedientFunction", *options, stdin='{"do": "answer", "with": 7}')
        thread.join()
    assert (ended.returncode, ended.stdout) == (0, "7\n")
