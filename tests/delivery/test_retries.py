"""Retries, in virtual time: how long each waits, and when a post is given up."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.account import Account
from delivery.backoff import BACKOFF, MAX_BACKOFF, backoff
from delivery.http.exchange import LIMIT_EXCEEDED, Body, Response
from delivery.retries import Closing, Post
from delivery.stuck import MAX_FAILURES, PATIENCE
from tests.support.fan_outs import VirtualDelivery, row

FRAME = Body.of(b"hello")
ROW = row("s1", "one=")

TAKEN = Response(200, was_sent=True)
NOT_TAKEN = Response(429, LIMIT_EXCEEDED, was_sent=True)
NO_ANSWER = Response(None, "no answer in time", seconds=2.0, was_sent=True)
CLOSED = Response(None, "the connection was lost", was_sent=True)
THROTTLED = Response(429, "ThrottlingException", was_sent=True)
UNAVAILABLE = Response(503, was_sent=True)
NOT_CONNECTED = Response(None, "connecting failed: refused")


def post(delivery: VirtualDelivery, *responses: Response) -> Account:
    """Post to one connection. The first post gets these responses, and all others get the last one."""
    account = Account(live=1, targets=1, readable=True)
    endless = itertools.chain(responses, itertools.repeat(responses[-1]))
    delivery.run(Post(delivery, ROW, account, FRAME), endless)
    return account


@pytest.mark.parametrize(
    ("responses", "delays"),
    [
        pytest.param([UNAVAILABLE] * 9, [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0], id="longer-and-longer"),
        pytest.param([THROTTLED] * 3, [0.05, 0.1, 0.2], id="while-the-account-is-throttled"),
        pytest.param([NOT_CONNECTED] * 3, [0.05, 0.1, 0.2], id="while-no-http-connection-opens"),
        pytest.param([THROTTLED._replace(retry_after=1.0), UNAVAILABLE], [1.0, 0.1], id="as-long-as-aws-asks"),
    ],
)
def test_a_retry_after_a_fault_of_all_waits_longer_each_time(responses: list[Response], delays: list[float]) -> None:
    delivery = VirtualDelivery()
    assert post(delivery, *responses, TAKEN).delivered == 1
    assert delivery.delays == pytest.approx(delays)


@pytest.mark.parametrize("response", [THROTTLED, UNAVAILABLE, NOT_CONNECTED])
def test_a_fault_of_all_is_tried_until_the_time_is_up(response: Response) -> None:
    delivery = VirtualDelivery()
    assert post(delivery, response).failed == 1
    assert 26.9 < delivery.elapsed <= 27.0
    assert delivery.stuck.failures("one=") == 0


@given(st.integers(0, 100), st.floats(0, 30), st.floats(0, 1))
def test_a_retry_waits_for_a_random_part_of_a_time_that_doubles(attempt: int, left: float, chance: float) -> None:
    longest = min(BACKOFF * 2**attempt, MAX_BACKOFF, left)
    assert backoff(attempt, left, lambda: chance) == chance * longest


@pytest.mark.parametrize(
    ("response", "first", "further"),
    [
        pytest.param(NOT_TAKEN, [0.2, 0.4, 0.8, 1.6], [1.0], id="429"),
        pytest.param(CLOSED, [0.2, 0.4, 0.8, 1.6], [1.0], id="closed"),
        pytest.param(NO_ANSWER, [0.2], [], id="silence"),
        pytest.param(NOT_TAKEN._replace(seconds=0.5), [0.2, 0.4, 0.8], [0.5], id="429-after-half-a-second"),
    ],
)
def test_a_post_that_its_recipient_does_not_take_gets_three_seconds_and_then_one(
    response: Response, first: list[float], further: list[float]
) -> None:
    delivery = VirtualDelivery()
    for delays in (first, further, further):
        delivery.delays.clear()
        assert post(delivery, response).failed == 1
        assert delivery.delays == pytest.approx(delays)


@pytest.mark.parametrize(
    ("retry_after", "delays"),
    [pytest.param(1.0, [1.0], id="in-its-time"), pytest.param(3600.0, [], id="beyond-its-time")],
)
def test_the_time_that_aws_asks_for_is_part_of_the_recipients_time(retry_after: float, delays: list[float]) -> None:
    delivery = VirtualDelivery()
    assert post(delivery, NOT_TAKEN._replace(retry_after=retry_after), TAKEN).delivered == len(delays)
    assert delivery.delays == delays


@pytest.mark.parametrize("response", [UNAVAILABLE._replace(retry_after=28.0), NOT_CONNECTED._replace(is_final=True)])
def test_a_post_without_hope_fails_at_once(response: Response) -> None:
    delivery = VirtualDelivery()
    assert post(delivery, response).failed == 1
    assert delivery.elapsed == 0


@pytest.mark.parametrize("response", [NOT_TAKEN, NO_ANSWER], ids=["429", "silence"])
def test_a_connection_that_takes_nothing_is_closed_after_many_messages(response: Response) -> None:
    delivery = VirtualDelivery(seconds=100)
    for _ in range(MAX_FAILURES - 1):
        assert post(delivery, response).closed == 0
    assert set(delivery.requests) == {"POST"}

    account = Account(live=1, targets=1, readable=True)
    posts = [response] if response is NO_ANSWER else [response] * 2
    delivery.run(Post(delivery, ROW, account, FRAME), iter([*posts, Response(204, was_sent=True)]))
    assert (account.failed, account.closed) == (1, 1)
    assert delivery.requests[-1] == "DELETE"
    assert list(delivery.removed) == ["one="]


@pytest.mark.parametrize("retry_after", [0.9, 2.5, 3.0, 3600.0])
def test_a_connection_is_not_closed_sooner_because_the_server_asks_for_a_long_wait(retry_after: float) -> None:
    delivery = VirtualDelivery(seconds=1000)
    messages = 0
    while "DELETE" not in delivery.requests:
        assert post(delivery, NOT_TAKEN._replace(retry_after=retry_after)).failed == 1
        delivery.elapsed += 0.2  # a message every 0.2 s, at most
        messages += 1
    assert messages >= MAX_FAILURES
    assert PATIENCE.closing <= delivery.elapsed <= PATIENCE.closing + 3


def test_a_post_that_ends_only_because_the_time_is_up_does_not_count_against_its_recipient() -> None:
    delivery = VirtualDelivery(seconds=0.04)
    for _ in range(MAX_FAILURES + 1):
        delivery.elapsed = 0
        assert post(delivery, NOT_TAKEN).failed == 1
    assert delivery.stuck.failures("one=") == 0
    assert set(delivery.requests) == {"POST"}


@pytest.mark.parametrize(
    ("response", "is_removed"),
    [
        pytest.param(Response(200, was_sent=True), True, id="200"),
        pytest.param(Response(204, was_sent=True), True, id="204"),
        pytest.param(Response(410, was_sent=True), True, id="410"),
        pytest.param(Response(403, was_sent=True), False, id="403"),
        pytest.param(THROTTLED, False, id="throttled"),
        pytest.param(UNAVAILABLE, False, id="503"),
        pytest.param(NO_ANSWER, False, id="silence"),
    ],
)
def test_closing_is_tried_once_and_the_row_stays_if_it_fails(response: Response, is_removed: bool) -> None:
    delivery = VirtualDelivery()
    delivery.run(Closing(delivery, ROW), iter([response]))
    assert list(delivery.removed) == (["one="] if is_removed else [])
    assert [what for what, _ in delivery.failures] == ([] if is_removed else ["close"])


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        pytest.param(Response(302, was_sent=True), "302", id="a-status"),
        pytest.param(Response(400, "BadRequestException", was_sent=True), "400 BadRequestException", id="a-type"),
        pytest.param(Response(None, "nothing", is_final=True), "nothing", id="without-a-status"),
    ],
)
def test_a_failure_has_status_and_type_as_its_reason(response: Response, reason: str) -> None:
    delivery = VirtualDelivery()
    post(delivery, response)
    assert delivery.failures == [("post", reason)]
