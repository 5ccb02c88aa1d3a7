"""Fan-out: every live connection of every target ends in exactly one way."""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from hub.connection import Connection
from hub.connections import Connections
from hub.delivery import Outcome
from hub.envelope import Envelope
from hub.fan_out import Account, FanOut, totals
from hub.identity import Identity

NOW = 1_795_000_000.0
ENVELOPE = Envelope("m-1", "sender", "2026-11-22T21:30:00.000Z", "hello")


class Clients:
    """The other end of ``@connections``: who is open takes posts, who is broken fails, all others are gone."""

    def __init__(self, open_: str = "", broken: str = "") -> None:
        self.received: dict[str, list[Any]] = {name: [] for name in open_.split()}
        self.broken = set(broken.split())
        self.closed: list[str] = []
        self._lock = threading.Lock()

    def post(self, connection_id: str, payload: bytes) -> Outcome:
        with self._lock:
            if connection_id in self.broken:
                return Outcome.FAILED
            if connection_id not in self.received:
                return Outcome.GONE
            self.received[connection_id].append(json.loads(payload)["session"])
            return Outcome.DELIVERED

    def close(self, connection_id: str) -> None:
        self.closed.append(connection_id)


def fan_out(
    connections: Connections,
    clients: Clients,
    sleep: Callable[[float], None] | None = None,
    needs_proof: bool = False,
) -> FanOut:
    return FanOut(
        connections,
        clients.post,
        clients.close,
        needs_proof=needs_proof,
        clock=lambda: NOW,
        sleep=sleep or (lambda _seconds: None),
    )


def add(connections: Connections, session_id: str, names: str, age: float = 60) -> None:
    for name in names.split():
        connections.add(Connection.opened(Identity(session_id), name, NOW - age))


def account(live: bool = True, delivered: int = 0, failed: int = 0, readable: bool = True) -> Account:
    return Account(live, delivered, failed, readable)


def test_every_connection_of_every_session_gets_its_frame_once(connections: Connections) -> None:
    add(connections, "s1", "a b")
    add(connections, "s2", "c")
    add(connections, "s3", "d")
    clients = Clients(open_="a b c d")

    accounts = fan_out(connections, clients).send(ENVELOPE, ("s2", "s1", "empty"), leave_out=None)

    assert accounts == {"s2": account(delivered=1), "s1": account(delivered=2), "empty": account(live=False)}
    assert clients.received == {"a": ["s1"], "b": ["s1"], "c": ["s2"], "d": []}


def test_a_gone_connection_between_two_live_ones_is_removed_and_stops_neither(connections: Connections) -> None:
    add(connections, "s1", "a gone z")
    clients = Clients(open_="a z")

    accounts = fan_out(connections, clients).send(ENVELOPE, ("s1",), leave_out=None)

    assert accounts == {"s1": account(delivered=2)}
    assert [row.connection_id for row in connections.of_session("s1")] == ["a", "z"]


def test_a_session_whose_connections_are_all_gone_is_not_live(connections: Connections) -> None:
    add(connections, "s1", "gone away")
    assert fan_out(connections, Clients()).send(ENVELOPE, ("s1",), None) == {"s1": account(live=False)}


def test_one_that_fails_is_counted_kept_and_stops_nobody(connections: Connections) -> None:
    add(connections, "s1", "a bad z")
    clients = Clients(open_="a z", broken="bad")

    accounts = fan_out(connections, clients).send(ENVELOPE, ("s1",), leave_out=None)

    assert accounts == {"s1": account(delivered=2, failed=1)}
    assert len(list(connections.of_session("s1"))) == 3


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param("me sibling", account(delivered=1), id="its-siblings-still-hear"),
        pytest.param("me", account(delivered=0), id="alone-the-session-is-live-all-the-same"),
        pytest.param("me gone", account(delivered=0), id="alone-but-for-one-that-is-gone"),
    ],
)
def test_the_left_out_connection_gets_nothing(connections: Connections, names: str, expected: Account) -> None:
    add(connections, "s1", names)
    clients = Clients(open_="me sibling")

    assert fan_out(connections, clients).send(ENVELOPE, ("s1",), leave_out="me") == {"s1": expected}
    assert clients.received["me"] == []


