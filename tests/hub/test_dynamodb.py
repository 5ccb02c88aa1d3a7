"""Whatever DynamoDB answers: what is lost or cut is asked again, and nothing takes longer than its time."""

import itertools
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from hub.asking import ATTEMPTS
from hub.connection import NEVER, Connection
from hub.connections import WITHIN, Connections
from tests.support.faulty_dynamodb import LOST, SLOW, FaultyDynamoDB
from tests.support.in_moto import rows
from tests.support.lambdas import Context, cold_start

ROW = Connection("s1", "one=", 1_795_000_000_500, 9_999_999_999)

READS: dict[str, tuple[Callable[[Connections], Any], Any]] = {
    "find": (lambda connections: connections.find("one="), ROW),
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


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        *itertools.product(["find", "add_once", "remove"], sorted(LOST)),
        *itertools.product(["pages", "count", "add", "forget"], ["half a body, closed"]),
    ],
)
def test_a_lost_answer_is_asked_for_again(faulty_table: FaultyDynamoDB, fault: str, method: str) -> None:
    call, expected = ALL[method]
    faulty_table.script = [fault, "whole"]

    assert call(Connections(faulty_table.client(), "t")) == expected
    assert len(faulty_table.asked) == 2 + (method == "forget")
    assert len(set(faulty_table.tokens)) == int(method == "add_once")


@pytest.mark.parametrize("fault", sorted(LOST - {"throttled", "500", "503"}))
def test_a_delete_whose_answer_was_lost_may_find_nothing_to_delete(faulty_table: FaultyDynamoDB, fault: str) -> None:
    faulty_table.script = [fault, "refused"]
    Connections(faulty_table.client(), "t").remove(ROW)
    assert faulty_table.asked == ["DeleteItem", "DeleteItem"]


@pytest.mark.parametrize("method", ALL)
def test_answers_that_are_never_whole_are_an_error_of_botocores(faulty_table: FaultyDynamoDB, method: str) -> None:
    faulty_table.script = ["half a body that says it is whole"]

    with pytest.raises(BotoCoreError, match="status 200"):
        ALL[method][0](Connections(faulty_table.client(), "t"))
    assert len(faulty_table.asked) == ATTEMPTS


@pytest.mark.parametrize("method", ALL)
@pytest.mark.parametrize("fault", sorted(SLOW | {"throttled"}))
def test_no_answer_takes_longer_than_the_time_there_is(faulty_table: FaultyDynamoDB, fault: str, method: str) -> None:
    faulty_table.script = [fault]
    connections = Connections(faulty_table.client(), "t", within=0.2)

    began = time.monotonic()
    with pytest.raises((BotoCoreError, ClientError)):
        ALL[method][0](connections)
    assert time.monotonic() - began < WITHIN


def test_the_time_that_is_left_bounds_a_search_too(faulty_table: FaultyDynamoDB) -> None:
    faulty_table.script = ["nothing"]
    connections = Connections(faulty_table.client(), "t", within=3600)

    with pytest.raises(BotoCoreError):
        connections.find("one=", seconds=0.2)


@pytest.mark.parametrize(
    ("script", "answer"),
    [
        pytest.param(["nothing"], {"type": "error", "code": "internal", "id": "c-1"}, id="the-sender"),
        pytest.param(["drips in its body"], {"type": "error", "code": "internal", "id": "c-1"}, id="the-sender-drips"),
        pytest.param(["whole", "drips in its head"], {"type": "ack", "failed": {"s1": 0}, "id": "c-1"}, id="a-session"),
    ],
)
def test_a_message_is_answered_before_its_function_ends(
    faulty_table: FaultyDynamoDB, monkeypatch: pytest.MonkeyPatch, script: list[str], answer: dict[str, Any]
) -> None:
    faulty_table.script = script
    function = cold_start("MessageFunction", monkeypatch, AWS_ENDPOINT_URL_DYNAMODB=faulty_table.url)
    frame = {"action": "sendMessage", "sessions": ["s1"], "message": "hello", "id": "c-1"}
    event = {"requestContext": {"connectionId": "one="}, "body": json.dumps(frame)}

    began = time.monotonic()
    answered = json.loads(function.lambda_handler(event, Context(remaining_ms=2000))["body"])
    took = time.monotonic() - began
    function.FAN_OUT.close()

    assert answered | answer == answered
    assert took < 2
