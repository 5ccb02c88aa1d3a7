"""The end of connections: what is retried and how long, and what is counted."""

import itertools
from typing import Any

import pytest

from delivery.account import Account
from delivery.ending import Ending
from delivery.http.exchange import LIMIT_EXCEEDED, Response
from delivery.stuck import MAX_FAILURES, PATIENCE
from hub.connection import Connection
from tests.support.fan_outs import (
    NO_PATIENCE,
    PLENTY,
    SILENT,
    Rows,
    Sending,
    VirtualDelivery,
    fan_out_to,
    row,
)
from tests.support.faulty import FaultyEndpoint

FRAME = b'{"type":"closing"}'
ROWS = [row("s1", f"{number}=") for number in range(3)]

TAKEN = Response(204, was_sent=True)
GONE = Response(410, "GoneException", was_sent=True)
NOT_TAKEN = Response(429, LIMIT_EXCEEDED, was_sent=True)
NO_ANSWER = Response(None, "no answer in time", seconds=2.0, was_sent=True)
THROTTLED = Response(429, "ThrottlingException", was_sent=True)
UNAVAILABLE = Response(503, was_sent=True)
FORBIDDEN = Response(403, was_sent=True)


def end(delivery: VirtualDelivery, *responses: Response, age: float = 60) -> int:
    """Close one connection, and return how many were closed. All further responses are the last one."""
    account = Account()
    endless = itertools.chain(responses, itertools.repeat(responses[-1]))
    delivery.run(Ending(delivery, row("s1", "one=", age), account), endless)
    return account.closed


def close(
    out: Sending, rows: list[Connection], seconds: float = PLENTY, told: frozenset[str] = frozenset()
) -> tuple[int, int]:
    async def close() -> tuple[int, int]:
        return await out.endings(rows, seconds).close(set(told))

    return out.run(close())


def post(out: Sending, rows: list[Connection], seconds: float = PLENTY) -> set[str]:
    async def post() -> set[str]:
        return await out.endings(rows, seconds).post(FRAME)

    return out.run(post())


@pytest.mark.parametrize("response", [NOT_TAKEN, NO_ANSWER, THROTTLED, UNAVAILABLE], ids=lambda r: r.reason or r.status)
def test_a_fault_that_may_pass_is_retried_longer_and_longer(response: Response) -> None:
    delivery = VirtualDelivery()
    assert end(delivery, response, response, response, TAKEN) == 1
    assert delivery.delays == pytest.approx([0.05, 0.1, 0.2])
    assert (delivery.requests, [*delivery.removed], delivery.failures) == (["DELETE"] * 4, ["one="], [])


@pytest.mark.parametrize("response", [NOT_TAKEN, THROTTLED, UNAVAILABLE], ids=lambda r: r.reason or r.status)
def test_it_is_retried_until_the_time_is_up(response: Response) -> None:
    delivery = VirtualDelivery(seconds=10)
    assert end(delivery, response) == 0
    assert 9.9 < delivery.elapsed <= 10
    assert (delivery.removed, [what for what, _ in delivery.failures]) == ({}, ["close"])


@pytest.mark.parametrize(
    ("retry_after", "delays"),
    [pytest.param(2.0, [2.0], id="in-time"), pytest.param(28.0, [], id="after-the-time-is-up")],
)
def test_a_retry_waits_as_long_as_aws_asks(retry_after: float, delays: list[float]) -> None:
    delivery = VirtualDelivery()
    assert end(delivery, UNAVAILABLE._replace(retry_after=retry_after), TAKEN) == len(delays)
    assert delivery.delays == delays


@pytest.mark.parametrize(
    "response", [FORBIDDEN, Response(400, was_sent=True), Response(None, "nothing", is_final=True)], ids=repr
)
def test_a_refusal_is_not_retried(response: Response) -> None:
    delivery = VirtualDelivery()
    assert end(delivery, response) == 0
    assert (delivery.requests, delivery.removed, len(delivery.failures)) == (["DELETE"], {}, 1)


@pytest.mark.parametrize(
    ("age", "requests"), [pytest.param(60, 1, id="old"), pytest.param(0.1, 4, id="that-may-still-be-opening")]
)
def test_a_connection_that_is_gone_is_asked_again_only_while_it_may_be_opening(age: float, requests: int) -> None:
    delivery = VirtualDelivery()
    assert end(delivery, GONE, GONE, GONE, TAKEN, age=age) == (requests > 1)
    assert (len(delivery.requests), [*delivery.removed], delivery.failures) == (requests, ["one="], [])


