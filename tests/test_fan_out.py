"""Fan-out: every live connection of every target ends in exactly one way."""

import dataclasses
import io
import json
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from delivery import endpoint, message, requests
from hub.connection import Connection
from hub.connections import Connections
from hub.identity import Identity
from tests.fan_outs import ENVELOPE, NOW, Rows, account, fan_out_to, row
from tests.faulty import FaultyEndpoint, faulty_endpoint

THROTTLED = ClientError({"Error": {"Code": "ThrottlingException", "Message": ""}}, "Query")


@pytest.fixture
def faulty() -> Iterator[FaultyEndpoint]:
    with faulty_endpoint() as served:
        yield served


def test_every_connection_of_every_session_gets_its_frame_once(faulty: FaultyEndpoint) -> None:
    rows = Rows([row("s1", "a"), row("s1", "b"), row("s2", "c"), row("s3", "d")])

    with fan_out_to(faulty.url, rows) as out:
        accounts = out.send(ENVELOPE, ("s2", "s1", "empty"), leave_out=None, seconds=5)

    assert accounts == {"s2": account(1, delivered=1), "s1": account(2, delivered=2), "empty": account(0)}
    assert list(accounts) == ["s2", "s1", "empty"]
    frames = {"s1": ENVELOPE.addressed_to("s1"), "s2": ENVELOPE.addressed_to("s2")}
    assert faulty.posts() == {"a": [frames["s1"]], "b": [frames["s1"]], "c": [frames["s2"]]}


def test_gone_connections_are_removed_in_batches_and_stop_nobody(table: str, faulty: FaultyEndpoint) -> None:
    connections = Connections(boto3.client("dynamodb"), table)
    for number in range(250):
        connections.add(row("s1", f"{number:03}="))
    faulty.scripts = {f"{number:03}=": ["410"] for number in range(250) if number % 10}

    with fan_out_to(faulty.url, connections) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=10) == {"s1": account(250, delivered=25, gone=225)}

    left = [each.connection_id for page in connections.pages("s1") for each in page]
    assert left == [f"{number:03}=" for number in range(0, 250, 10)]


@pytest.mark.parametrize(
    ("names", "script", "expected"),
    [
        pytest.param("me sibling", [], account(2, left_out=1, delivered=1), id="its-siblings-still-hear"),
        pytest.param("me", [], account(1, left_out=1), id="alone-the-session-is-live-all-the-same"),
        pytest.param("me gone", ["410"], account(2, left_out=1, gone=1), id="alone-but-for-one-that-is-gone"),
    ],
)
def test_the_left_out_connection_gets_nothing(
    faulty: FaultyEndpoint, names: str, script: list[str], expected: object
) -> None:
    faulty.scripts["gone"] = script
    with fan_out_to(faulty.url, Rows([row("s1", name) for name in names.split()])) as out:
        assert out.send(ENVELOPE, ("s1",), leave_out="me", seconds=5) == {"s1": expected}
    assert "me" not in faulty.posts()


@pytest.mark.parametrize(
    ("age", "script", "expected", "posts"),
    [
        pytest.param(0.1, ["410"] * 2, account(1, delivered=1), 3, id="opens-at-last"),
        pytest.param(2.9, ["410"] * 9, account(1, gone=1), 4, id="young-and-stays-gone"),
        pytest.param(3.1, ["410"] * 9, account(1, gone=1), 1, id="old-at-once"),
        pytest.param(0.1, ["410", "500", "410"], account(1, delivered=1), 4, id="with-a-fault-between"),
    ],
)
def test_a_connection_that_may_be_opening_still_is_posted_to_again(
    faulty: FaultyEndpoint, age: float, script: list[str], expected: object, posts: int
) -> None:
    # API Gateway answers 410 until $connect has returned, and the row is there before that.
    faulty.scripts["young"] = script
    rows = Rows([row("s1", "young", age)])

    with fan_out_to(faulty.url, rows) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=10) == {"s1": expected}
    assert (len(faulty.posts()["young"]), rows.removed) == (posts, ["young"] if expected == account(1, gone=1) else [])


@pytest.mark.parametrize(
    ("identity", "needs_proof", "counts"),
    [
        pytest.param(Identity("s1"), False, True, id="unproven-where-nobody-has-to"),
        pytest.param(Identity("s1"), True, False, id="unproven-from-before-the-mode-was-switched"),
        pytest.param(Identity("s1", "me", ("s1",), int(NOW) + 1), True, True, id="a-second-before-it-runs-out"),
        pytest.param(Identity("s1", "me", ("s1",), int(NOW)), True, False, id="run-out"),
    ],
)
def test_what_has_run_out_gets_nothing_and_is_closed(
    faulty: FaultyEndpoint, identity: Identity, needs_proof: bool, counts: bool
) -> None:
    rows = Rows([Connection.opened(identity, "one=", NOW - 60)])

    with fan_out_to(faulty.url, rows, needs_proof) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=5) == {"s1": account(int(counts), delivered=int(counts))}
    assert [(method, name) for method, name, _ in faulty.requests] == [("POST" if counts else "DELETE", "one=")]
    assert rows.removed == ([] if counts else ["one="])


