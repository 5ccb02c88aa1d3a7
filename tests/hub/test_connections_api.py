"""How ConnectFunction asks ``@connections`` which connections are gone, over real HTTP and with a fake client."""

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from hub.connections_api import AT_ONCE, CONFIG, ConnectionsApi
from tests.support.faulty import ANSWERS, FaultyEndpoint
from tests.support.gateway import PATIENCE, wait_until
from tests.support.in_moto import row

LATER = 1e9
"""A deadline that does not come, by the clock ``time.monotonic``."""

GONE = {"410", "410 without a type", "410 and a 200", "half a 410"}

STALLS = {"silence", "200 and a body that never ends", "200 with a malformed header"}
"""Answers that only a timeout ends."""

OPEN = {name for name in ANSWERS if name.startswith(("200", "half a 200", "half the body of a 200"))} - STALLS
OPEN |= {"429 after a 103"}  # botocore takes the 103 for the answer

ADVICE = ": check that the function's role allows execute-api:ManageConnections on this API and stage, "

REASONS = {
    "400": "400 BadRequestException",
    "403": "403 AccessDeniedException",
    "302": "302",
    "429": "429 LimitExceededException",
    "429 for all": "429 ThrottlingException",
    "429 without a type": "429",
    "500": "500",
    "503": "503",
    "closed": "ConnectionClosedError",
    "reset": "ConnectionClosedError",
    "no HTTP": "ConnectionClosedError",
}
"""What the log says about answers that say nothing about the connection."""


def api_at(url: str, within: float = 60) -> ConnectionsApi:
    return ConnectionsApi(lambda: boto3.client("apigatewaymanagementapi", endpoint_url=url, config=CONFIG), within)


def with_fake(get_connection: Callable[..., Any], within: float = 60) -> ConnectionsApi:
    client: Any = SimpleNamespace(get_connection=get_connection)
    return ConnectionsApi(lambda: client, within)


def lines(log: io.StringIO) -> list[tuple[str, str, str, int]]:
    written = [json.loads(line) for line in log.getvalue().splitlines()]
    return [(line["level"], line["message"], line["reason"], line["connections"]) for line in written]


@pytest.fixture
def over() -> Iterator[threading.Event]:
    """An event for which calls wait. It happens at the end of the test."""
    event = threading.Event()
    yield event
    event.set()


@pytest.mark.parametrize("name", sorted(OPEN | GONE))
def test_a_410_says_that_a_connection_is_gone_and_a_200_that_it_is_open(
    faulty: FaultyEndpoint, log: io.StringIO, name: str
) -> None:
    rows = [row("s1", "one="), row("s1", "two=")]
    faulty.scripts["one="] = [name]

    assert api_at(faulty.url).gone(rows, LATER) == (rows[:1] if name in GONE else [])
    assert sorted(faulty.requests) == [("GET", "one=", b""), ("GET", "two=", b"")]
    assert lines(log) == []


@pytest.mark.usefixtures("no_backoff")
@pytest.mark.parametrize(("name", "reason"), REASONS.items())
def test_any_other_answer_says_nothing_and_the_log_says_why(
    faulty: FaultyEndpoint, log: io.StringIO, name: str, reason: str
) -> None:
    rows = [row("s1", f"{number}=") for number in range(3)]
    faulty.scripts = {"0=": [name] * 2, "1=": ["410"], "2=": [name] * 2}

    assert api_at(faulty.url).gone(rows, LATER) == [rows[1]]
    ((level, message, logged, connections),) = lines(log)
    assert (level, message, connections) == ("ERROR", "get failed", 2)
    assert logged.partition(ADVICE)[0] == reason
    assert (ADVICE in logged) is (name == "403")


@pytest.mark.parametrize("name", sorted(STALLS))
def test_an_answer_that_does_not_come_in_time_says_nothing(faulty: FaultyEndpoint, log: io.StringIO, name: str) -> None:
    faulty.scripts["one="] = [name]
    assert api_at(faulty.url, within=0.05).gone([row("s1", "one=")], LATER) == []
    assert lines(log) == [("ERROR", "get failed", "@connections did not answer in time", 1)]


@pytest.mark.usefixtures("no_backoff")
def test_a_request_on_an_http_connection_that_api_gateway_has_closed_is_made_again(faulty: FaultyEndpoint) -> None:
    faulty.scripts["one="] = ["closed", "410"]
    assert api_at(faulty.url).gone([row("s1", "one=")], LATER) == [row("s1", "one=")]


def test_nobody_there(log: io.StringIO) -> None:
    assert api_at("http://127.0.0.1:9/prod").gone([row("s1", "one=")], LATER) == []
    assert lines(log) == [("ERROR", "get failed", "EndpointConnectionError", 1)]


def test_some_requests_are_made_at_the_same_time_and_no_more() -> None:
    together, lock, running, most = threading.Barrier(AT_ONCE, timeout=PATIENCE), threading.Lock(), 0, 0

    def get_connection(ConnectionId: str) -> None:  # noqa: N803 - boto3's name
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait()
        with lock:
            running -= 1

    assert with_fake(get_connection).gone([row("s1", f"{number}=") for number in range(3 * AT_ONCE)], LATER) == []
    assert most == AT_ONCE


@pytest.mark.parametrize(
    ("within", "seconds"),
    [pytest.param(0.01, 3600.0, id="its-own-time"), pytest.param(3600.0, 0.01, id="the-caller-s-deadline")],
)
def test_requests_that_take_too_long_are_bounded_in_time_and_in_number(
    over: threading.Event, log: io.StringIO, within: float, seconds: float
) -> None:
    began = []

    gone: Any = {"Error": {}, "ResponseMetadata": {"HTTPStatusCode": 410}}

    def answer_late(ConnectionId: str) -> None:  # noqa: N803 - boto3's name
        began.append(ConnectionId)
        over.wait(PATIENCE / 2)
        raise ClientError(gone, "GetConnection")

    api = with_fake(answer_late, within)
    for _ in range(3):
        rows = [row("s1", f"{number}=") for number in range(10)]
        assert api.gone(rows, time.monotonic() + seconds) == []
    wait_until(lambda: len(began) >= AT_ONCE)
    assert len(began) == AT_ONCE
    assert lines(log) == [("ERROR", "get failed", "@connections did not answer in time", 10)] * 3


def test_the_client_is_made_when_it_is_needed_and_once(faulty: FaultyEndpoint) -> None:
    made: list[Any] = []

    def make() -> Any:
        made.append(boto3.client("apigatewaymanagementapi", endpoint_url=faulty.url, config=CONFIG))
        return made[-1]

    api = ConnectionsApi(make)
    assert made == []
    for _ in range(2):
        api.gone([row("s1", "one=")], LATER)
    assert len(made) == 1
