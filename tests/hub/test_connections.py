"""The table of connections, in moto."""

import math
import time
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.exceptions import BotoCoreError
from moto.core.botocore_stubber import MockRawResponse as RawResponse

from hub.auth.identity import Identity
from hub.connection import MAX_LIFETIME, NEVER, Connection
from hub.connection_index import RETRY_DELAYS, ConnectionIndex
from hub.connections import Connections
from hub.dynamodb import CONFIG, Table
from hub.items import connection_of
from tests.support.in_moto import rows

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

    assert rows(connections, "s1") == [one, two]
    assert rows(connections, "nobody") == []


@pytest.mark.parametrize(
    ("later", "alive"),
    [
        pytest.param(MAX_LIFETIME - 1, True, id="a-second-before-it-expires"),
        pytest.param(MAX_LIFETIME, False, id="when-it-expires"),
    ],
)
def test_an_expired_row_does_not_count(connections: Connections, later: int, alive: bool) -> None:
    stored("s1", "one=", connections)
    now = math.floor(NOW) + later

    (read,) = rows(connections, "s1")
    assert read.is_usable(now, needs_proof=False) is alive
    assert connections.count("s1", now) == int(alive)


def test_a_session_is_read_consistently_and_no_more_than_needed(table: str) -> None:
    dynamodb = boto3.client("dynamodb")
    asked: list[dict[str, Any]] = []
    dynamodb.meta.events.register("provide-client-params.dynamodb.Query", lambda params, **_: asked.append(params))

    rows(Connections(dynamodb, table), "s1")

    (query,) = asked
    assert query["ConsistentRead"] is True
    assert query["ProjectionExpression"] == "connection_id, connected_at, expires_at, subject"


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

    names = [connection.connection_id for connection in rows(connections, "s1")]
    assert names == [f"{number:02}" for number in range(30)]


def test_a_row_without_times_is_alive(connections: Connections, table: str) -> None:
    item = {"session_id": {"S": "s1"}, "connection_id": {"S": "by-hand"}}
    boto3.client("dynamodb").put_item(TableName=table, Item=item)

    (connection,) = rows(connections, "s1")
    assert (connection.connection_id, connection.connected_at) == ("by-hand", 0)


