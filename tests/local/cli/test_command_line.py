"""``python -m local`` as a user types it: the arguments that it refuses, how it starts, and how it stops."""

import contextlib
import json
import pkgutil
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

from local.cli.arguments import options_of, parse
from local.cli.command_line import COMMANDS, main
from local.options import Limits, Options
from local.place import Place
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
        pytest.param(["event", "disconnect", "--code", "70000"], "'70000' is not a close code", id="not-a-close-code"),
        pytest.param(
            ["event", "message", "--route", "$connect"],
            "never sends a message to the route $connect",
            id="a-route-that-no-message-takes",
        ),
        pytest.param(["event", "message", "--body", "\udcff"], "is not UTF-8", id="a-body-that-is-not-text"),
        pytest.param(["serve"], "invalid choice: 'serve'", id="unknown-command"),
        pytest.param(["invoke", "ConnectFunction"], "the following arguments are required: --event", id="no-event"),
    ],
)
def test_invalid_arguments_are_status_2(arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert problem in capsys.readouterr().err


def test_the_stage_is_part_of_clients_and_of_functions_addresses() -> None:
    with RunningGateway.start("--parameter", "StageName=dev") as gateway, gateway.connect("me") as me:
        assert [gateway.endpoints[name].rpartition("/")[2] for name in ("websocket", "management")] == ["dev", "dev"]
        me.send({"action": "sendMessage", "sessions": ["me"], "message": "hello", "id": "c-1"})
        frames = {frame["type"]: frame for frame in (me.receive(), me.receive())}
        assert frames["ack"]["delivered"] == {"me": 1}
        assert frames["message"]["message"] == "hello"


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


def test_translate_names_properties_that_sam_does_not_know(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(
        "Transform: AWS::Serverless-2016-10-31\n"
        "Resources:\n"
        "  MyFunction:\n"
        "    Type: AWS::Serverless::Function\n"
        "    Properties: {Runtime: python3.12, Handler: app.handler, CodeUri: s3://a/b, Newest: 1}\n"
    )
    ended = run_local("translate", "--template", str(path))
    assert ended.returncode == 0
    assert re.fullmatch(rf"{re.escape(str(path))}:3: .*\bNewest of MyFunction\b.*\n", ended.stderr)
    assert "Newest" not in ended.stdout


def test_translate_prints_the_template_that_sam_makes() -> None:
    ended = run_local("translate")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads(ended.stdout) == translated(ROOT / "template.yaml")
    resources = json.loads(ended.stdout)["Resources"].values()
    of_type = {
        kind: [resource["Properties"] for resource in resources if resource["Type"] == f"AWS::ApiGatewayV2::{kind}"]
        for kind in ("Route", "RouteResponse")
    }
    two_way = [route["RouteKey"] for route in of_type["Route"] if "RouteResponseSelectionExpression" in route]
    assert sorted(two_way) == ["$default", "ping", "sendMessage"]
    assert len(of_type["RouteResponse"]) == 3


@pytest.mark.parametrize(
    ("before", "command", "behind", "port"),
    [
        pytest.param([], [], [], 3001, id="nowhere"),
        pytest.param(["--port", "5"], [], [], 5, id="without-a-command"),
        pytest.param([], ["token", "--session", "s"], [], 3001, id="nowhere-with-a-command"),
        pytest.param(["--port", "5"], ["token", "--session", "s"], [], 5, id="before-the-command"),
        pytest.param([], ["token", "--session", "s"], ["--port", "6"], 6, id="behind-the-command"),
        pytest.param(["--port", "5"], ["token", "--session", "s"], ["--port", "6"], 6, id="on-both-sides"),
    ],
)
def test_an_option_may_stand_before_a_command_or_behind_it(
    before: list[str], command: list[str], behind: list[str], port: int
) -> None:
    assert parse([*before, *command, *behind]).port == port


def test_every_option_that_invoke_shares_may_stand_before_the_command() -> None:
    options = ["--template", "t", "--host", "h", "--api", "A", "--parameter", "N=v", "--tls", "--region", "eu-west-1"]
    options += [
        "--account",
        "1" * 12,
        "--aws-endpoint",
        "http://h",
        "--idle-timeout",
        "1",
        "--connection-duration",
        "2",
    ]
    options += ["--integration-timeout", "3", "--no-disconnect", "--debug"]
    command = ["invoke", "F", "--event", "-"]
    expected = Options(
        template=Path("t"),
        api="A",
        host="h",
        parameters={"N": "v"},
        aws_endpoint="http://h",
        limits=Limits(idle=1, duration=2),
        integration_timeout=3,
        wss=True,
        debug=True,
        runs_disconnect=False,
        place=Place("eu-west-1", "1" * 12),
    )
    assert options_of(parse([*options, *command])) == options_of(parse([*command, *options])) == expected
    assert options_of(parse(command)) == options_of(parse([])) == Options()


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "serve"])
def test_every_command_has_its_help_and_a_function(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: python -m local {command} ")
    assert callable(pkgutil.resolve_name(COMMANDS[command]))


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


def test_a_gateway_whose_output_has_no_reader_serves_on() -> None:
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