# Over HTTP.


def test_all_are_closed_and_their_rows_removed(faulty: FaultyEndpoint) -> None:
    rows = Rows(ROWS)
    with fan_out_to(faulty.url, rows) as out:
        assert close(out, ROWS) == (3, 0)
    assert sorted(faulty.requests) == [("DELETE", row.connection_id, b"") for row in ROWS]
    assert sorted(rows.removed) == [row.connection_id for row in ROWS]


@pytest.mark.parametrize(
    ("script", "result", "removed"),
    [
        pytest.param(["410"], (2, 0), True, id="gone"),
        pytest.param(["500", "429", "closed"], (3, 0), True, id="faults-that-pass"),
        pytest.param(["403"], (2, 1), False, id="refused"),
        pytest.param(["500", "410"], (2, 0), True, id="gone-after-a-fault"),
    ],
)
def test_what_became_of_each_is_counted(
    faulty: FaultyEndpoint, script: list[str], result: tuple[int, int], removed: bool
) -> None:
    faulty.scripts = {"1=": script}
    rows = Rows(ROWS)
    with fan_out_to(faulty.url, rows, chance=lambda: 0.04) as out:
        assert close(out, ROWS) == result
    assert ("1=" in rows.removed) == removed


def test_nobody_is_closed_at_once(faulty: FaultyEndpoint) -> None:
    with fan_out_to(faulty.url, Rows([])) as out:
        assert close(out, []) == (0, 0)
    assert faulty.requests == []


def test_what_has_not_ended_when_the_time_is_up_is_failed(faulty: FaultyEndpoint) -> None:
    faulty.scripts = {"1=": ["silence"]}
    with fan_out_to(faulty.url, Rows(ROWS)) as out:
        assert close(out, ROWS, seconds=0.5) == (2, 1)
        assert close(out, ROWS[:1]) == (1, 0)


def test_rows_that_cannot_be_removed_are_closed_all_the_same(faulty: FaultyEndpoint) -> None:
    with fan_out_to(faulty.url, Rows(ROWS, removals_fail=True)) as out:
        assert close(out, ROWS) == (3, 0)


def test_each_gets_the_frame(faulty: FaultyEndpoint) -> None:
    rows = Rows(ROWS)
    faulty.scripts = {"0=": ["500", "200"], "1=": ["410"], "2=": ["403"]}
    with fan_out_to(faulty.url, rows, chance=lambda: 0.04) as out:
        post(out, ROWS)
    assert faulty.posts() == {"0=": [FRAME] * 2, "1=": [FRAME], "2=": [FRAME]}
    assert rows.removed == ["1="]


def test_a_stuck_connection_is_left_for_the_end_which_counts_it(faulty: FaultyEndpoint) -> None:
    faulty.scripts = {"0=": ["429"] * MAX_FAILURES}
    with fan_out_to(faulty.url, Rows(ROWS), patience=NO_PATIENCE) as out:
        for _ in range(MAX_FAILURES):
            post(out, ROWS[:1])
        assert close(out, ROWS[:1]) == (1, 0)
    assert [method for method, _, _ in faulty.requests] == ["POST"] * MAX_FAILURES + ["DELETE"]


def test_after_a_broken_callback_a_step_ends_soon_and_the_next_one_works(
    faulty: FaultyEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_arguments: Any) -> Any:
        raise ZeroDivisionError

    with fan_out_to(faulty.url, Rows(ROWS), patience=PATIENCE._replace(broken=0.05), timing=SILENT) as out:
        with monkeypatch.context() as broken:
            broken.setattr(Ending, "ended", breaks)
            assert close(out, ROWS) == (0, 3)
        assert close(out, ROWS) == (3, 0)


def test_a_connection_that_its_client_closes_after_the_frame_counts_as_closed(faulty: FaultyEndpoint) -> None:
    faulty.scripts = {"1=": ["200", "410"], "2=": ["410", "410"]}
    with fan_out_to(faulty.url, Rows(ROWS)) as out:
        told = post(out, ROWS)
        assert told == {row.connection_id for row in ROWS} - {"2="}
        assert close(out, ROWS, told=frozenset(told)) == (2, 0)
