"""Faulty answers of DynamoDB: the hub repeats a request whose answer is lost or cut, and gives up in time."""

import itertools
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError

from hub.asking import ATTEMPTS, NoAnswer
from hub.connection import NEVER, Connection
from hub.connections import Connections
from hub.dynamodb import Table
from tests.support.faulty_dynamodb import LOST, SLOW, FaultyDynamoDB
from tests.support.in_moto import rows
from tests.support.lambdas import Context, cold_start

ROW = Connection("s1", "one=", 1_795_000_000_500, 9_999_999_999)

READS: dict[str, tuple[Callable[[Connections], Any], Any]] = {
    "find": (lambda connections: connections.find("one=", seconds=60), ROW),
    "pages": (lambda connections: rows(connections, "s1"), [ROW]),
    "count": (lambda connections: connections.count("s1", 0), 1),
}
WRITES: dict[str, tuple[Callable[[Connections], Any], Any]] = {
    "add": (lambda connections: connections.add(ROW), None),
    "add_once": (lambda connections: connections.add_once(ROW, "credential", NEVER), True),
    "remove": (lambda connections: connections.remove(ROW), None),
    "forget": (lambda connections: connections.forget("one="), "s1"),
}
ALL = READS | WRITES

FRAME = {"action": "sendMessage", "sessions": ["s1"], "message": "hello", "id": "c-1"}
MESSAGE = {"requestContext": {"connectionId": "one="}, "body": json.dumps(FRAME)}

NO_ANSWER_IN_TIME = "^DynamoDB did not answer in time$"


@pytest.mark.usefixtures("no_backoff")
@pytest.mark.parametrize(
    ("method", "fault"),
    [
        *itertools.product(["find", "add_once", "remove"], sorted(LOST)),
        *itertools.product(["pages", "count", "add", "forget"], ["half a body, closed"]),
    ],
)
def test_a_request_whose_answer_is_lost_is_made_again(faulty_table: FaultyDynamoDB, fault: str, method: str) -> None:
    call, expected = ALL[method]
    faulty_table.script = [fault, "whole"]

    assert call(Connections(faulty_table.client(), "t", within=60)) == expected
    assert len(faulty_table.asked) == 2 + (method == "forget")
    assert len(set(faulty_table.tokens)) == int(method == "add_once")


@pytest.mark.usefixtures("no_backoff")
@pytest.mark.parametrize("fault", sorted(LOST - {"throttled", "500", "503"}))
def test_a_delete_whose_answer_was_lost_may_find_nothing_to_delete(faulty_table: FaultyDynamoDB, fault: str) -> None:
    faulty_table.script = [fault, "refused"]
    Connections(faulty_table.client(), "t", within=60).remove(ROW)
    assert faulty_table.asked == ["DeleteItem", "DeleteItem"]


@pytest.mark.parametrize("method", ALL)
def test_answers_that_are_never_complete_end_in_an_error_of_botocore(faulty_table: FaultyDynamoDB, method: str) -> None:
    faulty_table.script = ["half a body that says it is whole"]

    with pytest.raises(BotoCoreError, match="status 200"):
        ALL[method][0](Connections(faulty_table.client(), "t", within=60))
    assert len(faulty_table.asked) == ATTEMPTS


@pytest.mark.parametrize("method", ALL)
@pytest.mark.parametrize("fault", sorted(SLOW | {"throttled"}))
def test_no_method_waits_longer_than_its_time(faulty_table: FaultyDynamoDB, fault: str, method: str) -> None:
    faulty_table.script = [fault]
    with pytest.raises(NoAnswer, match=NO_ANSWER_IN_TIME):
        ALL[method][0](Connections(faulty_table.client(), "t", within=0.05))


def test_a_deadline_is_as_many_seconds_away_as_the_table_allows(faulty_table: FaultyDynamoDB) -> None:
    before = time.monotonic()
    deadline = Table(faulty_table.client(), "t", within=100).deadline()
    assert before + 100 <= deadline <= time.monotonic() + 100


def test_the_time_that_is_left_bounds_a_search_too(faulty_table: FaultyDynamoDB) -> None:
    faulty_table.script = ["nothing"]
    with pytest.raises(NoAnswer, match=NO_ANSWER_IN_TIME):
        Connections(faulty_table.client(), "t", within=3600).find("one=", seconds=0.05)


@pytest.mark.parametrize(
    ("script", "remaining_ms", "answer"),
    [
        pytest.param(["nothing"], 1_100, {"type": "error", "code": "internal", "id": "c-1"}, id="the-sender"),
        pytest.param(["drips in its body"], 1_100, {"type": "error", "code": "internal"}, id="the-sender-drips"),
        pytest.param(["whole", "drips in its head"], 4_000, {"type": "ack", "failed": {"s1": 0}}, id="a-session"),
    ],
)
def test_a_message_is_answered_although_dynamodb_does_not_answer(
    faulty_table: FaultyDynamoDB,
    monkeypatch: pytest.MonkeyPatch,
    script: list[str],
    remaining_ms: int,
    answer: dict[str, Any],
) -> None:
    faulty_table.script = script
    function = cold_start("MessageFunction", monkeypatch, AWS_ENDPOINT_URL_DYNAMODB=faulty_table.url)
    try:
        answered = json.loads(function.lambda_handler(MESSAGE, Context(remaining_ms=remaining_ms))["body"])
    finally:
        function.FAN_OUT.close()
    assert answered | answer == answered


@pytest.mark.parametrize(
    ("remaining_ms", "seconds"),
    [
        pytest.param(4_000, 3, id="a-second-before-the-function-ends"),
        pytest.param(28_000, 27, id="the-whole-time"),
        pytest.param(60_000, 27, id="never-longer-than-api-gateway-waits"),
    ],
)
def test_looking_for_the_sender_and_delivering_end_before_the_function_does(
    monkeypatch: pytest.MonkeyPatch, remaining_ms: int, seconds: float
) -> None:
    function = cold_start("MessageFunction", monkeypatch)
    function.FAN_OUT.close()
    given: list[float] = []

    class Connected:
        def find(self, connection_id: str, seconds: float) -> Connection:
            given.append(seconds)
            return ROW

    class Delivering:
        def send(self, *_: Any, seconds: float) -> dict[str, Any]:
            given.append(seconds)
            return {}

    monkeypatch.setattr(function, "CONNECTIONS", Connected())
    monkeypatch.setattr(function, "FAN_OUT", Delivering())
    function.lambda_handler(MESSAGE, Context(remaining_ms=remaining_ms))
    assert given == [seconds, seconds]
