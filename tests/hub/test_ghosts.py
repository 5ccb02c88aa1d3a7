"""Which stored connections ConnectFunction asks for when a session is full, and which rows it removes then."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from hub import metrics
from hub.connection import Connection
from hub.connections import Connections
from hub.connections_api import ConnectionsApi
from hub.ghosts import MOST, OPENING, Ghosts
from tests.support.faulty_dynamodb import FaultyDynamoDB
from tests.support.in_moto import row
from tests.support.tables import ODD, rows

NOW = 1_795_000_000.0

LATER = 1e9
"""A deadline that does not come, by the clock ``time.monotonic``."""

FAULT = "half a body that says it is whole"
"""An answer that ends in an error of botocore."""


@pytest.fixture(autouse=True)
def flushed() -> Iterator[None]:
    """Forget what the search counts, as a handler does after each event."""
    yield
    metrics.flush()


class FakeApi(ConnectionsApi):
    """
    ``@connections`` without HTTP.

    Args:
        closed: The ids of the connections that are gone.
        meanwhile: Called while the hub asks.

    """

    def __init__(self, *closed: str, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.closed = closed
        self.meanwhile = meanwhile
        self.asked: list[str] = []

    def gone(self, connections: list[Connection], deadline: float) -> list[Connection]:
        self.asked += [connection.connection_id for connection in connections]
        self.meanwhile()
        return [connection for connection in connections if connection.connection_id in self.closed]


def opened(connection_id: str, seconds_ago: float, **changes: Any) -> Connection:
    return row("s1", connection_id, connected_at=int((NOW - seconds_ago) * 1000), **changes)


def put(table: str, connection_id: str, **attributes: Any) -> None:
    """Add a row by hand."""
    keys = {"session_id": {"S": "s1"}, "connection_id": {"S": connection_id}}
    boto3.client("dynamodb").put_item(TableName=table, Item=keys | attributes)


@pytest.mark.parametrize(
    ("stored", "is_asked"),
    [
        pytest.param(opened("one=", OPENING), True, id="old-enough"),
        pytest.param(opened("one=", OPENING - 0.001), False, id="a-millisecond-too-young"),
        pytest.param(opened("one=", -3600), False, id="from-the-future"),
        pytest.param(opened("one=", 60, expires_at=int(NOW) + 1), True, id="not-expired"),
        pytest.param(opened("one=", 60, expires_at=int(NOW)), False, id="expired-and-so-not-counted"),
        pytest.param(row("s2", "one="), False, id="another-session"),
    ],
)
def test_an_old_connection_that_counts_is_asked_for(
    connections: Connections, stored: Connection, is_asked: bool
) -> None:
    connections.add(stored)
    api = FakeApi("one=")

    assert Ghosts(connections, api).make_room("s1", NOW, 1, LATER) is is_asked
    assert api.asked == ["one="] * is_asked
    assert rows(stored.session_id) == [stored] * (not is_asked)


def test_the_ten_oldest_connections_are_asked_for(connections: Connections) -> None:
    ages = dict(zip("abcdefghijkl", (60, 71, 62, 70, 64, 65, 66, 67, 68, 69, 63, 61), strict=True))
    for name, age in ages.items():
        connections.add(opened(f"{name}=", age))
    api = FakeApi()

    assert not Ghosts(connections, api).make_room("s1", NOW, 12, LATER)
    assert api.asked == [f"{name}=" for name in "bdjihgfekc"]
    assert len(api.asked) == MOST


def test_the_oldest_connections_may_be_on_any_page(connections: Connections, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.connection_requests.PAGE", 2)
    for age, name in enumerate("abcde"):
        connections.add(opened(f"{name}=", 60 + age))
    api = FakeApi("a=", "e=")

    assert Ghosts(connections, api).make_room("s1", NOW, 4, LATER)
    assert api.asked == ["e=", "d=", "c=", "b=", "a="]
    assert [stored.connection_id for stored in rows("s1")] == ["b=", "c=", "d="]


@pytest.mark.parametrize(
    ("limit", "makes_room"), [pytest.param(3, True, id="one-below"), pytest.param(2, False, id="still-at-the-limit")]
)
def test_there_is_room_only_if_fewer_connections_are_left_than_the_session_may_have(
    connections: Connections, limit: int, makes_room: bool
) -> None:
    for name in ("one=", "ghost=", "two="):
        connections.add(opened(name, 60))

    assert Ghosts(connections, FakeApi("ghost=")).make_room("s1", NOW, limit, LATER) is makes_room
    assert [stored.connection_id for stored in rows("s1")] == ["one=", "two="]


def test_another_connect_may_take_the_room(connections: Connections) -> None:
    connections.add(opened("ghost=", 60))
    other = Ghosts(connections, FakeApi("ghost="))

    def connect() -> None:
        assert other.make_room("s1", NOW, 1, LATER)
        connections.add(opened("other=", 0))

    assert not Ghosts(connections, FakeApi("ghost=", meanwhile=connect)).make_room("s1", NOW, 1, LATER)
    assert rows("s1") == [opened("other=", 0)]


def test_a_row_that_was_replaced_meanwhile_stays(connections: Connections) -> None:
    connections.add(opened("one=", 60))
    replaced = opened("one=", 0)
    api = FakeApi("one=", meanwhile=lambda: connections.add(replaced))

    assert not Ghosts(connections, api).make_room("s1", NOW, 1, LATER)
    assert rows("s1") == [replaced]


END = {"expires_at": {"N": "9999999999"}}


@pytest.mark.parametrize(
    ("attributes", "counts"),
    [
        pytest.param(END, True, id="no-time"),
        pytest.param({}, False, id="no-end-and-so-not-counted"),
        *(
            pytest.param(END | {name: value}, name != "expires_at" or float(value["N"]) > NOW, id=f"{name}-{value}")
            for name, value in ODD
            if (name, value) != ("expires_at", {"S": "9"})  # moto cannot compare a text with a number
        ),
    ],
)
def test_an_odd_row_that_counts_is_removed_if_its_connection_is_gone(
    connections: Connections, table: str, attributes: dict[str, Any], counts: bool
) -> None:
    put(table, "odd=", **attributes)
    assert connections.count("s1", NOW, LATER) == int(counts)

    assert Ghosts(connections, FakeApi("odd=")).make_room("s1", NOW + 10, 1, LATER) is counts
    assert len(rows("s1")) == int(not counts)


def test_a_row_that_does_not_count_makes_no_room(connections: Connections, table: str) -> None:
    put(table, "odd=")
    connections.add(opened("open=", 60))

    assert not Ghosts(connections, FakeApi("odd=")).make_room("s1", NOW, 1, LATER)
    assert len(rows("s1")) == 2


@pytest.mark.parametrize(
    "script",
    [
        pytest.param([FAULT], id="the-rows-cannot-be-read"),
        pytest.param(["whole", FAULT], id="a-row-cannot-be-removed"),
        pytest.param(["whole", "whole", FAULT], id="the-rows-cannot-be-counted-again"),
    ],
)
def test_a_failure_makes_no_room_and_is_logged(
    faulty_table: FaultyDynamoDB, log: io.StringIO, script: list[str]
) -> None:
    faulty_table.script = script
    connections = Connections(faulty_table.client(), "t")

    assert not Ghosts(connections, FakeApi("one=")).make_room("s1", NOW + 3600, 9, LATER)
    assert faulty_table.asked[: len(script)] == ["Query", "DeleteItem", "Query"][: len(script)]
    (line,) = [written for written in map(json.loads, log.getvalue().splitlines()) if written["level"] == "ERROR"]
    assert line["message"] == "ghosts not removed"
    assert line["exception"].splitlines()[-1] == "botocore.exceptions.ResponseStreamingError"
