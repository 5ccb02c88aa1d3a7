"""Fan-out: every live connection of every session is counted exactly once."""

import io

import pytest

from delivery.table import Page
from hub.auth.identity import Identity
from hub.connection import Connection
from hub.connection_requests import Arguments
from tests.support.fan_outs import ENVELOPE, NOW, PLENTY, Rows, account, fan_out_to, lines, row
from tests.support.faulty import FaultyEndpoint


def test_every_connection_of_every_session_gets_its_frame_once(faulty: FaultyEndpoint) -> None:
    rows = Rows([row("s1", "a"), row("s1", "b"), row("s2", "c"), row("s3", "d")])

    with fan_out_to(faulty.url, rows) as out:
        accounts = out.send(ENVELOPE, ("s2", "s1", "empty"), leave_out=None, seconds=PLENTY)

    assert accounts == {"s2": account(1, delivered=1), "s1": account(2, delivered=2), "empty": account(0)}
    assert list(accounts) == ["s2", "s1", "empty"]
    frames = {"s1": ENVELOPE.addressed_to("s1"), "s2": ENVELOPE.addressed_to("s2")}
    assert faulty.posts() == {"a": [frames["s1"]], "b": [frames["s1"]], "c": [frames["s2"]]}


def test_gone_connections_are_removed_and_keep_no_other_waiting(faulty: FaultyEndpoint) -> None:
    rows = Rows([row("s1", f"{number:03}=") for number in range(250)])
    gone = [f"{number:03}=" for number in range(250) if number % 10]
    faulty.scripts = {name: ["410"] for name in gone}

    with fan_out_to(faulty.url, rows) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=PLENTY) == {"s1": account(250, delivered=25, gone=225)}
    assert sorted(rows.removed) == gone


@pytest.mark.parametrize(
    ("names", "script", "expected"),
    [
        pytest.param(
            "me sibling", [], account(2, left_out=1, delivered=1), id="other-connections-of-its-session-get-the-message"
        ),
        pytest.param("me", [], account(1, left_out=1), id="a-session-with-no-other-connection-is-live"),
        pytest.param("me gone", ["410"], account(2, left_out=1, gone=1), id="beside-a-connection-that-is-gone"),
    ],
)
def test_the_left_out_connection_gets_nothing(
    faulty: FaultyEndpoint, names: str, script: list[str], expected: object
) -> None:
    faulty.scripts["gone"] = script
    with fan_out_to(faulty.url, Rows([row("s1", name) for name in names.split()])) as out:
        assert out.send(ENVELOPE, ("s1",), leave_out="me", seconds=PLENTY) == {"s1": expected}
    assert "me" not in faulty.posts()


@pytest.mark.parametrize(
    ("identity", "needs_proof", "is_usable"),
    [
        pytest.param(Identity("s1"), False, True, id="no-proof-and-none-needed"),
        pytest.param(Identity("s1"), True, False, id="no-proof-since-it-opened-in-another-mode"),
        pytest.param(Identity("s1", "me", ("s1",), int(NOW) + 1), True, True, id="a-second-before-it-expires"),
        pytest.param(Identity("s1", "me", ("s1",), int(NOW)), True, False, id="expired"),
    ],
)
def test_a_connection_that_is_not_usable_gets_nothing_and_is_closed(
    faulty: FaultyEndpoint, identity: Identity, needs_proof: bool, is_usable: bool
) -> None:
    rows = Rows([Connection.opened(identity, "one=", NOW - 60)])

    with fan_out_to(faulty.url, rows, needs_proof) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=PLENTY) == {
            "s1": account(int(is_usable), delivered=int(is_usable))
        }
    assert [(method, name) for method, name, _ in faulty.requests] == [("POST" if is_usable else "DELETE", "one=")]
    assert rows.removed == ([] if is_usable else ["one="])


@pytest.mark.parametrize(("script", "removed"), [("410", ["one="]), ("403", []), ("500", [])])
def test_an_expired_connection_keeps_its_row_until_it_is_closed(
    faulty: FaultyEndpoint, log: io.StringIO, script: str, removed: list[str]
) -> None:
    faulty.scripts["one="] = [script]
    rows = Rows([row("s1", "one=")._replace(expires_at=int(NOW))])

    with fan_out_to(faulty.url, rows) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=PLENTY) == {"s1": account(0)}
    assert rows.removed == removed
    assert [line["message"] for line in lines(log)] == ([] if removed else ["close failed"])


def test_a_session_that_cannot_be_read_fails_alone(faulty: FaultyEndpoint, log: io.StringIO) -> None:
    rows = Rows(
        [*(row("half", name) for name in "abc"), row("fine", "d"), row("unreadable", "e")],
        size=2,
        fails_after={"unreadable": 0, "half": 1},
    )
    with fan_out_to(faulty.url, rows) as out:
        accounts = out.send(ENVELOPE, ("unreadable", "half", "fine"), None, seconds=PLENTY)

    assert accounts == {
        "unreadable": account(0, readable=False),
        "half": account(2, delivered=2, readable=False),
        "fine": account(1, delivered=1),
    }
    assert sorted(line["session_id"] for line in lines(log)) == ["half", "unreadable"]
    assert all("exception" in line and line["message"] == "session not readable" for line in lines(log))


def test_rows_that_cannot_be_removed_are_logged_and_change_no_account(faulty: FaultyEndpoint, log: io.StringIO) -> None:
    faulty.scripts = {"gone": ["410"]}
    rows = Rows([row("s1", "gone"), row("s1", "open")], removals_fail=True)

    with fan_out_to(faulty.url, rows) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=PLENTY) == {"s1": account(2, delivered=1, gone=1)}
    assert [(line["message"], line["rows"]) for line in lines(log)] == [("rows of gone connections not removed", 1)]


def test_reading_is_no_faster_than_posting(faulty: FaultyEndpoint) -> None:
    waiting: list[int] = []

    class Counted(Rows):
        async def page(self, session_id: str, start: Arguments) -> Page:
            waiting.append(out.endpoint.waiting)
            return await super().page(session_id, start)

    rows = Counted([row("s1", f"{number}=") for number in range(2000)], size=100)
    with fan_out_to(faulty.url, rows, max_waiting=50) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=PLENTY) == {"s1": account(2000, delivered=2000)}
    assert len(waiting) == 20
    assert max(waiting) <= 50 + 100, "a page is read while the page before it is posted, and not earlier"