@pytest.mark.parametrize(("script", "removed"), [("410", ["one="]), ("403", []), ("500", [])])
def test_what_has_run_out_keeps_its_row_until_it_is_closed(
    faulty: FaultyEndpoint, log: io.StringIO, script: str, removed: list[str]
) -> None:
    faulty.scripts["one="] = [script]
    rows = Rows([dataclasses.replace(row("s1", "one="), expires_at=int(NOW))])

    with fan_out_to(faulty.url, rows) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=5) == {"s1": account(0)}
    assert rows.removed == removed
    assert [line["message"] for line in lines(log)] == ([] if removed else ["close failed"])


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_a_session_that_cannot_be_read_fails_alone(faulty: FaultyEndpoint, log: io.StringIO) -> None:
    rows = Rows(
        [*(row("half", name) for name in "abc"), row("fine", "d"), row("unreadable", "e")],
        page=2,
        fails_after={"unreadable": 0, "half": 1},
        error=THROTTLED,
    )
    with fan_out_to(faulty.url, rows) as out:
        accounts = out.send(ENVELOPE, ("unreadable", "half", "fine"), None, seconds=5)

    assert accounts == {
        "unreadable": account(0, readable=False),
        "half": account(2, delivered=2, readable=False),
        "fine": account(1, delivered=1),
    }
    assert sorted(line["session_id"] for line in lines(log)) == ["half", "unreadable"]
    assert all("exception" in line and line["message"] == "session not readable" for line in lines(log))


def test_rows_that_cannot_be_removed_are_logged_and_harmless(faulty: FaultyEndpoint, log: io.StringIO) -> None:
    faulty.scripts = {"gone": ["410"]}
    rows = Rows([row("s1", "gone"), row("s1", "open")], removals_fail=True, error=THROTTLED)

    with fan_out_to(faulty.url, rows) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=5) == {"s1": account(2, delivered=1, gone=1)}
    assert [(line["message"], line["rows"]) for line in lines(log)] == [("rows of gone connections not removed", 1)]


def test_reading_is_no_faster_than_posting(faulty: FaultyEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message, "MAX_WAITING", 50)
    waiting: list[int] = []

    class Counted(Rows):
        def pages(self, session_id: str) -> Iterator[list[Connection]]:
            for page in super().pages(session_id):
                waiting.append(out.endpoint.waiting)
                yield page

    rows = Counted([row("s1", f"{number}=") for number in range(2000)], page=100)
    with fan_out_to(faulty.url, rows) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=20) == {"s1": account(2000, delivered=2000)}
    assert len(waiting) == 20
    assert max(waiting) < 50 + 100


@pytest.mark.parametrize("seconds", [0.3, 0.0, -1.0])
def test_when_the_time_is_up_the_account_is_what_is_true_then(
    faulty: FaultyEndpoint, log: io.StringIO, seconds: float
) -> None:
    faulty.scripts = {"never": ["429"] * 1000, "silent": ["silence"]}
    rows = Rows([row("s1", name) for name in ("never", "silent", "open")])

    with fan_out_to(faulty.url, rows) as out:
        accounts = out.send(ENVELOPE, ("s1",), None, seconds)
        if seconds > 0:
            assert accounts == {"s1": account(3, delivered=1)}
            assert len(faulty.posts()["never"]) > 2
        else:
            assert accounts == {"s1": account(0, readable=False)}
        assert [line["level"] for line in lines(log)][-1] == "ERROR"

        faulty.scripts.clear()
        faulty.requests.clear()
        time.sleep(max(0, seconds))  # what would be tried again is due by now
        assert out.send(ENVELOPE, ("s1",), None, seconds=5) == {"s1": account(3, delivered=3)}, "the next one suffers"
        assert {name: len(bodies) for name, bodies in faulty.posts().items()} == {"never": 1, "silent": 1, "open": 1}


def test_what_was_not_sent_in_time_is_not_sent_later(faulty: FaultyEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "MAX_CHANNELS", 1)
    faulty.scripts = {"0=": ["silence"]}
    with fan_out_to(faulty.url, Rows([row("s1", f"{number}=") for number in range(5)])) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=0.2) == {"s1": account(5)}
        assert out.send(ENVELOPE, ("s1",), None, seconds=5) == {"s1": account(5, delivered=5)}
    assert [name for _, name, _ in faulty.requests] == ["0=", "0=", "1=", "2=", "3=", "4="]


def test_an_answer_waits_for_the_rows_to_be_removed(faulty: FaultyEndpoint) -> None:
    class Slow(Rows):
        def remove(self, connection: Connection) -> None:
            time.sleep(0.05)
            super().remove(connection)

    faulty.scripts = {"gone": ["410"]}
    rows = Slow([row("s1", "gone")])
    with fan_out_to(faulty.url, rows) as out:
        out.send(ENVELOPE, ("s1",), None, seconds=5)
        assert rows.removed == ["gone"]