def test_a_sender_that_the_index_does_not_show_yet_is_looked_up_again(table: str) -> None:
    waited: list[float] = []

    def appear_at_the_last_read(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == len(RETRY_DELAYS):
            stored("s1", "late=", connections)

    connections = Connections(boto3.client("dynamodb"), table, sleep=appear_at_the_last_read)

    assert connections.find("late=") == Connection.opened(Identity("s1"), "late=", NOW)
    assert waited == [0.1, 0.2, 0.4]


def test_a_sender_that_never_appears_is_read_four_times(table: str) -> None:
    waited: list[float] = []
    assert Connections(boto3.client("dynamodb"), table, sleep=waited.append).find("never=") is None
    assert waited == [0.1, 0.2, 0.4]


def test_a_sender_that_was_not_found_is_read_once_from_then_on(table: str) -> None:
    waited: list[float] = []
    connections = Connections(boto3.client("dynamodb"), table, sleep=waited.append)
    assert [connections.find("late=") for _ in range(3)] == [None] * 3
    assert connections.find("another=") is None
    assert waited == [0.1, 0.2, 0.4] * 2

    row = stored("s1", "late=", connections)
    assert connections.find("late=") == row


def test_the_sender_that_was_not_found_first_is_forgotten_first(table: str) -> None:
    waited: list[float] = []
    index = ConnectionIndex(Table(boto3.client("dynamodb"), table, within=60), waited.append, max_missed=2)

    def reads(connection_id: str) -> int:
        waited.clear()
        assert index.find(connection_id, time.monotonic() + 600) is None
        return 1 + len(waited)

    assert [reads(name) for name in ("one=", "two=", "three=")] == [4, 4, 4]
    assert [reads(name) for name in ("two=", "three=", "one=")] == [1, 1, 4]


def test_forgetting_a_connection_leaves_its_siblings(connections: Connections) -> None:
    stored("s1", "closed=", connections)
    sibling = stored("s1", "open=", connections)

    assert connections.forget("closed=") == "s1"
    assert rows(connections, "s1") == [sibling]


def test_forgetting_twice_or_an_unknown_connection_is_fine(connections: Connections) -> None:
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


def test_a_row_that_has_been_replaced_is_not_removed(connections: Connections) -> None:
    read = stored("s1", "one=", connections)
    replaced = stored("s1", "one=", connections, now=NOW + 1)

    connections.remove(read)
    assert rows(connections, "s1") == [replaced]


ODD: list[tuple[str, Any]] = [
    ("connected_at", {"N": "1795000000500.5"}),
    ("connected_at", {"S": "x"}),
    ("connected_at", {"NULL": True}),
    ("connected_at", {"L": []}),
    ("expires_at", {"N": "9999999999.5"}),
    ("expires_at", {"N": "1.5e100"}),
    ("expires_at", {"N": "-1"}),
    ("expires_at", {"S": "9"}),
    ("subject", {"N": "1"}),
    ("subject", {"NULL": True}),
    ("send", {"SS": ["a"]}),
    ("send", {"L": [{"N": "1"}]}),
]
"""Attributes of rows that somebody added by hand."""


@pytest.mark.parametrize(("name", "value"), ODD, ids=[f"{name}-{value}" for name, value in ODD])
def test_an_odd_row_does_not_hide_the_others_and_can_be_removed(
    connections: Connections, table: str, name: str, value: Any
) -> None:
    honest = stored("s1", "honest=", connections)
    for connection_id in ("forgotten=", "removed="):
        keys = {"session_id": {"S": "s1"}, "connection_id": {"S": connection_id}}
        boto3.client("dynamodb").put_item(TableName=table, Item=keys | {name: value})

    forgotten, *others, removed = rows(connections, "s1")
    assert others == [honest]
    assert forgotten.is_usable(NOW, needs_proof=False)
    assert connections.forget("forgotten=") == "s1"
    connections.remove(removed)
    assert rows(connections, "s1") == [honest]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        pytest.param({}, (0, NEVER, None, None), id="nothing"),
        pytest.param({"connected_at": {"N": "5.9"}, "expires_at": {"N": "7.0"}}, (5, 7, None, None), id="fractions"),
        pytest.param({"connected_at": {"N": "-1"}, "expires_at": {"N": "1e300"}}, (0, NEVER, None, None), id="bounds"),
        pytest.param(
            {"connected_at": {"N": "NaN"}, "expires_at": {"N": "inf"}}, (0, NEVER, None, None), id="not-finite"
        ),
        pytest.param({"connected_at": 5, "expires_at": None}, (0, NEVER, None, None), id="no-attributes"),
        pytest.param({"subject": {"S": 5}}, (0, NEVER, None, None), id="odd-subject"),
        pytest.param({"send": {"L": [{"S": "a"}, {"S": "b*"}]}}, (0, NEVER, None, ("a", "b*")), id="grants"),
        pytest.param({"send": {"L": [{"S": "a"}, {"N": "1"}]}}, (0, NEVER, None, ()), id="one-odd-grant"),
        pytest.param({"send": {"NULL": True}}, (0, NEVER, None, ()), id="no-list-of-grants"),
        pytest.param({"send": None}, (0, NEVER, None, ()), id="no-grants-at-all"),
    ],
)
def test_a_malformed_attribute_counts_as_missing_and_malformed_grants_allow_nothing(
    attributes: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    read = connection_of({"connection_id": {"S": "one="}} | attributes, "s1")
    assert read
    assert (read.connected_at, read.expires_at, read.subject, read.send) == expected


@pytest.mark.parametrize("item", [{}, {"connection_id": {"S": ""}}, {"connection_id": {"N": "1"}}, 5, None])
def test_an_item_without_a_connection_id_is_not_a_connection(item: Any) -> None:
    assert connection_of(item, "s1") is None


def test_a_row_without_times_is_removed(connections: Connections, table: str) -> None:
    item = {"session_id": {"S": "s1"}, "connection_id": {"S": "by-hand"}}
    boto3.client("dynamodb").put_item(TableName=table, Item=item)

    connections.remove(rows(connections, "s1")[0])
    assert items(table) == []


@pytest.mark.usefixtures("no_backoff")
@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(400, b'{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException"}', id="throttled"),
        pytest.param(500, b"<html>Internal Server Error</html>", id="not-json"),
        pytest.param(503, b"", id="nothing"),
    ],
)
def test_a_read_that_fails_is_made_again(table: str, status: int, body: bytes) -> None:
    dynamodb = boto3.client("dynamodb", config=CONFIG)
    connections = Connections(dynamodb, table)
    connection = stored("s1", "one=", connections)
    throttled = iter([True, False, False])

    def throttle(request: Any, **_: Any) -> Any:
        if not next(throttled):
            return None
        return AWSResponse(request.url, status, HTTPHeaders(), RawResponse(body))

    dynamodb.meta.events.register_first("before-send.dynamodb.Query", throttle)
    assert rows(connections, "s1") == [connection]
    assert next(throttled) is False


def test_half_an_answer_ends_in_an_error_of_botocore(table: str) -> None:
    dynamodb = boto3.client("dynamodb", config=CONFIG)

    def halve(request: Any, **_: Any) -> Any:
        return AWSResponse(request.url, 200, HTTPHeaders(), RawResponse(b'{"Items": ['))

    dynamodb.meta.events.register_first("before-send.dynamodb.Query", halve)
    with pytest.raises(BotoCoreError):
        rows(Connections(dynamodb, table), "s1")
