"""Status 410 for a connection that may still be opening: its row stays until the connection has had time to open."""

import itertools

import pytest

from delivery.account import Account
from delivery.http.exchange import Body, Response
from delivery.opening import FIRST_DELAY, ToConnection
from delivery.retries import Closing, Post
from delivery.stuck import PATIENCE
from tests.support.fan_outs import ENVELOPE, NOW, Rows, VirtualDelivery, account, fan_out_to, row
from tests.support.faulty import FaultyEndpoint

GONE = Response(410, "GoneException", was_sent=True)
UNAVAILABLE = Response(503, was_sent=True)
TAKEN = Response(200, was_sent=True)


def request_of(method: str, delivery: VirtualDelivery, age: float) -> tuple[ToConnection, Account]:
    """Return a request about a connection whose row is some seconds old, and the account of its session."""
    account = Account(live=1, targets=1, readable=True)
    connection = row("s1", "one=", age)
    if method == "POST":
        return Post(delivery, connection, account, Body.of(b"hello")), account
    return Closing(delivery, connection), account


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    ("age", "seconds"),
    [
        pytest.param(0.0, 3.0, id="new"),
        pytest.param(0.9, 3.0, id="young"),
        pytest.param(1.5, 2.5, id="middle-aged"),
        pytest.param(3.9, 0.1, id="as-old-as-clocks-may-differ"),
        pytest.param(-3600.0, 3.0, id="from-a-clock-that-is-ahead"),
        pytest.param(4.0, 0.0, id="old"),
        pytest.param(60.0, 0.0, id="a-minute-old"),
    ],
)
def test_a_row_stays_as_long_as_its_connection_may_be_opening(method: str, age: float, seconds: float) -> None:
    delivery = VirtualDelivery()
    request, account = request_of(method, delivery, age)
    delivery.run(request, itertools.repeat(GONE))
    assert delivery.removed == {"one=": pytest.approx(seconds)}
    assert (len(delivery.requests) > 1) == (seconds > 0)
    assert account.gone == (method == "POST")
    assert delivery.failures == []


def test_a_connection_is_opening_for_three_seconds_and_one_for_clocks() -> None:
    assert (PATIENCE.opening, PATIENCE.clocks) == (3.0, 1.0)


def test_repeated_requests_wait_longer_each_time() -> None:
    delivery = VirtualDelivery()
    delivery.run(request_of("POST", delivery, age=0)[0], itertools.repeat(GONE))
    assert delivery.delays[:5] == [FIRST_DELAY * factor for factor in (1, 2, 4, 8, 16)]
    assert sum(delivery.delays) == pytest.approx(3.0)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize("seconds", [0.02, 0.2, 2.9])
def test_a_row_stays_if_the_time_ends_before_its_connection_is_old(method: str, seconds: float) -> None:
    delivery = VirtualDelivery(seconds=seconds)
    request, account = request_of(method, delivery, age=0.1)
    delivery.run(request, itertools.repeat(GONE))
    assert delivery.removed == {}
    assert account.gone == 0
    assert delivery.elapsed <= seconds
    assert delivery.failures == [("post" if method == "POST" else "close", "410 GoneException")]


@pytest.mark.parametrize(
    ("responses", "requests"),
    [
        pytest.param([GONE] * 2, 3, id="opens-after-0.15-seconds"),
        pytest.param([GONE] * 5, 6, id="opens-after-1.55-seconds"),
        pytest.param([GONE, UNAVAILABLE, GONE], 4, id="with-a-fault-between"),
    ],
)
def test_a_connection_that_opens_late_gets_the_message(responses: list[Response], requests: int) -> None:
    # API Gateway answers with 410 until $connect has returned, and the row is stored before that.
    delivery = VirtualDelivery()
    request, account = request_of("POST", delivery, age=0.1)
    delivery.run(request, iter([*responses, TAKEN]))
    assert (account.delivered, len(delivery.requests), delivery.removed) == (1, requests, {})


@pytest.mark.parametrize(
    ("expires", "script", "expected", "removed"),
    [
        pytest.param(2**40, ["410", "410"], account(1, delivered=1), [], id="a-post"),
        pytest.param(int(NOW), ["410", "410"], account(0), ["one="], id="a-close"),
    ],
)
def test_a_request_is_repeated_over_http_while_its_connection_may_be_opening(
    faulty: FaultyEndpoint, expires: int, script: list[str], expected: Account, removed: list[str]
) -> None:
    faulty.scripts = {"one=": script}
    rows = Rows([row("s1", "one=", age=0)._replace(expires_at=expires)])
    with fan_out_to(faulty.url, rows, patience=PATIENCE._replace(opening=60)) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=120) == {"s1": expected}
    assert len(faulty.requests) == 3
    assert rows.removed == removed


@pytest.mark.parametrize("expires", [2**40, int(NOW)], ids=["post", "close"])
def test_a_message_after_the_time_was_up_finds_the_row_again(faulty: FaultyEndpoint, expires: int) -> None:
    faulty.scripts = {"one=": ["410"] * 999}
    rows = Rows([row("s1", "one=", 0.1)._replace(expires_at=expires)])

    with fan_out_to(faulty.url, rows, patience=PATIENCE._replace(opening=60)) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=1) == {"s1": account(int(expires > NOW))}
        assert rows.removed == []
        faulty.scripts.clear()
        expected = account(1, delivered=1) if expires > NOW else account(0)
        assert out.send(ENVELOPE, ("s1",), None, seconds=120) == {"s1": expected}
