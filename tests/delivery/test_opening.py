"""A 410 for a connection that may be opening still: its row stays until that cannot be."""

import dataclasses
import time
from collections.abc import Callable, Iterator

import pytest

from delivery.stuck import PATIENCE, Patience
from hub.connection import Connection
from tests.support.fan_outs import ENVELOPE, NOW, Rows, account, fan_out_to, row
from tests.support.faulty import FaultyEndpoint

SHORT = Patience(opening=0.3, clocks=0.2)

GONE, OPEN = account(1, gone=1), account(1, delivered=1)


def running() -> Callable[[], float]:
    """Return a clock that shows NOW, and goes on."""
    start = time.monotonic()
    return lambda: NOW + time.monotonic() - start


class Watched(Rows):
    """Rows that know when they were first read, and when one was removed. Seconds, of a clock that no test stops."""

    read_at = 0.0
    removed_at = 0.0

    def pages(self, session_id: str) -> Iterator[list[Connection]]:
        self.read_at = self.read_at or time.monotonic()
        return super().pages(session_id)

    def remove(self, connection: Connection) -> None:
        self.removed_at = time.monotonic()
        super().remove(connection)


@pytest.mark.parametrize("expires", [2**40, int(NOW)], ids=["post", "delete"])
@pytest.mark.parametrize(
    ("age", "posts"),
    [
        pytest.param(0.0, 2, id="new"),
        pytest.param(0.2, 2, id="young"),
        pytest.param(0.4, 2, id="as-old-as-clocks-may-differ"),
        pytest.param(-3600.0, 2, id="from-a-clock-that-is-ahead"),
        pytest.param(0.5, 1, id="old"),
    ],
)
def test_a_row_stays_as_long_as_its_connection_may_be_opening(
    faulty: FaultyEndpoint, age: float, posts: int, expires: int
) -> None:
    start = time.monotonic()
    faulty.scripts = {"one=": ["410"] * 99}
    rows = Watched([dataclasses.replace(row("s1", "one=", age), expires_at=expires)])

    with fan_out_to(faulty.url, rows, clock=running(), patience=SHORT) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=20) == {"s1": GONE if expires > NOW else account(0)}
    assert rows.removed == ["one="]
    assert rows.removed_at >= min(start - age + SHORT.opening + SHORT.clocks, rows.read_at + SHORT.opening)
    assert min(len(faulty.requests), 2) == posts


@pytest.mark.parametrize(
    ("script", "posts"),
    [
        pytest.param(["410"] * 2, 3, id="opens-at-last"),
        pytest.param(["410"] * 5, 6, id="opens-after-1.5-seconds"),
        pytest.param(["410", "500", "410"], 4, id="with-a-fault-between"),
    ],
)
def test_a_connection_that_opens_late_gets_the_message(faulty: FaultyEndpoint, script: list[str], posts: int) -> None:
    # API Gateway answers 410 until $connect has returned, and the row is there before that.
    faulty.scripts["young"] = script
    rows = Rows([row("s1", "young", 0.1)])

    with fan_out_to(faulty.url, rows, clock=running()) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=20) == {"s1": OPEN}
    assert (len(faulty.posts()["young"]), rows.removed) == (posts, [])


@pytest.mark.parametrize("expires", [2**40, int(NOW)], ids=["post", "delete"])
@pytest.mark.parametrize("seconds", [0.02, 0.2])
def test_a_row_stays_if_the_time_ends_before_its_connection_is_old(
    faulty: FaultyEndpoint, expires: int, seconds: float
) -> None:
    faulty.scripts = {"one=": ["410"] * 99}
    rows = Rows([dataclasses.replace(row("s1", "one=", 0.1), expires_at=expires)])

    with fan_out_to(faulty.url, rows, clock=running()) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds) == {"s1": account(int(expires > NOW))}
        assert rows.removed == []
        faulty.scripts.clear()
        assert out.send(ENVELOPE, ("s1",), None, seconds=5) == {"s1": OPEN if expires > NOW else account(0)}


@pytest.mark.parametrize(("age", "posts"), [(3.9, 2), (4.1, 1)])
def test_a_connection_is_opening_for_three_seconds_and_one_for_clocks(
    faulty: FaultyEndpoint, age: float, posts: int
) -> None:
    faulty.scripts = {"one=": ["410"] * (posts - 1) + ["410" if posts == 1 else "200"]}
    with fan_out_to(faulty.url, Rows([row("s1", "one=", age)]), patience=PATIENCE) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=5) == {"s1": GONE if posts == 1 else OPEN}
    assert len(faulty.requests) == posts
