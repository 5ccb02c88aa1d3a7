"""The message rate of one connection: a token bucket, with a clock that stands still."""

from dataclasses import dataclass

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hub.errors import RateLimited
from hub.rate import RateLimit


@dataclass
class Clock:
    now: float = 12_345.678

    def __call__(self) -> float:
        return self.now


def waits(limit: RateLimit, count: int, connection_id: str = "one=") -> list[int]:
    """Send messages, and return for each how many milliseconds it must wait: 0 if it was taken."""
    return [wait(limit, connection_id) for _ in range(count)]


def wait(limit: RateLimit, connection_id: str) -> int:
    try:
        limit.take(connection_id)
    except RateLimited as refused:
        return refused.retry_after_ms or -1
    return 0


@pytest.mark.parametrize(
    ("per_second", "burst", "expected"),
    [
        pytest.param(1, 2, [0, 0, 1000, 1000], id="one-a-second"),
        pytest.param(10, 1, [0, 100], id="ten-a-second"),
        pytest.param(3, 1, [0, 334], id="part-of-a-millisecond-rounds-up"),
        pytest.param(10_000, 1, [0, 1], id="a-millisecond-at-least"),
        pytest.param(1, 0, [0, 1000], id="a-burst-of-0-is-a-burst-of-1"),
    ],
)
def test_a_burst_is_taken_and_the_refusal_of_the_next_message_says_how_long_to_wait(
    per_second: int, burst: int, expected: list[int]
) -> None:
    assert waits(RateLimit(per_second, burst, Clock()), len(expected)) == expected


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        pytest.param(0.25, [250], id="a-quarter-of-a-token"),
        pytest.param(0.498046875, [2], id="two-milliseconds-early"),
        pytest.param(0.5, [0, 500], id="one-token"),
        pytest.param(0.75, [0, 250], id="a-token-and-a-half"),
        pytest.param(1, [0, 0, 500], id="two-tokens"),
        pytest.param(3600, [0, 0, 0, 500], id="never-more-than-the-burst"),
    ],
)
def test_the_bucket_fills_at_the_rate(later: float, expected: list[int]) -> None:
    clock = Clock(0)
    limit = RateLimit(2, 3, clock)
    assert waits(limit, 3) == [0, 0, 0]
    clock.now += later
    assert waits(limit, len(expected)) == expected


def test_a_refusal_has_a_code_a_sentence_and_a_time_to_wait() -> None:
    limit = RateLimit(1, 1, Clock())
    limit.take("one=")
    with pytest.raises(RateLimited, match=r"^This connection sends too fast$") as caught:
        limit.take("one=")
    assert (caught.value.code, caught.value.field, caught.value.retry_after_ms) == ("rate_limited", None, 1000)


def test_a_refused_message_costs_nothing() -> None:
    clock = Clock(0)
    limit = RateLimit(1, 1, clock)
    assert waits(limit, 6) == [0, 1000, 1000, 1000, 1000, 1000]
    clock.now += 1
    assert waits(limit, 1) == [0]


@given(
    now=st.floats(0, 10**7),
    per_second=st.integers(1, 10_000),
    burst=st.integers(1, 5),
    pauses=st.lists(st.floats(0, 0.01), max_size=5),
)
@example(now=12_345.678, per_second=20, burst=1, pauses=[])
def test_a_message_that_waits_as_long_as_the_refusal_said_is_taken(
    now: float, per_second: int, burst: int, pauses: list[float]
) -> None:
    clock = Clock(now)
    limit = RateLimit(per_second, burst, clock)
    for pause in pauses:
        waits(limit, 2)
        clock.now += pause
    told = waits(limit, burst + 1)[-1]
    clock.now += told / 1000
    assert wait(limit, "one=") == 0


def test_connections_do_not_share_a_bucket() -> None:
    limit = RateLimit(1, 1, Clock())
    assert [wait(limit, name) for name in ("one=", "two=", "one=", "two=")] == [0, 0, 1000, 1000]


def test_a_rate_of_0_limits_nothing_and_fills_no_bucket() -> None:
    def unread() -> float:
        raise AssertionError("a bucket is filled")

    assert waits(RateLimit(0, 1, unread), 1000) == [0] * 1000


def test_a_clock_that_stands_still_gives_nothing_back() -> None:
    limit = RateLimit(5, 5, Clock())
    assert waits(limit, 100).count(0) == 5


def test_the_connection_that_was_quiet_longest_is_forgotten_first() -> None:
    limit = RateLimit(1, 1, Clock(), max_buckets=3)
    for name in ("one=", "two=", "three="):
        limit.take(name)
    assert wait(limit, "one=") == 1000  # refused, but no longer the one that was quiet longest
    limit.take("four=")

    assert [wait(limit, name) for name in ("one=", "three=", "four=", "two=")] == [1000, 1000, 1000, 0]
