"""A full session, some of whose connections are gone: ConnectFunction removes their rows before it refuses anybody."""

import io
import json
import time
from typing import Any

import boto3
import pytest

from tests.support.in_moto import HubInMoto, row
from tests.support.lambdas import Context, cold_start
from tests.support.sample_events import sample_event
from tests.support.tables import rows

OPENED = (200, "")
FULL = (429, "too_many_connections")
SESSION = {"session_id": "s1"}


def stored() -> list[str]:
    return [connection.connection_id for connection in rows("s1")]


def lines(log: io.StringIO, level: str) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, log.getvalue().splitlines()) if line["level"] == level]


def test_a_connection_that_is_gone_makes_room(
    hub_in_moto: HubInMoto, log: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ghost-1=", "ghost-2=", "open="):
        hub_in_moto.connections.add(row("s1", name))
    hub_in_moto.endpoint.server.scripts |= {"ghost-1=": ["410"], "ghost-2=": ["410"]}

    assert hub_in_moto.hub(MaxConnectionsPerSession="3").connect("new=", SESSION) == OPENED
    assert stored() == ["new=", "open="]
    assert sorted(hub_in_moto.endpoint.asked) == ["ghost-1=", "ghost-2=", "open="]
    assert [(line["message"], line.get("connections")) for line in lines(log, "INFO")] == [
        ("ghosts removed", 2),
        ("connected", None),
    ]
    (record,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"_aws"')]
    assert (record["GhostsRemoved"], record["Connected"]) == ([2], [1])


@pytest.mark.parametrize(
    ("limit", "status", "left"),
    [
        pytest.param("3", 429, ["one=", "three=", "two="], id="nobody-is-gone"),
        pytest.param("2", 429, ["three=", "two="], id="too-few-are-gone-for-a-limit-that-was-lowered"),
    ],
)
def test_a_session_that_is_still_full_refuses(hub_in_moto: HubInMoto, limit: str, status: int, left: list[str]) -> None:
    for name in ("one=", "two=", "three="):
        hub_in_moto.connections.add(row("s1", name))
    if len(left) < 3:
        hub_in_moto.endpoint.server.scripts["one="] = ["410"]

    assert hub_in_moto.hub(MaxConnectionsPerSession=limit).connect("new=", SESSION) == FULL
    assert stored() == left


def test_a_session_that_is_not_full_asks_for_nobody(hub_in_moto: HubInMoto) -> None:
    hub_in_moto.connections.add(row("s1", "ghost="))
    hub_in_moto.endpoint.server.scripts["ghost="] = ["410"]

    assert hub_in_moto.hub(MaxConnectionsPerSession="2").connect("new=", SESSION) == OPENED
    assert (stored(), hub_in_moto.endpoint.asked) == (["ghost=", "new="], [])


def test_a_connection_that_may_still_be_opening_is_not_asked_for(hub_in_moto: HubInMoto) -> None:
    hub = hub_in_moto.hub(MaxConnectionsPerSession="1")
    hub_in_moto.connections.add(row("s1", "young=", connected_at=int(time.time() * 1000) + 60_000))
    hub_in_moto.endpoint.server.scripts["young="] = ["410"]

    assert hub.connect("new=", SESSION) == FULL
    assert (stored(), hub_in_moto.endpoint.asked) == (["young="], [])


@pytest.mark.usefixtures("no_backoff")
@pytest.mark.parametrize("name", ["400", "403", "429", "500", "reset", "silence"])
def test_a_search_without_a_usable_answer_refuses_and_says_why(
    hub_in_moto: HubInMoto, log: io.StringIO, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    hub_in_moto.connections.add(row("s1", "one="))
    hub_in_moto.endpoint.server.scripts["one="] = [name] * 2

    assert hub_in_moto.hub(MaxConnectionsPerSession="1").connect("new=", SESSION) == FULL
    assert stored() == ["one="]
    ((message, recipient),) = [(line["message"], line["recipient"]) for line in lines(log, "ERROR")]
    assert (message, recipient) == ("get failed", "one=")
    assert [line["code"] for line in lines(log, "WARNING")] == ["too_many_connections"]
    assert "Faults" not in capsys.readouterr().out


NOT_A_URL = ("ghosts not removed", ["hub.connections_api.NotAUrl: WEBSOCKET_ENDPOINT is not a URL"])


@pytest.mark.parametrize(
    ("url", "logged"),
    [
        pytest.param("http://127.0.0.1:9/prod", ("get failed", "EndpointConnectionError"), id="nobody-there"),
        pytest.param("not a URL", NOT_A_URL, id="a-text"),
        pytest.param("https://[::::]/prod", NOT_A_URL, id="an-odd-host"),
    ],
)
def test_an_endpoint_that_cannot_be_asked_refuses_and_says_why(
    hub_in_moto: HubInMoto,
    log: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    logged: tuple[str, str | list[str]],
) -> None:
    hub_in_moto.connections.add(row("s1", "one="))
    function = cold_start("ConnectFunction", monkeypatch, {"MaxConnectionsPerSession": "1"}, WEBSOCKET_ENDPOINT=url)

    assert function.lambda_handler(sample_event("connect"), Context())["statusCode"] == 429
    assert stored() == ["one="]
    (line,) = lines(log, "ERROR")
    assert (line["message"], line.get("reason", line.get("exception", "").splitlines()[-1:])) == logged


def test_the_client_is_made_only_when_a_session_is_full(
    hub_in_moto: HubInMoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, made = boto3.client, []

    def client(service: Any, **options: Any) -> Any:
        made.append(service)
        return make(service, **options)

    monkeypatch.setattr("boto3.client", client)
    function = cold_start(
        "ConnectFunction",
        monkeypatch,
        {"MaxConnectionsPerSession": "1", "WebSocketEndpoint": hub_in_moto.endpoint.url},
    )
    handler = function.lambda_handler
    assert [handler(sample_event("connect"), Context())["statusCode"] for _ in range(3)] == [200, 429, 429]
    assert [service for service in made if service == "apigatewaymanagementapi"] == ["apigatewaymanagementapi"]
