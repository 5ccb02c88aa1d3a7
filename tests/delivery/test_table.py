"""The table of connections as a delivery uses it: on moto's DynamoDB, or on one that notes its requests."""

import json
import types
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from delivery.dynamodb_answers import DynamoDBError
from hub.auth.identity import Identity
from hub.connection import MAX_LIFETIME, NEVER, Connection
from hub.connection_requests import INDEX, PAGE
from hub.connections import Connections
from hub.items import item_of
from tests.support.called_tables import CalledTable, table_at
from tests.support.scripted import Scripted, answer, error, scripted
from tests.support.tables import ODD, rows

NOW = 1_795_000_000.5
ROW = Connection("s1", "one=", 1_795_000_000_500, NEVER)
KEYS = {"session_id": {"S": "s1"}, "connection_id": {"S": "by-hand"}}


def answers(*rows: Connection, **members: Any) -> bytes:
    return answer(json.dumps({"Items": [item_of(row) for row in rows], **members}).encode())


NONE = answers()


@pytest.fixture
def called(table: str, moto_url: str) -> Iterator[CalledTable]:
    """The table in moto, which is empty. Reads of the index follow each other at once."""
    with table_at(moto_url, table, retry_delays=(0, 0, 0)) as called:
        yield called


@pytest.fixture
def server() -> Iterator[Scripted]:
    """A DynamoDB without rows that notes its requests."""
    with scripted() as server:
        server.last = NONE
        yield server


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds before each further read of the index. They do not pass."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("delivery.table.asyncio", types.SimpleNamespace(sleep=sleep))
    return waited


def stored(session_id: str, connection_id: str, connections: Connections, now: float = NOW) -> Connection:
    connection = Connection.opened(Identity(session_id), connection_id, now)
    connections.add(connection)
    return connection


# Pages.


def test_a_session_has_its_own_connections_only(called: CalledTable, connections: Connections) -> None:
    one, two = stored("s1", "one=", connections), stored("s1", "two=", connections)
    stored("s2", "three=", connections)

    assert called.pages("s1") == [[one, two]]
    assert called.pages("nobody") == [[]]


def test_a_used_credential_is_no_connection_of_a_session(called: CalledTable, connections: Connections) -> None:
    assert connections.add_once(ROW, "credential", NEVER)
    assert called.rows("s1") == [ROW]
    assert called.find(ROW.connection_id) == ROW
    assert called.find("credential") is None


def test_expired_connections_are_read_too(called: CalledTable, connections: Connections) -> None:
    expired = stored("s1", "one=", connections, now=NOW - MAX_LIFETIME)
    assert not expired.is_usable(NOW, needs_proof=False)
    assert called.rows("s1") == [expired]


def test_a_page_has_the_subject_and_not_the_grants(called: CalledTable, connections: Connections) -> None:
    connections.add(Connection("s1", "one=", 5, 9, "somebody", ("s1", "s2")))
    assert called.rows("s1") == [Connection("s1", "one=", 5, 9, "somebody")]
    assert called.find("one=") == Connection("s1", "one=", 5, 9, "somebody", ("s1", "s2"))


def test_a_page_is_read_consistently_and_no_more_than_needed(server: Scripted) -> None:
    with table_at(server.url) as called:
        assert called.pages("s1") == [[]]

    assert server.requests == [
        {
            "TableName": "t",
            "ConsistentRead": True,
            "KeyConditionExpression": "session_id = :session",
            "ExpressionAttributeValues": {":session": {"S": "s1"}},
            "ProjectionExpression": "connection_id, connected_at, expires_at, subject",
            "Limit": PAGE,
        }
    ]


def test_the_next_page_begins_where_the_page_before_has_ended(server: Scripted) -> None:
    key = {"session_id": {"S": "s1"}, "connection_id": {"S": "one="}}
    server.script = [answers(ROW, LastEvaluatedKey=key), answers(LastEvaluatedKey=KEYS)]
    with table_at(server.url) as called:
        assert called.pages("s1") == [[ROW], [], []]

    first, *others = server.requests
    assert others == [first | {"ExclusiveStartKey": key}, first | {"ExclusiveStartKey": KEYS}]


def test_every_page_of_a_session_is_read(called: CalledTable, table: str) -> None:
    # DynamoDB ends a page at 1 MB: 30 rows of 60 KB make two.
    dynamodb = boto3.client("dynamodb")
    for number in range(30):
        item = KEYS | {"connection_id": {"S": f"{number:02}"}, "ballast": {"S": "x" * 60_000}}
        dynamodb.put_item(TableName=table, Item=item)

    pages = called.pages("s1")
    assert len(pages) > 1, "the rows fit on one page, so this tests nothing"
    assert [row.connection_id for page in pages for row in page] == [f"{number:02}" for number in range(30)]


def test_a_row_without_times_is_alive_and_can_be_removed(called: CalledTable, table: str) -> None:
    boto3.client("dynamodb").put_item(TableName=table, Item=KEYS)

    (connection,) = called.rows("s1")
    assert connection == Connection("s1", "by-hand", 0, NEVER)
    called.remove(connection)
    assert rows("s1") == []


