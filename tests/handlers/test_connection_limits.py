"""The limits of connections: so many for one session, and one for each signature."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any

import pytest
from moto.core.botocore_stubber import BotocoreStubber

from tests.support.credentials import iso, sign
from tests.support.faulty_dynamodb import FaultyDynamoDB
from tests.support.in_moto import HubInMoto, row
from tests.support.lambdas import Context, cold_start
from tests.support.sample_events import sample_event
from tests.support.tables import rows

LONG_AGO = 1_700_000_000

OPENED = (200, "")
FULL = (429, "too_many_connections")
REFUSED = (403, "forbidden")


def signed(session_id: str = "s1", at: float | None = None, **changes: str) -> dict[str, str]:
    date_time = iso(time.time() if at is None else at)
    query = {"session_id": session_id, "date_time": date_time, "signature": sign(session_id, date_time)}
    return query | changes


def test_a_session_has_as_many_connections_as_it_may_have(hub_in_moto: HubInMoto) -> None:
    hub = hub_in_moto.hub(MaxConnectionsPerSession="2")

    answers = [hub.connect(name, {"session_id": "s1"}) for name in ("one=", "two=", "three=", "four=")]
    assert answers == [OPENED, OPENED, FULL, FULL]
    assert hub.connect("five=", {"session_id": "s2"}) == OPENED
    assert [connection.connection_id for connection in rows("s1")] == ["one=", "two="]

    hub.disconnect("two=")
    assert [hub.connect(name, {"session_id": "s1"}) for name in ("six=", "seven=")] == [OPENED, FULL]


def test_an_expired_connection_does_not_count(hub_in_moto: HubInMoto) -> None:
    hub_in_moto.connections.add(row("s1", "one=", expires_at=LONG_AGO))
    hub = hub_in_moto.hub(MaxConnectionsPerSession="1")
    assert [hub.connect(name, {"session_id": "s1"}) for name in ("two=", "three=")] == [OPENED, FULL]


def test_0_is_no_limit_and_reads_nothing(faulty_table: FaultyDynamoDB, monkeypatch: pytest.MonkeyPatch) -> None:
    faulty_table.script = ["whole"]
    function = cold_start("ConnectFunction", monkeypatch, AWS_ENDPOINT_URL_DYNAMODB=faulty_table.url)

    answers = [function.lambda_handler(sample_event("connect"), Context())["statusCode"] for _ in range(3)]
    assert answers == [200] * 3
    assert faulty_table.asked == ["PutItem"] * 3


def test_a_signature_opens_one_connection(hub_in_moto: HubInMoto) -> None:
    hub = hub_in_moto.hub(AuthMode="signature")
    query = signed()

    assert hub.connect("one=", query) == OPENED
    assert hub.connect("one=", query) == REFUSED
    assert hub.connect("two=", query) == REFUSED
    session_id, date_time, signature = query.values()
    headers = {"X-Session": session_id, "X-Date-Time": date_time, "X-Signature": signature}
    assert hub.connect("two=", None, headers) == REFUSED
    hub.disconnect("one=")
    assert hub.connect("three=", query) == REFUSED
    assert rows("s1") == []
    assert hub.connect("four=", signed()) == OPENED


def test_one_signature_does_not_use_up_another(hub_in_moto: HubInMoto) -> None:
    hub = hub_in_moto.hub(AuthMode="signature")
    now = time.time()
    others = [signed(at=now), signed(at=now - 1), signed("s2", now), signed("s3", now)]
    assert [hub.connect(f"{number}=", query) for number, query in enumerate(others)] == [OPENED] * 4


def test_a_refused_handshake_does_not_use_the_signature_up(hub_in_moto: HubInMoto) -> None:
    hub = hub_in_moto.hub(AuthMode="signature", MaxConnectionsPerSession="1")
    hub_in_moto.connections.add(row("s1", "first=", subject="s1"))
    query = signed()

    assert hub.connect("one=", query) == FULL
    assert hub.connect("two=", query | {"signature": query["signature"].upper()}) == REFUSED
    hub.disconnect("first=")
    assert hub.connect("three=", query) == OPENED


def test_a_digest_of_a_used_signature_is_kept_until_the_signature_is_stale(hub_in_moto: HubInMoto) -> None:
    now = int(time.time())
    query = signed(at=now)
    assert hub_in_moto.hub(AuthMode="signature").connect("one=", query) == OPENED

    used = "used#" + sha256(query["signature"].encode()).hexdigest()
    stored = {item["connection_id"]["S"]: item for item in hub_in_moto.items()}
    assert stored[used] == {
        "session_id": {"S": used},
        "connection_id": {"S": used},
        "expires_at": {"N": str(now + 301)},
    }
    assert [*sorted(stored)] == ["one=", used]
    assert query["signature"] not in str(stored)


@pytest.fixture
def one_request_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give moto one request at a time. DynamoDB serialises the writes to one item; moto does not."""
    lock = threading.Lock()
    answer = BotocoreStubber.__call__

    def call(self: BotocoreStubber, *arguments: Any, **options: Any) -> Any:
        with lock:
            return answer(self, *arguments, **options)

    monkeypatch.setattr(BotocoreStubber, "__call__", call)


@pytest.mark.usefixtures("one_request_at_a_time")
def test_one_of_eight_clients_that_use_a_signature_at_once_gets_in(hub_in_moto: HubInMoto) -> None:
    hub = hub_in_moto.hub(AuthMode="signature")
    assert hub.connect("warm=", signed("s2")) == OPENED  # starts the function, and reads the key
    query = signed()
    together = threading.Barrier(8)

    def connect(number: int) -> tuple[int, str]:
        together.wait()
        return hub.connect(f"{number}=", query)

    with ThreadPoolExecutor(8) as threads:
        answers = [*threads.map(connect, range(8))]

    assert sorted(answers) == [OPENED] + [REFUSED] * 7
    (stored,) = rows("s1")
    assert answers[int(stored.connection_id.removesuffix("="))] == OPENED
