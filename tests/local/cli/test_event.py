"""``python -m local event``: sample events, which the hub's functions accept."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from local.cli.command_line import main
from tests.support.gateway import RunningGateway

Sample: TypeAlias = Callable[..., Any]


@pytest.fixture
def sample(capsys: pytest.CaptureFixture[str]) -> Sample:
    """Runs the command, and returns the event that it prints."""

    def run(*arguments: str) -> Any:
        assert main(["event", *arguments]) == 0
        printed = capsys.readouterr()
        assert printed.err == ""
        return json.loads(printed.out)

    return run


def test_the_hub_s_functions_accept_sample_events(
    gateway: RunningGateway, sample: Sample, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    port = gateway.endpoints["page"].rpartition(":")[2]
    for function, arguments in {
        "ConnectFunction": ["connect", "--session", "sample"],
        "MessageFunction": ["message", "--session", "sample"],
        "DisconnectFunction": ["disconnect", "--connection", "AAAAAAAAAAAAAAA="],
    }.items():
        path = tmp_path / f"{function}.json"
        path.write_text(json.dumps(sample(*arguments)))
        assert main(["invoke", function, "--event", str(path), "--port", port]) == 0
        assert json.loads(capsys.readouterr().out)["statusCode"] == 200
    assert len(gateway.rows("sample")) == 1


@pytest.mark.parametrize(
    ("arguments", "members"),
    [
        pytest.param(["connect", "--query", "token=t", "--query", "x=1"], {"token": "t", "x": "1"}, id="query"),
        pytest.param(["connect"], {"session_id": "s1"}, id="default"),
    ],
)
def test_the_query_of_a_sample(sample: Sample, arguments: list[str], members: dict[str, str]) -> None:
    assert sample(*arguments)["queryStringParameters"] == members


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        pytest.param([], "sendMessage", id="default"),
        pytest.param(["--body", '{"action": "ping"}'], "ping", id="action-of-the-body"),
        pytest.param(["--body", "text"], "$default", id="text"),
        pytest.param(["--body", '{"action": "$connect"}'], "$default", id="reserved"),
        pytest.param(["--body", "[]"], "$default", id="a-list"),
        pytest.param(["--body", "text", "--route", "own"], "own", id="route-given-by-option"),
    ],
)
def test_the_route_of_a_sample(sample: Sample, arguments: list[str], key: str) -> None:
    assert sample("message", *arguments)["requestContext"]["routeKey"] == key


def test_a_sample_of_a_close_and_of_a_header(sample: Sample) -> None:
    context = sample("disconnect", "--code", "1001", "--reason", "", "--stage", "dev")["requestContext"]
    assert (context["disconnectStatusCode"], context["disconnectReason"], context["stage"]) == (1001, "", "dev")
    assert sample("connect", "--header", "X-Session=s2")["headers"]["X-Session"] == "s2"
