"""``python -m local`` as a user types it: how it starts, why it cannot start, and how it stops."""

import contextlib
import json
import re
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import connect

from tests.support.gateway import (
    PATIENCE,
    READY,
    RunningGateway,
    environment,
    get_json,
    launch_local,
    run_local,
    three_in_a_row,
)
from tests.support.paths import ROOT
from tests.support.pools import OBEDIENT
from tests.support.user_pool import ISSUER


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(
            ["--template", "missing.yaml"],
            r"The template missing\.yaml cannot be read: No such file or directory\.",
            id="no-template",
        ),
        pytest.param(
            ["--template", "events/env.json"],
            r"The template events/env\.json has no Resources\.",
            id="not-a-sam-template",
        ),
        pytest.param(
            ["--parameter", "Colour=red"], "The template has no parameter Colour; it has .*", id="unknown-parameter"
        ),
        pytest.param(
            ["--parameter", "AuthMode=nobody"],
            "The parameter AuthMode is 'nobody'; it must be one of none, jwt, signature[.]",
            id="parameter-not-allowed",
        ),
        pytest.param(
            ["--parameter", "StageName=a b"],
            "The parameter StageName is 'a b'; it must be 1 to 128 letters, digits, hyphens and underscores.",
            id="parameter-that-does-not-match",
        ),
        pytest.param(
            ["--host", "203.0.113.1"],
            r"Cannot listen on 203\.0\.113\.1 port 0: .*",
            id="the-address-of-another-machine",
        ),
    ],
)
def test_a_gateway_that_cannot_start_prints_one_sentence_and_returns_1(arguments: list[str], sentence: str) -> None:
    ended = run_local("--port", "0", *arguments)
    assert re.fullmatch(sentence + "\n", ended.stderr)
    assert (ended.returncode, ended.stdout.splitlines()[1:]) == (1, [])


@contextlib.contextmanager
def three_ports(taken: int | None) -> Iterator[int]:
    """
    Find three free ports in a row, and yield the number of the first.

    Args:
        taken: The index of the port that stays in use meanwhile, from 0; None if all are free.

    """
    first, sockets = three_in_a_row()
    with contextlib.ExitStack() as stack:
        for index, sock in enumerate(sockets):
            stack.enter_context(sock)
            if index != taken:
                sock.close()
        yield first


@pytest.mark.parametrize(
    ("taken", "purpose"),
    [
        pytest.param(0, "for WebSockets and the page", id="the-first"),
        pytest.param(1, "for WebSockets over TLS", id="the-second"),
        pytest.param(2, "for the embedded AWS", id="the-third"),
    ],
)
def test_an_error_about_a_port_in_use_names_it_and_gives_advice(taken: int, purpose: str) -> None:
    with three_ports(taken) as first:
        ended = run_local("--port", str(first))
    assert (ended.returncode, ended.stderr) == (
        1,
        f"Port {first + taken}, {purpose}, is already in use. "
        "Stop the program that uses it, or choose other ports with --port (make: ARGS='--port 3999').\n",
    )


def test_the_stage_is_part_of_clients_and_of_functions_addresses() -> None:
    with RunningGateway.start("--parameter", "StageName=dev") as gateway, gateway.connect("me") as me:
        assert [gateway.endpoints[name].rpartition("/")[2] for name in ("websocket", "management")] == ["dev", "dev"]
        me.send({"action": "sendMessage", "sessions": ["me"], "message": "hello", "id": "c-1"})
        frames = {frame["type"]: frame for frame in (me.receive(), me.receive())}
        assert frames["ack"]["delivered"] == {"me": 1}
        assert frames["message"]["message"] == "hello"


WHO_MAY_JOIN = r"^AuthMode is none, so anyone who knows or guesses a session id can join that session"


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        pytest.param([], rf"{WHO_MAY_JOIN} and listen to it\.$", id="none"),
        pytest.param(
            ["HistorySeconds=600"],
            rf"{WHO_MAY_JOIN}, listen to it, and read its messages of the last 600 seconds\.$",
            id="none-with-history",
        ),
        pytest.param(["HistorySeconds=600", "AuthMode=jwt"], None, id="jwt"),
    ],
)
def test_the_start_says_if_anyone_can_join_a_session_and_what_they_can_read(
    parameters: list[str], sentence: str | None
) -> None:
    with RunningGateway.start(*(f"--parameter={each}" for each in parameters)) as gateway:
        said = [line for line in gateway.output.lines if "AuthMode" in line]
        assert [re.sub(sentence or "", "as expected", line) for line in said] == ["as expected"] * bool(sentence)


