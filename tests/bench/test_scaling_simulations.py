"""The simulations of docs/scaling.md: no client is lost, no quota is exceeded, and a seed always has one result."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import limits
from bench.scaling import burst, rush
from delivery.fan_out import MAX_WAITING

# Many clients that connect at once.


@given(
    st.integers(1, 3_000),
    st.integers(1, 3_000),
    st.booleans(),
    st.sampled_from([0, 600]),
    st.integers(1, 700),
    st.integers(0, 99),
)
@settings(max_examples=20)
def test_no_client_is_lost(count: int, arriving: int, jitter: bool, early: int, quota: int, seed: int) -> None:
    story = rush.simulate(rush.Clients(count, arriving, jitter, early), 8_000, quota, seed)
    opened = closed = 0
    for second in range(8_000):
        opened, closed = opened + story.opened[second], closed + story.closed[second]
        assert story.open[second] == opened - closed
        assert story.open[second] + story.waiting[second] == min(count, arriving * (second + 1))
        assert 0 <= story.opened[second] <= min(quota, story.attempts[second])
        assert story.open[second] >= 0
        assert story.waiting[second] >= 0


@given(st.lists(st.integers(0, 1_000), min_size=6, max_size=6), st.integers(0, 5_000))
def test_as_many_clients_connect_as_the_quota_allows(trying: list[int], quota: int) -> None:
    entered = rush.admitted(trying, quota)
    assert sum(entered) == min(quota, sum(trying))
    assert all(0 <= accepted <= count for accepted, count in zip(entered, trying, strict=True))


@given(st.integers(0, 1_000), st.integers(0, 9), st.integers(0, 9))
def test_every_client_of_a_crowd_acts_once_and_in_time(count: int, least: int, more: int) -> None:
    crowd = rush.Crowd(random.Random(1))
    crowd.add(count, 2, least, least + more)
    assert sum(crowd.due(second)[2] for second in range(least, least + more + 1)) == count
    assert sum(map(sum, (crowd.due(second) for second in range(40)))) == 0


@pytest.mark.parametrize(("count", "seconds"), [(500, 1), (501, 2)], ids=["the-quota", "one-more"])
def test_clients_up_to_the_quota_connect_in_one_second(count: int, seconds: int) -> None:
    story = rush.simulate(rush.Clients(count, count), 5)
    assert story.open_after(count) == seconds
    assert story.refused == count - 500


def test_two_hours_at_the_quota_open_3_6_million_and_keep_them() -> None:
    story = rush.simulate(rush.Clients(3_600_000, 500), 7_300)
    assert story.open[7_199] == 3_600_000
    assert story.refused == 0
    assert story.closed[7_199] == 0
    assert story.closed[7_200] == 500


def test_a_seed_always_has_the_same_result() -> None:
    clients = rush.Clients(2_000, 2_000)
    assert rush.simulate(clients, 60, seed=7) == rush.simulate(clients, 60, seed=7)


def test_clients_with_random_waits_connect_sooner_than_clients_with_exact_waits() -> None:
    waits = [rush.simulate(rush.Clients(10_000, 10_000, jitter), 900).open_after(10_000) for jitter in (True, False)]
    assert waits[0] is not None
    assert waits[1] is not None
    assert waits[0] < waits[1]


# A message to a large session.


@given(st.integers(0, 20_000), st.integers(100, 60_000), st.sampled_from([0.001, 0.01, 0.05]), st.integers(0, 99))
@settings(max_examples=20)
def test_every_connection_is_delivered_or_failed(recipients: int, pace: int, answer: float, seed: int) -> None:
    outcome = burst.deliver(recipients, pace, answer, seed)
    assert outcome.delivered + outcome.failed == recipients
    assert outcome.progress == sorted(outcome.progress)
    allowed = limits.REQUEST_BURST + limits.REQUESTS * (outcome.seconds + burst.STEP)
    assert outcome.delivered <= allowed


@pytest.mark.parametrize(
    ("recipients", "throttled"),
    [pytest.param(limits.REQUEST_BURST, 0, id="the-burst"), pytest.param(limits.REQUEST_BURST + 1, 1, id="one-more")],
)
def test_the_first_429_comes_after_the_burst(recipients: int, throttled: int) -> None:
    bucket = burst.Bucket()
    assert sum(not bucket.take() for _ in range(recipients)) == throttled


def test_a_bucket_fills_up_to_its_size() -> None:
    bucket = burst.Bucket(rate=10, size=5, tokens=0)
    bucket.pass_time(0.1)
    assert [bucket.take(), bucket.take()] == [True, False]
    bucket.pass_time(100)
    assert sum(bucket.take() for _ in range(9)) == 5


def test_a_delivery_that_is_slower_than_the_quota_gets_no_429() -> None:
    outcome = burst.deliver(20_000, pace=limits.REQUESTS, answer=0.01)
    assert (outcome.delivered, outcome.throttled) == (20_000, 0)
    assert outcome.seconds == pytest.approx(2.0, abs=0.05)


def test_connections_that_are_not_reached_in_time_have_failed() -> None:
    outcome = burst.deliver(1_000, pace=10, answer=0.01)
    assert (outcome.delivered, outcome.failed, outcome.seconds) == (270, 730, 27.0)


def test_reading_pauses_while_many_posts_wait() -> None:
    sending = burst.Sending(100_000, answer=0.01, seed=1)
    sending.read(0)
    assert MAX_WAITING < sending.under_way <= MAX_WAITING + 1_000


@pytest.mark.parametrize(
    ("step", "failed"),
    [pytest.param(2_694, 0, id="60-ms-are-left"), pytest.param(2_696, 1, id="40-ms-are-left")],
)
def test_a_post_that_is_refused_near_the_end_is_not_repeated(step: int, failed: int) -> None:
    sending = burst.Sending(1, answer=0.0, seed=1)
    sending.read(step)
    sending.post(step, 1, burst.Bucket(tokens=0))
    assert sending.outcome.failed == failed
