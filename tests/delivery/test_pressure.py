"""Fan-out under pressure: slow or throttled recipients, running out of time, and rows or errors that nobody expects."""

import asyncio
import io
from dataclasses import dataclass, field

import pytest

from hub.connection import Connection
from tests.support.fan_outs import ENVELOPE, PLENTY, Rows, account, fan_out_to, lines, row
from tests.support.faulty import FaultyEndpoint

SOON = 1.5
"""Seconds after which the time of a message is up. All that a test wants to happen before takes some milliseconds."""


@pytest.mark.parametrize("seconds", [SOON, 0.0, -1.0])
def test_when_the_time_is_up_the_account_says_what_has_happened_until_then(
    faulty: FaultyEndpoint, log: io.StringIO, seconds: float
) -> None:
    faulty.scripts = {"throttled": ["429 for all"] * 1000, "silent": ["silence"]}
    rows = Rows([row("s1", name) for name in ("throttled", "silent", "open")])

    with fan_out_to(faulty.url, rows, chance=lambda: 1.0) as out:
        accounts = out.send(ENVELOPE, ("s1",), None, seconds)
        if seconds > 0:
            assert accounts == {"s1": account(3, delivered=1)}
            assert len(faulty.posts()["throttled"]) > 2
        else:
            assert accounts == {"s1": account(3)}
        assert [line["level"] for line in lines(log)][-1] == "ERROR"

        out.run(out.endpoint.close())
        faulty.wait_until_all_are_closed()  # so every request of the first message has arrived
        faulty.scripts.clear()
        faulty.requests.clear()
        assert out.send(ENVELOPE, ("s1",), None, PLENTY) == {"s1": account(3, delivered=3)}, "the next message suffers"
        posts = {name: len(bodies) for name, bodies in faulty.posts().items()}
        assert posts == {"throttled": 1, "silent": 1, "open": 1}, "the first message is still repeated"


def test_a_post_that_was_not_sent_in_time_is_not_sent_later(faulty: FaultyEndpoint) -> None:
    faulty.scripts = {"0=": ["silence"]}
    rows = Rows([row("s1", f"{number}=") for number in range(5)])
    with fan_out_to(faulty.url, rows, max_channels=1) as out:
        assert out.send(ENVELOPE, ("s1",), None, SOON) == {"s1": account(5)}
        assert out.send(ENVELOPE, ("s1",), None, PLENTY) == {"s1": account(5, delivered=5)}
    assert [name for _, name, _ in faulty.requests] == ["0=", "0=", "1=", "2=", "3=", "4="]


@dataclass
class Held(Rows):
    """
    Rows whose removal does not end.

    Attributes:
        delay: Seconds until it may end all the same.

    """

    may_remove: asyncio.Event = field(default_factory=asyncio.Event)
    delay: float | None = None

    async def remove(self, connection: Connection) -> None:
        if self.delay is not None:
            asyncio.get_running_loop().call_later(self.delay, self.may_remove.set)
        await self.may_remove.wait()
        await super().remove(connection)


def test_an_account_waits_until_the_rows_are_removed(faulty: FaultyEndpoint) -> None:
    faulty.scripts = {"gone": ["410"]}
    rows = Held([row("s1", "gone")], delay=0.2)
    with fan_out_to(faulty.url, rows) as out:
        out.send(ENVELOPE, ("s1",), None, PLENTY)
        assert rows.removed == ["gone"]


def test_slow_removals_keep_no_other_recipient_waiting(faulty: FaultyEndpoint) -> None:
    faulty.scripts = {f"{number}=": ["410"] for number in range(200)}
    gone = [row("gone", f"{number}=") for number in range(200)]
    rows = Held([*gone, *(row("s1", f"open{n}=") for n in range(50))], size=5)
    with fan_out_to(faulty.url, rows) as out:
        accounts = out.send(ENVELOPE, ("gone", "s1"), None, seconds=2)
        assert accounts == {"gone": account(200, gone=200), "s1": account(50, delivered=50)}
        assert out.send(ENVELOPE, ("s1",), None, PLENTY) == {"s1": account(50, delivered=50)}


def test_throttled_recipients_keep_no_other_recipient_waiting(faulty: FaultyEndpoint) -> None:
    # More clients that do not read than there are HTTP connections, and one more that does.
    faulty.scripts = {f"{number}=": ["429"] * 10_000 for number in range(20)}
    rows = Rows([*(row("s1", f"{number}=") for number in range(20)), row("s1", "reads")])

    with fan_out_to(faulty.url, rows, max_channels=2) as out:
        assert out.send(ENVELOPE, ("s1",), None, SOON) == {"s1": account(21, delivered=1)}


def test_throttled_recipients_do_not_stop_the_reading(faulty: FaultyEndpoint) -> None:
    faulty.scripts = {f"{number}=": ["429"] * 10_000 for number in range(50)}
    rows = Rows([*(row("s1", f"{number}=") for number in range(50)), *(row("s1", f"open{n}=") for n in range(50))], 25)
    with fan_out_to(faulty.url, rows, max_waiting=10) as out:
        assert out.send(ENVELOPE, ("s1",), None, SOON) == {"s1": account(100, delivered=50)}


def test_rows_are_removed_although_the_time_runs_out(faulty: FaultyEndpoint) -> None:
    faulty.scripts = {"gone": ["410"], "silent": ["silence"]}
    rows = Rows([row("s1", "gone"), row("s1", "silent")])
    with fan_out_to(faulty.url, rows) as out:
        assert out.send(ENVELOPE, ("s1",), None, SOON) == {"s1": account(2, gone=1)}
    assert rows.removed == ["gone"]


def test_a_200_that_has_arrived_counts_although_the_time_runs_out(faulty: FaultyEndpoint) -> None:
    faulty.scripts = {"one=": ["200 and a body that never ends"]}
    with fan_out_to(faulty.url, Rows([row("s1", "one=")])) as out:
        assert out.send(ENVELOPE, ("s1",), None, SOON) == {"s1": account(1, delivered=1)}


def test_an_unexpected_error_leaves_nothing_for_the_next_message(faulty: FaultyEndpoint) -> None:
    rows = Rows(
        [row("bad", "a"), *(row(f"s{n}", f"{n}=") for n in range(20))],
        fails_after={"bad": 0},
        error=RuntimeError("not expected"),
    )
    with fan_out_to(faulty.url, rows) as out:
        with pytest.raises(RuntimeError, match="not expected"):
            out.send(ENVELOPE, ("bad", *(f"s{n}" for n in range(20))), None, PLENTY)
        faulty.requests.clear()
        assert out.send(ENVELOPE, ("s0",), None, PLENTY) == {"s0": account(1, delivered=1)}
    assert set(faulty.posts()) == {"0="}
