"""A browser that vanishes does not lock its user out of a session with a limit of connections."""

import time
from collections.abc import Iterator

import pytest

from local.aws.client import client
from tests.support.frames import ack, send_message
from tests.support.gateway import RunningGateway
from tests.support.handshakes import status


@pytest.fixture(scope="module")
def running() -> Iterator[RunningGateway]:
    """A gateway that loses every $disconnect, so that each connection that closes leaves its row."""
    with RunningGateway.start("--no-disconnect", "--parameter", "MaxConnectionsPerSession=2") as gateway:
        yield gateway


def put(running: RunningGateway, session_id: str, connection_id: str, seconds_ago: float) -> None:
    """Store a connection by hand, which opened some seconds ago."""
    row = {
        "session_id": {"S": session_id},
        "connection_id": {"S": connection_id},
        "connected_at": {"N": str(int((time.time() - seconds_ago) * 1000))},
        "expires_at": {"N": str(2**40)},
    }
    client("dynamodb", running.endpoints["dynamodb"], running.endpoints["region"]).put_item(
        TableName="ConnectionsTable", Item=row
    )


def connect(running: RunningGateway, session_id: str) -> int:
    """Open a connection, which closes at once. Returns the status."""
    return status(running, {"session_id": session_id})


def test_rows_of_browsers_that_vanished_make_room(running: RunningGateway) -> None:
    assert [connect(running, "vanished") for _ in range(2)] == [101, 101]
    first, second = running.rows("vanished")
    for seconds_ago, answer in ((-60, 429), (60, 101)):
        for name in (first, second):
            put(running, "vanished", name, seconds_ago)
        assert connect(running, "vanished") == answer

    with running.connect("vanished") as back:
        assert {first, second}.isdisjoint(running.rows("vanished"))
        assert back.ask(send_message("vanished", echo=False)) == ack({"vanished": 0})


def test_connections_that_are_open_keep_others_out(running: RunningGateway) -> None:
    with running.connect("open") as one, running.connect("open") as two:
        for name in (names := running.rows("open")):
            put(running, "open", name, seconds_ago=60)
        assert connect(running, "open") == 429
        assert running.rows("open") == names
        two.send(send_message("open", echo=False))
        assert one.receive()["message"] == "hello"


def test_a_row_by_hand_of_a_connection_that_never_existed_makes_room(running: RunningGateway) -> None:
    put(running, "by-hand", "AAAAAAAAAAAAAAA=", seconds_ago=60)
    with running.connect("by-hand"), running.connect("by-hand"):
        assert len(running.rows("by-hand")) == 2
        assert "AAAAAAAAAAAAAAA=" not in running.rows("by-hand")


@pytest.mark.parametrize(
    ("connection_id", "seconds_ago"),
    [
        pytest.param("AAAAAAAAAAAAAAA=", -60, id="a-connection-that-may-still-be-opening"),
        pytest.param("not-an-id", 60, id="an-id-that-api-gateway-calls-malformed"),
    ],
)
def test_a_row_that_says_nothing_stays(running: RunningGateway, connection_id: str, seconds_ago: float) -> None:
    session_id = f"stays{seconds_ago}"
    put(running, session_id, connection_id, seconds_ago)
    with running.connect(session_id):
        assert connect(running, session_id) == 429
        assert connection_id in running.rows(session_id)