def test_one_that_is_throttled_for_long_keeps_no_other_waiting(
    faulty: FaultyEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    # More clients that do not read than there are HTTP connections, and one more that does.
    monkeypatch.setattr(endpoint, "MAX_CHANNELS", 2)
    faulty.scripts = {f"{number}=": ["429"] * 10_000 for number in range(20)}
    rows = Rows([*(row("s1", f"{number}=") for number in range(20)), row("s1", "reads")])

    with fan_out_to(faulty.url, rows) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=0.5) == {"s1": account(21, delivered=1)}


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param(["503"] * 9, [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0], id="longer-and-longer"),
        pytest.param(["429, later", "429"], [1.0, 0.1], id="as-long-as-asked"),
    ],
)
def test_retries_wait(
    faulty: FaultyEndpoint, monkeypatch: pytest.MonkeyPatch, script: list[str], expected: list[float]
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("random.random", lambda: 1.0)
    monkeypatch.setattr(message.Delivery, "submit_again", lambda work, request, delay: again(work, request, delay))

    def again(work: message.Delivery, request: requests.Post, delay: float) -> None:
        waits.append(delay)
        work.submit_now(request)

    faulty.scripts["one="] = list(script)
    with fan_out_to(faulty.url, Rows([row("s1", "one=")])) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=27) == {"s1": account(1, delivered=1)}
    assert waits == expected


def test_after_dropping_its_connections_it_opens_new_ones(faulty: FaultyEndpoint) -> None:
    with fan_out_to(faulty.url, Rows([row("s1", "one=")])) as out:
        for _ in range(2):
            assert out.send(ENVELOPE, ("s1",), None, seconds=5) == {"s1": account(1, delivered=1)}
            out.drop_connections()
    assert faulty.opened == 2


def test_removing_many_rows_slowly_keeps_nobody_waiting(faulty: FaultyEndpoint) -> None:
    class Slow(Rows):
        def remove(self, connection: Connection) -> None:
            time.sleep(0.5)

    faulty.scripts = {f"{number}=": ["410"] for number in range(200)}
    rows = Slow(
        [*(row("gone", f"{number}=") for number in range(200)), *(row("s1", f"open{n}=") for n in range(50))], 5
    )
    with fan_out_to(faulty.url, rows) as out:
        accounts = out.send(ENVELOPE, ("gone", "s1"), None, seconds=2)
        assert accounts == {"gone": account(200, gone=200), "s1": account(50, delivered=50)}
        assert out.send(ENVELOPE, ("s1",), None, seconds=10) == {"s1": account(50, delivered=50)}


def test_rows_are_removed_although_the_time_runs_out(faulty: FaultyEndpoint) -> None:
    faulty.scripts = {"gone": ["410"], "silent": ["silence"]}
    rows = Rows([row("s1", "gone"), row("s1", "silent")])
    with fan_out_to(faulty.url, rows) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=0.3) == {"s1": account(2, gone=1)}
    assert rows.removed == ["gone"]


def test_a_row_that_makes_no_sense_fails_its_session_alone(faulty: FaultyEndpoint) -> None:
    rows = Rows(
        [row("odd", "a"), *(row(f"s{n}", f"{n}=") for n in range(20))], fails_after={"odd": 0}, error=ValueError("1.5")
    )
    with fan_out_to(faulty.url, rows) as out:
        accounts = out.send(ENVELOPE, ("odd", *(f"s{n}" for n in range(20))), None, seconds=5)
    assert accounts.pop("odd") == account(0, readable=False)
    assert set(map(str, accounts.values())) == {str(account(1, delivered=1))}


def test_an_error_that_nobody_expects_leaves_nothing_for_the_next_message(faulty: FaultyEndpoint) -> None:
    rows = Rows(
        [row("bad", "a"), *(row(f"s{n}", f"{n}=") for n in range(20))], fails_after={"bad": 0}, error=RuntimeError()
    )
    with fan_out_to(faulty.url, rows) as out:
        with pytest.raises(ExceptionGroup):
            out.send(ENVELOPE, ("bad", *(f"s{n}" for n in range(20))), None, seconds=5)
        faulty.requests.clear()
        assert out.send(ENVELOPE, ("s0",), None, seconds=5) == {"s0": account(1, delivered=1)}
    assert set(faulty.posts()) == {"0="}


def test_many_that_are_throttled_do_not_stop_the_reading(
    faulty: FaultyEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message, "MAX_WAITING", 10)
    faulty.scripts = {f"{number}=": ["429"] * 10_000 for number in range(50)}
    rows = Rows([*(row("s1", f"{number}=") for number in range(50)), *(row("s1", f"open{n}=") for n in range(50))], 25)
    with fan_out_to(faulty.url, rows) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=1) == {"s1": account(100, delivered=50)}


def test_a_200_that_has_come_counts_although_the_time_runs_out(faulty: FaultyEndpoint) -> None:
    faulty.scripts = {"one=": ["200 and a body that never ends"]}
    with fan_out_to(faulty.url, Rows([row("s1", "one=")])) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=0.3) == {"s1": account(1, delivered=1)}
