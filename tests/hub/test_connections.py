"""The table of connections, in moto."""

import math
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.exceptions import BotoCoreError
from moto.core.botocore_stubber import MockRawResponse as RawResponse

from hub.auth.identity import Identity
from hub.connection import MAX_LIFETIME, NEVER, Connection
from hub.connections import Connections
from hub.dynamodb import CONFIG
from hub.items import connection_of
from tests.support.tables import ODD, rows

NOW = 1_795_000_000.5

LATER = 1e9
"""A deadline that does not come, by the clock ``time.monotonic``."""


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

    (read,) = rows("s1")
    assert read.is_usable(now, needs_proof=False) is alive
    assert connections.count("s1", now, LATER) == int(alive)


def test_a_session_counts_its_own_connections_only(connections: Connections) -> None:
    for session_id, connection_id in (("s1", "one="), ("s1", "two="), ("s2", "three=")):
        stored(session_id, connection_id, connections)

    assert [connections.count(session_id, NOW, LATER) for session_id in ("s1", "s2", "nobody")] == [2, 1, 0]


def test_a_count_is_consistent_and_reads_no_rows(table: str) -> None:
    dynamodb = boto3.client("dynamodb")
    asked: list[dict[str, Any]] = []
    dynamodb.meta.events.register("provide-client-params.dynamodb.Query", lambda params, **_: asked.append(params))

    Connections(dynamodb, table).count("s1", NOW, LATER)

    (query,) = asked
    assert (query["ConsistentRead"], query["Select"]) == (True, "COUNT")


def test_every_page_of_a_session_is_counted(connections: Connections, table: str) -> None:
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

    assert connections.count("s1", NOW, LATER) == 30


def test_a_credential_is_used_once(connections: Connections, table: str) -> None:
    one, two = (Connection.opened(Identity("s1"), connection_id, NOW) for connection_id in ("one=", "two="))

    assert [connections.add_once(row, "credential", 2**40) for row in (one, two)] == [True, False]
    assert [item for item in items(table) if item["session_id"] != {"S": "s1"}] == [
        {
            "session_id": {"S": "used#credential"},
            "connection_id": {"S": "used#credential"},
            "expires_at": {"N": str(2**40)},
        }
    ]
    assert rows("s1") == [one]
    assert connections.count("s1", NOW, LATER) == 1


def test_forgetting_a_connection_leaves_its_siblings(connections: Connections) -> None:
    stored("s1", "closed=", connections)
    sibling = stored("s1", "open=", connections)

    assert connections.forget("closed=") == "s1"
    assert rows("s1") == [sibling]


def test_forgetting_twice_or_an_unknown_connection_is_fine(connections: Connections) -> None:
    stored("s1", "closed=", connections)

    assert [connections.forget("closed="), connections.forget("closed="), connections.forget("never=")] == [
        "s1",
        None,
        None,
    ]


@pytest.mark.parametrize(("name", "value"), ODD, ids=[f"{name}-{value}" for name, value in ODD])
def test_an_odd_row_can_be_forgotten(connections: Connections, table: str, name: str, value: Any) -> None:
    honest = stored("s1", "honest=", connections)
    keys = {"session_id": {"S": "s1"}, "connection_id": {"S": "odd="}}
    boto3.client("dynamodb").put_item(TableName=table, Item=keys | {name: value})

    assert connections.forget("odd=") == "s1"
    assert rows("s1") == [honest]


def test_a_row_that_was_replaced_since_it_was_read_is_not_forgotten(table: str) -> None:
    dynamodb = boto3.client("dynamodb")
    connections = Connections(dynamodb, table)
    stored("s1", "one=", connections)
    replaced: list[Connection] = []

    def replace(**_: Any) -> None:
        replaced.append(stored("s1", "one=", connections, now=NOW + 1))

    dynamodb.meta.events.register("provide-client-params.dynamodb.DeleteItem", replace)

    assert connections.forget("one=") == "s1"
    assert rows("s1") == replaced


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
    stored("s1", "one=", connections)
    throttled = iter([True, False, False])

    def throttle(request: Any, **_: Any) -> Any:
        if not next(throttled):
            return None
        return AWSResponse(request.url, status, HTTPHeaders(), RawResponse(body))

    dynamodb.meta.events.register_first("before-send.dynamodb.Query", throttle)
    assert connections.count("s1", NOW, LATER) == 1
    assert next(throttled) is False


def test_half_an_answer_ends_in_an_error_of_botocore(table: str) -> None:
    dynamodb = boto3.client("dynamodb", config=CONFIG)

    def halve(request: Any, **_: Any) -> Any:
        return AWSResponse(request.url, 200, HTTPHeaders(), RawResponse(b'{"Items": ['))

    dynamodb.meta.events.register_first("before-send.dynamodb.Query", halve)
    with pytest.raises(BotoCoreError):
        Connections(dynamodb, table).count("s1", NOW, LATER)