@pytest.mark.parametrize(("name", "value"), ODD, ids=[f"{name}-{value}" for name, value in ODD])
def test_an_odd_row_does_not_hide_the_others_and_can_be_removed(
    called: CalledTable, connections: Connections, table: str, name: str, value: Any
) -> None:
    honest = stored("s1", "honest=", connections)
    boto3.client("dynamodb").put_item(TableName=table, Item=KEYS | {name: value})

    odd, *others = called.rows("s1")
    assert others == [honest]
    assert (odd.connection_id, odd.is_usable(NOW, needs_proof=False)) == ("by-hand", True)
    assert called.find("by-hand")
    called.remove(odd)
    assert rows("s1") == [honest]


# The search for the sender.


def test_a_connection_is_found_by_its_id_alone(called: CalledTable, connections: Connections) -> None:
    one, two = stored("s1", "one=", connections), stored("s2", "two=", connections)
    assert [called.find(name) for name in ("one=", "two=", "three=")] == [one, two, None]


def test_a_sender_that_the_index_shows_is_read_once(server: Scripted, waited: list[float]) -> None:
    server.last = answers(ROW)
    with table_at(server.url) as called:
        assert called.find("one=") == ROW

    (query,) = server.requests
    assert query == {
        "TableName": "t",
        "IndexName": INDEX,
        "KeyConditionExpression": "connection_id = :connection",
        "ExpressionAttributeValues": {":connection": {"S": "one="}},
    }
    assert waited == []


def test_a_sender_that_the_index_does_not_show_yet_is_looked_up_again(server: Scripted, waited: list[float]) -> None:
    server.script = [NONE] * 3 + [answers(ROW)]
    with table_at(server.url) as called:
        assert called.find("one=") == ROW
    assert waited == [0.1, 0.2, 0.4]


def test_a_sender_that_never_appears_is_read_four_times(server: Scripted, waited: list[float]) -> None:
    with table_at(server.url) as called:
        assert called.find("never=") is None
    assert len(server.requests) == 4
    assert waited == [0.1, 0.2, 0.4]


def test_a_sender_that_was_not_found_is_read_once_from_then_on(server: Scripted, waited: list[float]) -> None:
    with table_at(server.url) as called:
        assert [called.find("one=") for _ in range(3)] == [None] * 3
        assert called.find("another=") is None
        assert waited == [0.1, 0.2, 0.4] * 2

        server.last = answers(ROW)
        assert called.find("one=") == ROW
    assert len(server.requests) == 4 + 1 + 1 + 4 + 1


def test_the_sender_that_was_not_found_first_is_forgotten_first(server: Scripted) -> None:
    with table_at(server.url, retry_delays=(0, 0, 0), max_missed=2) as called:

        def reads(connection_id: str) -> int:
            server.requests.clear()
            assert called.find(connection_id) is None
            return len(server.requests)

        assert [reads(name) for name in ("one=", "two=", "three=")] == [4, 4, 4]
        assert [reads(name) for name in ("two=", "three=", "one=")] == [1, 1, 4]


def test_a_search_that_failed_does_not_count_as_one_that_found_nothing(server: Scripted) -> None:
    server.script = [error("AccessDeniedException"), *[NONE] * 3, answers(ROW)]
    with table_at(server.url, retry_delays=(0, 0, 0)) as called:
        with pytest.raises(DynamoDBError, match=r"^AccessDeniedException"):
            called.find("one=")
        assert called.find("one=") == ROW


# Removal.


def test_removing_a_row_leaves_its_siblings(called: CalledTable, connections: Connections) -> None:
    closed, sibling = stored("s1", "closed=", connections), stored("s1", "open=", connections)

    called.remove(closed)
    assert rows("s1") == [sibling]


def test_removing_a_row_that_is_gone_already_is_fine(called: CalledTable, connections: Connections) -> None:
    connection = stored("s1", "one=", connections)

    called.remove(connection)
    called.remove(connection)
    assert rows("s1") == []


@pytest.mark.parametrize("later", [-1.0, -0.001, 0.001, 1.0])
def test_a_row_that_has_been_replaced_is_not_removed(
    called: CalledTable, connections: Connections, later: float
) -> None:
    read = stored("s1", "one=", connections)
    replaced = stored("s1", "one=", connections, now=NOW + later)
    assert replaced.connected_at != read.connected_at

    called.remove(read)
    assert rows("s1") == [replaced]


def test_a_removal_that_is_refused_for_another_reason_is_an_error(server: Scripted) -> None:
    server.script = [error("ConditionalCheckFailedException"), error("ResourceNotFoundException")]
    with table_at(server.url) as called:
        called.remove(ROW)
        with pytest.raises(DynamoDBError, match=r"^ResourceNotFoundException"):
            called.remove(ROW)
    assert [request["Key"] for request in server.requests] == [KEYS | {"connection_id": {"S": "one="}}] * 2