def test_a_connection_that_is_opening_still_is_posted_to_again(connections: Connections) -> None:
    # API Gateway answers 410 until $connect has returned, and the row is there before that.
    add(connections, "s1", "young", age=0.1)
    clients = Clients()
    waits: list[float] = []

    def open_at_the_second(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            clients.received["young"] = []

    accounts = fan_out(connections, clients, sleep=open_at_the_second).send(ENVELOPE, ("s1",), None)

    assert accounts == {"s1": account(delivered=1)}
    assert (clients.received, waits) == ({"young": ["s1"]}, [0.05, 0.15])


@pytest.mark.parametrize(
    ("age", "waits"),
    [
        pytest.param(1, [0.05, 0.15, 0.4], id="young-after-all-retries"),
        pytest.param(4, [], id="old-at-once"),
    ],
)
def test_a_connection_that_stays_gone_is_removed(connections: Connections, age: float, waits: list[float]) -> None:
    add(connections, "s1", "gone", age)
    waited: list[float] = []

    assert fan_out(connections, Clients(), waited.append).send(ENVELOPE, ("s1",), None) == {"s1": account(live=False)}
    assert (list(connections.of_session("s1")), waited) == ([], waits)


class Throttled(Connections):
    """A table that answers, but for one session's second page and another's every read, and every delete."""

    def of_session(self, session_id: str) -> Iterator[Connection]:
        if session_id == "unreadable":
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "Query")
        yield from super().of_session(session_id)
        if session_id == "half":
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "Query")

    def remove(self, connection: Connection) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "DeleteItem")


def test_a_session_that_cannot_be_read_fails_alone(table: str) -> None:
    connections = Throttled(boto3.client("dynamodb"), table)
    add(connections, "half", "a")
    add(connections, "fine", "b gone")
    clients = Clients(open_="a b")

    accounts = fan_out(connections, clients).send(ENVELOPE, ("unreadable", "half", "fine"), None)

    assert accounts == {
        "unreadable": account(live=False, readable=False),
        "half": account(delivered=1, readable=False),
        "fine": account(delivered=1),
    }


@pytest.mark.parametrize(
    ("ended", "delivered", "failed", "offline"),
    [
        pytest.param(account(delivered=2), {"s": 2}, {}, [], id="all-delivered"),
        pytest.param(account(delivered=1, failed=2), {"s": 1}, {"s": 2}, [], id="delivered-and-failed"),
        pytest.param(account(failed=2), {}, {"s": 2}, [], id="all-failed"),
        pytest.param(account(delivered=0), {"s": 0}, {}, [], id="only-the-left-out-sender"),
        pytest.param(account(live=False), {}, {}, ["s"], id="nobody"),
        pytest.param(account(live=False, readable=False), {}, {"s": 0}, [], id="not-readable"),
        pytest.param(account(delivered=1, readable=False), {"s": 1}, {"s": 0}, [], id="half-readable"),
    ],
)
def test_an_ack_accounts_for_every_session(
    ended: Account, delivered: dict[str, int], failed: dict[str, int], offline: list[str]
) -> None:
    assert totals({"s": ended}) == (delivered, offline, failed)


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
    connections: Connections, identity: Identity, needs_proof: bool, counts: bool
) -> None:
    connections.add(Connection.opened(identity, "one=", NOW - 60))
    clients = Clients(open_="one=")

    accounts = fan_out(connections, clients, needs_proof=needs_proof).send(ENVELOPE, ("s1",), leave_out=None)

    assert accounts == {"s1": account(live=counts, delivered=int(counts))}
    assert (clients.closed, len(clients.received["one="])) == ([] if counts else ["one="], int(counts))
    assert len(list(connections.of_session("s1"))) == int(counts)
