"""Faulty answers of DynamoDB to boto3: the hub repeats a request whose answer is lost or cut, and gives up in time."""

import itertools
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

ROW = Connection("s1", "one=", 1_795_000_000_500, 9_999_999_999)

ALL: dict[str, tuple[Callable[[Connections], Any], Any]] = {
    "count": (lambda connections: connections.count("s1", 0, connections.deadline()), 1),
    "add": (lambda connections: connections.add(ROW), None),
    "add_once": (lambda connections: connections.add_once(ROW, "credential", NEVER), True),
    "forget": (lambda connections: connections.forget("one="), "s1"),
}

NO_ANSWER_IN_TIME = "^DynamoDB did not answer in time$"


@pytest.mark.usefixtures("no_backoff")
@pytest.mark.parametrize(
    ("method", "fault"),
    [
        *itertools.product(["count", "add_once", "forget"], sorted(LOST)),
        *itertools.product(["add"], ["half a body, closed"]),
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
    faulty_table.script = ["whole", fault, "refused"]
    assert Connections(faulty_table.client(), "t", within=60).forget("one=") == "s1"
    assert faulty_table.asked == ["Query", "DeleteItem", "DeleteItem"]


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
