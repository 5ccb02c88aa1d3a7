"""A connection that takes nothing: it gets a few seconds of its own, less the next time, and is closed in the end."""

import io
from collections.abc import Callable

import pytest

from delivery import delivery as message
from delivery import retries as requests
from delivery import stuck
from delivery.http import endpoint
from delivery.stuck import MAX_FAILURES, Own, Patience, Stuck
from tests.support.fan_outs import ENVELOPE, Rows, account, fan_out_to, lines, row
from tests.support.faulty import FOR_ALL, OWN, FaultyEndpoint

NOT_AT_ALL = Patience(first=Own(delay=0.001, seconds=0), stuck=Own(delay=0.001, seconds=0))
"""One attempt for what a connection does not take."""


class Clock:
    """Epoch seconds that pass when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds before each further attempt, which do not pass."""
    waits: list[float] = []

    def again(work: message.Delivery, request: requests.Post, delay: float) -> None:
        waits.append(round(delay, 1))
        work.submit_now(request)

    monkeypatch.setattr("random.random", lambda: 1.0)
    monkeypatch.setattr(message.Delivery, "submit_again", again)
    monkeypatch.setattr(endpoint, "RESPONSE_TIMEOUT", 0.02)
    monkeypatch.setattr(endpoint, "LOOK", 0.01)
    return waits


@pytest.mark.parametrize("name", sorted(OWN))
def test_what_a_connection_does_not_take_gets_three_seconds_and_then_one(
    faulty: FaultyEndpoint, waits: list[float], name: str
) -> None:
    faulty.scripts["one="] = [name] * 99
    with fan_out_to(faulty.url, Rows([row("s1", "one="), row("s1", "two=")])) as out:
        for expected in ([0.2, 0.4, 0.8, 1.6], [1.0]):
            assert out.send(ENVELOPE, ("s1",), None, seconds=27) == {"s1": account(2, delivered=1)}
            assert waits == [pytest.approx(delay, abs=0.3) for delay in expected]
            waits.clear()


@pytest.mark.parametrize("name", sorted(FOR_ALL))
def test_what_no_connection_gets_through_is_tried_until_the_time_is_up(faulty: FaultyEndpoint, name: str) -> None:
    faulty.scripts["one="] = [name] * 4
    with fan_out_to(faulty.url, Rows([row("s1", "one=")]), patience=NOT_AT_ALL) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=27) == {"s1": account(1, delivered=1)}
    assert len(faulty.requests) == 5


@pytest.mark.parametrize(
    ("name", "attempts"), [("429, later", [1.0]), ("429, much later", [])], ids=["in-its-time", "beyond-its-time"]
)
def test_the_time_that_aws_asks_for_is_part_of_it(
    faulty: FaultyEndpoint, waits: list[float], name: str, attempts: list[float]
) -> None:
    faulty.scripts["one="] = [name]
    with fan_out_to(faulty.url, Rows([row("s1", "one=")])) as out:
        assert out.send(ENVELOPE, ("s1",), None, 27) == {"s1": account(1, delivered=len(attempts))}
    assert waits == attempts


