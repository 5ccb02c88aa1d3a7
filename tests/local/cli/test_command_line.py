"""``python -m local`` as a user types it: what it refuses, how it starts, and how it stops."""

import contextlib
import json
import re
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import connect

from local.cli.command_line import main
from local.stack.loading import translated
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
from tests.support.templates import FUNCTION, written


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(
            ["--template", "missing.yaml"],
            r"The template missing\.yaml cannot be read: No such file or directory\.",
            id="no-template",
        ),
        pytest.param(
            ["--template", "events/env.json"], r"The template events/env\.json has no Resources\.", id="no-sam-template"
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
        pytest.param(["--host", "203.0.113.1"], r"Cannot listen on 203\.0\.113\.1 port 0: .*", id="another-s-address"),
    ],
)
def test_what_cannot_be_started_is_one_sentence_and_status_1(arguments: list[str], sentence: str) -> None:
    ended = run_local("--port", "0", *arguments)
    assert re.fullmatch(sentence + "\n", ended.stderr)
    assert (ended.returncode, ended.stdout.splitlines()[1:]) == (1, [])


@contextlib.contextmanager
def three_ports(taken: int | None) -> Iterator[int]:
    """Three ports in a row, all free, or one taken: 0 is the first. Yields the first's number."""
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
        pytest.param(0, "for the sockets and the page", id="the-first"),
        pytest.param(1, "for the same by TLS", id="the-second"),
        pytest.param(2, "for the embedded AWS", id="the-third"),
    ],
)
def test_a_port_that_is_taken_is_named_with_advice(taken: int, purpose: str) -> None:
    with three_ports(taken) as first:
        ended = run_local("--port", str(first))
    assert (ended.returncode, ended.stderr) == (
        1,
        f"Port {first + taken}, {purpose}, is taken. "
        "Stop what is using it, or choose three others with --port (in make: ARGS='--port 3999').\n",
    )


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        pytest.param(["--port", "65534"], "'65534' is not a port from 0 to 65533", id="no-room-for-three-ports"),
        pytest.param(["--port", "-1"], "'-1' is not a port from 0 to 65533", id="port-negative"),
        pytest.param(["--port", "http"], "'http' is not a port from 0 to 65533", id="port-by-name"),
        pytest.param(["--parameter", "StageName"], "'StageName' is not NAME=VALUE", id="parameter-without-a-value"),
        pytest.param(["--parameter", "=dev"], "'=dev' is not NAME=VALUE", id="parameter-without-a-name"),
        pytest.param(["--idle-timeout", "0"], "'0' is not a number of seconds above 0", id="no-time"),
        pytest.param(["--idle-timeout", "nan"], "'nan' is not a number of seconds above 0", id="not-a-number"),
        pytest.param(["--connection-duration", "inf"], "'inf' is not a number of seconds above 0", id="endless"),
        pytest.param(["--integration-timeout", "soon"], "'soon' is not a number of seconds above 0", id="a-word"),
        pytest.param(["--aws-endpoint", "localhost:8000"], "'localhost:8000' is not a URL such as", id="no-scheme"),
        pytest.param(["event", "disconnect", "--code", "70000"], "'70000' is not a close code", id="no-close-code"),
        pytest.param(["event", "message", "--route", "$connect"], "no message takes $connect", id="no-message-s-route"),
        pytest.param(["event", "message", "--body", "\udcff"], "is not UTF-8", id="a-body-that-is-no-text"),
        pytest.param(["serve"], "invalid choice: 'serve'", id="unknown-command"),
        pytest.param(["invoke", "ConnectFunction"], "the following arguments are required: --event", id="no-event"),
    ],
)
def test_arguments_that_make_no_sense_are_status_2(
    arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert problem in capsys.readouterr().err


def test_the_stage_is_part_of_every_address_and_of_what_functions_post_to() -> None:
    with RunningGateway.start("--parameter", "StageName=dev") as gateway, gateway.connect("me") as me:
        assert [gateway.endpoints[name].rpartition("/")[2] for name in ("websocket", "management")] == ["dev", "dev"]
        me.send({"action": "sendMessage", "sessions": ["me"], "message": "hello", "id": "c-1"})
        frames = {frame["type"]: frame for frame in (me.receive(), me.receive())}
        assert frames["ack"]["delivered"] == {"me": 1}
        assert frames["message"]["message"] == "hello"


def test_nothing_says_ready_before_the_functions_are() -> None:
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
        pytest.param(READY, signal.SIGHUP, id="its-terminal-closed"),
    ],
)
def test_a_signal_ends_it_at_any_time_with_status_0_and_nothing_left(line: str, number: signal.Signals) -> None:
    with three_ports(taken=None) as first, launch_local("--port", str(first)) as (process, output):
        output.wait_for(re.escape(line))
        process.send_signal(number)
        assert process.wait(timeout=PATIENCE) == 0
        output.thread.join(timeout=PATIENCE)
        assert output.lines[-1] == "Stopped."
        assert "Traceback" not in output.text
        for port in range(first, first + 3):
            socket.create_server(("127.0.0.1", port)).close()


def test_translate_names_what_sam_does_not_know(tmp_path: Path) -> None:
    path = written(tmp_path, FUNCTION.replace("CODE", "s3://a/b, Newest: 1"))
    ended = run_local("translate", "--template", str(path))
    assert (ended.returncode, ended.stderr) == (
        0,
        f"{path}:4: SAM does not know the property Newest of MyFunction: the property does nothing.\n",
    )
    assert "Newest" not in ended.stdout


def test_translate_prints_what_sam_makes_of_the_template() -> None:
    ended = run_local("translate")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads(ended.stdout) == translated(ROOT / "template.yaml")
    resources = json.loads(ended.stdout)["Resources"].values()
    of_type = {
        kind: [each["Properties"] for each in resources if each["Type"] == f"AWS::ApiGatewayV2::{kind}"]
        for kind in ("Route", "RouteResponse")
    }
    two_way = [each["RouteKey"] for each in of_type["Route"] if "RouteResponseSelectionExpression" in each]
    assert sorted(two_way) == ["$default", "ping", "sendMessage"]
    assert len(of_type["RouteResponse"]) == 3


def test_options_count_before_a_command_as_behind_it(capsys: pytest.CaptureFixture[str]) -> None:
    printed = []
    for arguments in (["--template", str(OBEDIENT), "translate"], ["translate", "--template", str(OBEDIENT)]):
        assert main(arguments) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1] != ""
    assert "ObedientFunction" in json.loads(printed[0])["Resources"]


def test_more_clients_than_files_are_usually_allowed() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, hard))  # which the gateway inherits
    try:
        starting = contextlib.ExitStack()
        gateway = starting.enter_context(RunningGateway.start("--template", str(OBEDIENT)))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    with starting as stack:
        clients = [stack.enter_context(gateway.connect("anybody")) for _ in range(150)]
        assert clients[-1].ask({"do": "answer", "with": {"body": '"here"'}}) == "here"


def test_a_gateway_that_nobody_reads_any_more_serves_on() -> None:
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
