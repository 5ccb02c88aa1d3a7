"""The table of connections, in moto."""

import math
from typing import Any

import boto3
import pytest

from hub.connection import MAX_LIFETIME, Connection
from hub.connections import INDEX_RETRY_DELAYS, Connections
from hub.identity import Identity

NOW = 1_795_000_000.5


def stored(session_id: str, connection_id: str, connections: Connections, now: float = NOW) -> Connection:
    connection = Connection.opened(Identity(session_id), connection_id, now)
    connections.add(connection)
    return connection


def items(table: str) -> list[dict[str, Any]]:
    return boto3.client("dynamodb").scan(TableName=table)["Items"]


def test_a_row_has_exactly_the_documented_attributes(connections: Connections, table: str) -> None:
    stored("s1", "one=", connections)

    assert items(table) == [
        {
            "session_id": {"S": "s1"},
            "connection_id": {"S": "one="},
            "connected_at": {"N": "1795000000500"},
            "expires_at": {"N": str(1_795_000_000 + 2 * 3600 + 600)},
        }
    ]


def test_a_session_has_its_own_connections_only(connections: Connections) -> None:
    one, two = stored("s1", "one=", connections), stored("s1", "two=", connections)
    stored("s2", "three=", connections)

    assert list(connections.of_session("s1")) == [one, two]
    assert list(connections.of_session("nobody")) == []


@pytest.mark.parametrize(
    ("later", "alive"),
    [
        pytest.param(MAX_LIFETIME - 1, True, id="a-second-before-it-expires"),
        pytest.param(MAX_LIFETIME, False, id="when-it-expires"),
    ],
)
def test_a_row_past_its_time_does_not_count(connections: Connections, later: int, alive: bool) -> None:
    stored("s1", "one=", connections)
    now = math.floor(NOW) + later

    (read,) = connections.of_session("s1")
    assert read.counts(now, needs_proof=False) is alive
    assert connections.count("s1", now) == int(alive)


def test_a_session_is_read_consistently_and_no_more_than_needed(table: str) -> None:
    dynamodb = boto3.client("dynamodb")
    asked: list[dict[str, Any]] = []
    dynamodb.meta.events.register("provide-client-params.dynamodb.Query", lambda params, **_: asked.append(params))

    list(Connections(dynamodb, table).of_session("s1"))

    (query,) = asked
    assert query["ConsistentRead"] is True
    assert query["ProjectionExpression"] == "session_id, connection_id, connected_at, expires_at, subject"


def test_every_page_of_a_session_is_read(connections: Connections, table: str) -> None:
    # DynamoDB ends a page at 1 MB: 30 rows of 60 KB make two.
    dynamodb = boto3.client("dynamodb")
    for number in range(30):
        dynamodb.put_item(
            TableName=table,
            Item={
                "session_id": {"S": "s1"},
                "connection_id": {"S": f"{number:02}"},
                "expires_at": {"N": str(int(NOW) + 1)},
                "ballast": {"S": "x" * 60_000},
            },
        )
    first = dynamodb.query(
        TableName=table, KeyConditionExpression="session_id = :s", ExpressionAttributeValues={":s": {"S": "s1"}}
    )
    assert "LastEvaluatedKey" in first, "the rows fit on one page, so this tests nothing"

    found = [connection.connection_id for connection in connections.of_session("s1")]
    assert found == [f"{number:02}" for number in range(30)]


def test_a_row_without_times_is_alive(connections: Connections, table: str) -> None:
    item = {"session_id": {"S": "s1"}, "connection_id": {"S": "by-hand"}}
    boto3.client("dynamodb").put_item(TableName=table, Item=item)

    (connection,) = connections.of_session("s1")
    assert (connection.connection_id, connection.connected_at) == ("by-hand", 0)


def test_a_sender_that_the_index_does_not_show_yet_is_looked_up_again(table: str) -> None:
    waited: list[float] = []

    def appear_at_the_last_read(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == len(INDEX_RETRY_DELAYS):
            stored("s1", "late=", connections)

    connections = Connections(boto3.client("dynamodb"), table, sleep=appear_at_the_last_read)

    found = connections.find("late=")
    assert found == Connection.opened(Identity("s1"), "late=", NOW)
    assert waited == [0.1, 0.2, 0.4]


def test_a_sender_that_never_appears_is_none_after_four_reads(table: str) -> None:
    waited: list[float] = []
    assert Connections(boto3.client("dynamodb"), table, sleep=waited.append).find("never=") is None
    assert waited == [0.1, 0.2, 0.4]


def test_forgetting_a_connection_leaves_its_siblings(connections: Connections) -> None:
    stored("s1", "closed=", connections)
    sibling = stored("s1", "open=", connections)

    assert connections.forget("closed=") == "s1"
    assert list(connections.of_session("s1")) == [sibling]


def test_forgetting_twice_or_what_never_was_is_fine(connections: Connections) -> None:
    stored("s1", "closed=", connections)

    assert [connections.forget("closed="), connections.forget("closed="), connections.forget("never=")] == [
        "s1",
        None,
        None,
    ]


def test_removing_a_row_that_is_gone_already_is_fine(connections: Connections, table: str) -> None:
    connection = stored("s1", "one=", connections)

    connections.remove(connection)
    connections.remove(connection)
    assert items(table) == []
