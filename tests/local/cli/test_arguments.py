"""The options and commands of ``python -m local``."""

import pkgutil
from pathlib import Path

import pytest

from local.cli.arguments import options_of, parse
from local.cli.command_line import COMMANDS, main
from local.options import Limits, Options
from local.place import Place


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