@pytest.mark.parametrize("name", ["429", "silence"])
def test_a_connection_that_takes_nothing_again_and_again_is_closed_and_its_row_goes(
    faulty: FaultyEndpoint, log: io.StringIO, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(endpoint, "RESPONSE_TIMEOUT", 0.02)
    monkeypatch.setattr(endpoint, "LOOK", 0.01)
    faulty.scripts["one="] = [name] * MAX_FAILURES
    rows = Rows([row("s1", "one="), row("s1", "two=")])

    with fan_out_to(faulty.url, rows, patience=NOT_AT_ALL) as out:
        for _ in range(MAX_FAILURES - 1):
            assert out.send(ENVELOPE, ("s1",), None, 5) == {"s1": account(2, delivered=1)}
        assert rows.removed == []
        assert out.send(ENVELOPE, ("s1",), None, 5) == {"s1": account(2, delivered=1, closed=1)}

    assert [each[:2] for each in faulty.requests if each[0] == "DELETE"] == [("DELETE", "one=")]
    assert rows.removed == ["one="]
    assert (
        lines(log)[-1].items() >= {"level": "WARNING", "message": "stuck connections closed", "connections": 1}.items()
    )


@pytest.mark.parametrize(
    "between",
    [
        pytest.param(lambda faulty, clock: faulty.scripts["one="].insert(0, "200"), id="a-success"),
        pytest.param(lambda faulty, clock: setattr(clock, "now", stuck.FORGIVEN_AFTER), id="a-minute"),
    ],
)
def test_a_connection_that_is_slow_now_and_then_stays(
    faulty: FaultyEndpoint, between: Callable[[FaultyEndpoint, Clock], None]
) -> None:
    clock, rows = Clock(), Rows([row("s1", "one=")])
    faulty.scripts["one="] = ["429"] * (2 * MAX_FAILURES - 2)
    with fan_out_to(faulty.url, rows, clock=clock, patience=NOT_AT_ALL) as out:
        for number in range(2 * MAX_FAILURES - 1):
            if number == MAX_FAILURES - 1:
                between(faulty, clock)
            out.send(ENVELOPE, ("s1",), None, seconds=5)
    assert len(faulty.posts()["one="]) == 2 * MAX_FAILURES - 1  # and no DELETE
    assert rows.removed == []


def test_what_the_end_of_the_time_cuts_short_is_not_held_against_a_connection(faulty: FaultyEndpoint) -> None:
    faulty.scripts["one="] = ["429"] * 99
    with fan_out_to(faulty.url, Rows([row("s1", "one=")])) as out:
        for _ in range(MAX_FAILURES + 1):
            assert out.send(ENVELOPE, ("s1",), None, seconds=0.04) == {"s1": account(1)}
        assert out.stuck.failures("one=") == 0
    assert set(faulty.posts()) == {"one="}


@pytest.mark.parametrize("refusal", ["429 for all", "403", "500"])
def test_a_stuck_connection_that_cannot_be_closed_keeps_its_row(
    faulty: FaultyEndpoint, log: io.StringIO, refusal: str
) -> None:
    faulty.scripts["one="] = [*["429"] * MAX_FAILURES, refusal, *["429"] * MAX_FAILURES]
    rows = Rows([row("s1", "one=")])
    with fan_out_to(faulty.url, rows, patience=NOT_AT_ALL) as out:
        for _ in range(2 * MAX_FAILURES):
            assert rows.removed == []
            out.send(ENVELOPE, ("s1",), None, seconds=5)
        assert rows.removed == ["one="], "closing it is tried again after as many messages"
    assert [each[0] for each in faulty.requests] == [*["POST"] * MAX_FAILURES, "DELETE"] * 2
    assert "close failed" in {line["message"] for line in lines(log)}


def test_a_row_that_has_run_out_is_left_alone_after_closing_it_failed_again_and_again(faulty: FaultyEndpoint) -> None:
    clock, rows = Clock(), Rows([row("s1", "one=")])
    clock.now = rows.rows[0].expires_at
    faulty.scripts["one="] = ["429"] * MAX_FAILURES
    with fan_out_to(faulty.url, rows, clock=clock, patience=NOT_AT_ALL) as out:
        for _ in range(2 * MAX_FAILURES):
            assert out.send(ENVELOPE, ("s1",), None, seconds=5) == {"s1": account(0)}
        assert [each[0] for each in faulty.requests] == ["DELETE"] * MAX_FAILURES
        clock.now += stuck.FORGIVEN_AFTER
        out.send(ENVELOPE, ("s1",), None, seconds=5)
    assert rows.removed == ["one="]


def test_only_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stuck, "MAX_REMEMBERED", 3)
    remembered = Stuck(Clock())
    for name in ("a", "b", "c", "a", "d"):
        remembered.failed(name)
    assert {name: remembered.failures(name) for name in "abcd"} == {"a": 2, "b": 0, "c": 1, "d": 1}
