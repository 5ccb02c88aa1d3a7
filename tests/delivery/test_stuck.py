"""A stuck connection, which takes no messages: it gets a few seconds, then less, and the hub closes it in the end."""

import io
from collections.abc import Callable

import pytest

from delivery.stuck import FORGIVEN_AFTER, MAX_FAILURES, PATIENCE, Stuck
from tests.support.fan_outs import (
    ENVELOPE,
    NO_PATIENCE,
    PLENTY,
    SILENT,
    TOLERANT,
    Rows,
    account,
    fan_out_to,
    lines,
    row,
)
from tests.support.faulty import BLAMES_RECIPIENT, FOR_ALL, FaultyEndpoint


class Clock:
    """Epoch seconds that pass when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("name", sorted(BLAMES_RECIPIENT))
def test_a_post_that_its_recipient_alone_does_not_take_gets_that_recipients_time(
    faulty: FaultyEndpoint, name: str
) -> None:
    # Without any time, there is one attempt. How long the time is otherwise: test_retries.py.
    faulty.scripts["one="] = [name]
    timing = SILENT if name == "silence" else TOLERANT
    rows = Rows([row("s1", "one="), row("s1", "two=")])
    with fan_out_to(faulty.url, rows, patience=NO_PATIENCE, timing=timing) as out:
        assert out.send(ENVELOPE, ("s1",), None, PLENTY) == {"s1": account(2, delivered=1)}
        assert out.stuck.failures("one=") == 1
    assert len(faulty.posts()["one="]) == 1


@pytest.mark.parametrize("name", sorted(FOR_ALL))
def test_a_fault_that_any_recipient_could_have_met_does_not_use_up_that_recipients_time(
    faulty: FaultyEndpoint, name: str
) -> None:
    faulty.scripts["one="] = [name] * 4
    with fan_out_to(faulty.url, Rows([row("s1", "one=")]), patience=NO_PATIENCE) as out:
        assert out.send(ENVELOPE, ("s1",), None, PLENTY) == {"s1": account(1, delivered=1)}
    assert len(faulty.requests) == 5


def test_a_connection_that_takes_nothing_is_closed_and_its_row_removed(
    faulty: FaultyEndpoint, log: io.StringIO
) -> None:
    faulty.scripts["one="] = ["429"] * MAX_FAILURES
    rows = Rows([row("s1", "one="), row("s1", "two=")])

    with fan_out_to(faulty.url, rows, patience=NO_PATIENCE) as out:
        for _ in range(MAX_FAILURES - 1):
            assert out.send(ENVELOPE, ("s1",), None, PLENTY) == {"s1": account(2, delivered=1)}
        assert rows.removed == []
        assert out.send(ENVELOPE, ("s1",), None, PLENTY) == {"s1": account(2, delivered=1, closed=1)}

    assert [request[:2] for request in faulty.requests if request[0] == "DELETE"] == [("DELETE", "one=")]
    assert rows.removed == ["one="]
    line = lines(log)[-1]
    assert (line["level"], line["message"], line["connections"]) == ("WARNING", "stuck connections closed", 1)


@pytest.mark.parametrize(
    "between",
    [
        pytest.param(lambda faulty, clock: faulty.scripts["one="].insert(0, "200"), id="a-success"),
        pytest.param(lambda faulty, clock: setattr(clock, "now", FORGIVEN_AFTER), id="a-minute"),
    ],
)
def test_a_connection_that_is_slow_now_and_then_stays(
    faulty: FaultyEndpoint, between: Callable[[FaultyEndpoint, Clock], None]
) -> None:
    clock, rows = Clock(), Rows([row("s1", "one=")])
    faulty.scripts["one="] = ["429"] * (2 * MAX_FAILURES - 2)
    with fan_out_to(faulty.url, rows, clock=clock, patience=NO_PATIENCE) as out:
        for number in range(2 * MAX_FAILURES - 1):
            if number == MAX_FAILURES - 1:
                between(faulty, clock)
            out.send(ENVELOPE, ("s1",), None, PLENTY)
    assert len(faulty.posts()["one="]) == 2 * MAX_FAILURES - 1  # and no DELETE
    assert rows.removed == []


@pytest.mark.parametrize("refusal", ["429 for all", "403", "500"])
def test_a_stuck_connection_keeps_its_row_if_closing_fails(
    faulty: FaultyEndpoint, log: io.StringIO, refusal: str
) -> None:
    faulty.scripts["one="] = [*["429"] * MAX_FAILURES, refusal, *["429"] * MAX_FAILURES]
    rows = Rows([row("s1", "one=")])
    with fan_out_to(faulty.url, rows, patience=NO_PATIENCE) as out:
        for _ in range(2 * MAX_FAILURES):
            assert rows.removed == []
            out.send(ENVELOPE, ("s1",), None, PLENTY)
        assert rows.removed == ["one="], "closing is tried again after as many messages"
    assert [request[0] for request in faulty.requests] == [*["POST"] * MAX_FAILURES, "DELETE"] * 2
    assert "close failed" in {line["message"] for line in lines(log)}


def test_an_expired_row_is_left_alone_after_closing_has_failed_too_often(faulty: FaultyEndpoint) -> None:
    clock, rows = Clock(), Rows([row("s1", "one=")])
    clock.now = rows.rows[0].expires_at
    faulty.scripts["one="] = ["429"] * MAX_FAILURES
    with fan_out_to(faulty.url, rows, clock=clock, patience=NO_PATIENCE) as out:
        for _ in range(2 * MAX_FAILURES):
            assert out.send(ENVELOPE, ("s1",), None, PLENTY) == {"s1": account(0)}
        assert [request[0] for request in faulty.requests] == ["DELETE"] * MAX_FAILURES
        clock.now += FORGIVEN_AFTER
        out.send(ENVELOPE, ("s1",), None, PLENTY)
    assert rows.removed == ["one="]


def test_eight_messages_that_fail_at_once_do_not_close_a_connection_before_its_time(faulty: FaultyEndpoint) -> None:
    clock, rows = Clock(), Rows([row("s1", "one=")])
    faulty.scripts["one="] = ["429, much later"] * (MAX_FAILURES + 3)
    with fan_out_to(faulty.url, rows, clock=clock) as out:
        for _ in range(MAX_FAILURES + 1):
            assert out.send(ENVELOPE, ("s1",), None, PLENTY) == {"s1": account(1)}
        clock.now += PATIENCE.closing - 0.01
        assert out.send(ENVELOPE, ("s1",), None, PLENTY) == {"s1": account(1)}
        clock.now += 0.01
        assert out.send(ENVELOPE, ("s1",), None, PLENTY) == {"s1": account(1, closed=1)}
    assert rows.removed == ["one="]


def test_the_oldest_failure_is_forgotten_first_when_there_are_too_many() -> None:
    stuck = Stuck(Clock(), max_remembered=3)
    for name in ("a", "b", "c", "a", "d"):
        stuck.failed(name)
    assert {name: stuck.failures(name) for name in "abcd"} == {"a": 2, "b": 0, "c": 1, "d": 1}