def test_the_start_says_whose_tokens_the_hub_takes(provider_gateway: RunningGateway) -> None:
    said = provider_gateway.output.text.partition("The hub is ready.")[2].partition(READY)[0]
    assert f"It takes the tokens of {ISSUER}." in said
    assert f'{provider_gateway.endpoints["websocket"]}?token=TOKEN"' in said
    assert "Your session is the claim sub of the token." in said
    assert "local token" not in said


@pytest.mark.parametrize(
    ("parameters", "tables"),
    [
        pytest.param([], "ConnectionsTable, SigningSecret", id="off"),
        pytest.param(["--parameter", "HistorySeconds=600"], "ConnectionsTable, HistoryTable, SigningSecret", id="on"),
    ],
)
def test_history_needs_nothing_but_its_parameter(parameters: list[str], tables: str) -> None:
    with RunningGateway.start(*parameters) as gateway, gateway.connect("me") as me:
        assert f"Creating {tables}" in gateway.output.lines
        answer = me.ask({"action": "resume", "id": "r-1"})
        assert (answer["id"], "type" in answer) == ("r-1", True)  # the hub's answer, and not a frame of API Gateway
        gateway.output.wait_for(r"\bresume +MessageFunction\b")


def test_the_gateway_is_not_called_ready_before_its_functions_are() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gate:
        gate.settimeout(PATIENCE)
        options = ["--template", str(OBEDIENT), "--parameter", f"GatePort={gate.getsockname()[1]}"]
        with launch_local("--port", "0", *options) as (_process, output):
            with gate.accept()[0]:
                assert [line for line in output.lines if "ready" in line or "://" in line] == []
                gate.close()
            address = urlsplit(output.wait_for(r"^  WebSocket").split()[1]).netloc
            assert get_json(f"http://{address}/_local/endpoints")["page"] == f"http://{address}"


@pytest.mark.parametrize(
    ("line", "number"),
    [
        pytest.param("starting the embedded AWS", signal.SIGINT, id="while-aws-starts"),
        pytest.param("Creating ", signal.SIGINT, id="while-tables-are-created"),
        pytest.param("Starting workers", signal.SIGINT, id="while-workers-start"),
        pytest.param(READY, signal.SIGTERM, id="terminated"),
        pytest.param(READY, signal.SIGHUP, id="the-terminal-closes"),
    ],
)
def test_a_signal_ends_the_gateway_at_any_time_with_status_0_and_frees_its_ports(
    line: str, number: signal.Signals
) -> None:
    with three_ports(taken=None) as first, launch_local("--port", str(first)) as (process, output):
        output.wait_for(re.escape(line))
        process.send_signal(number)
        assert process.wait(timeout=PATIENCE) == 0
        output.thread.join(timeout=PATIENCE)
        assert output.lines[-1] == "Stopped."
        assert "Traceback" not in output.text
        for port in range(first, first + 3):
            socket.create_server(("127.0.0.1", port)).close()


def test_more_clients_may_connect_than_the_limit_of_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, hard))  # the gateway inherits it
    try:
        starting = contextlib.ExitStack()
        gateway = starting.enter_context(RunningGateway.start("--template", str(OBEDIENT)))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    with starting as stack:
        clients = [stack.enter_context(gateway.connect("anybody")) for _ in range(150)]
        assert clients[-1].ask({"do": "answer", "with": {"body": '"here"'}}) == "here"


def test_a_gateway_whose_output_has_no_reader_continues() -> None:
    command = [sys.executable, "-m", "local", "--port", "0", "--template", str(OBEDIENT)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        url = next(line.split()[1] for line in process.stdout if line.startswith("  WebSocket"))
        process.stdout.close()
        for _ in range(3):  # each is a line of output
            with connect(f"{url}?session_id=s", proxy=None, open_timeout=PATIENCE) as client:
                client.send(json.dumps({"do": "answer", "with": {"body": "here"}}))
                assert client.recv(timeout=PATIENCE) == "here"
        process.send_signal(signal.SIGINT)
        assert (process.wait(timeout=PATIENCE), process.stderr.read()) == (0, "")
