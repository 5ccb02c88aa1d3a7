"""The management API of a running gateway, as boto3 and as plain HTTP see it."""

import contextlib
import http.client
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from botocore.config import Config
from websockets.exceptions import ConnectionClosed

from tests.support.gateway import PATIENCE, Client, RunningGateway

MAX_PAYLOAD = 131_072
NO_RETRIES = Config(retries={"total_max_attempts": 1, "mode": "standard"})
UNKNOWN = "AAAAAAAAAAAAAAA="
NUMBERS = itertools.count()


@dataclass
class Open:
    """One open connection and the API that reaches it."""

    gateway: RunningGateway
    client: Client
    session_id: str
    connection_id: str
    api: Any

    def post(self, data: bytes) -> Any:
        return self.api.post_to_connection(ConnectionId=self.connection_id, Data=data)

    def receive(self) -> Any:
        return self.client.socket.recv(timeout=PATIENCE)


@contextlib.contextmanager
def opened(gateway: RunningGateway, **options: Any) -> Iterator[Open]:
    """Open a connection, the only one of its session."""
    session_id = f"managed-{next(NUMBERS)}"
    with gateway.connect(session_id, **options) as client:
        (connection_id,) = gateway.rows(session_id)
        yield Open(gateway, client, session_id, connection_id, gateway.management_api(config=NO_RETRIES))


def plain(
    method: str, gateway: RunningGateway, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> tuple[int, http.client.HTTPMessage, bytes]:
    url = urlsplit(gateway.endpoints["management"])
    with contextlib.closing(http.client.HTTPConnection(url.netloc, timeout=PATIENCE)) as connection:
        connection.request(method, f"{url.path}/{path}", body, dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        pytest.param(b"hello", "hello", id="text"),
        pytest.param('{ "a":\n"olá 🙂" }'.encode(), '{ "a":\n"olá 🙂" }', id="json-is-not-touched"),
        pytest.param(b"", "", id="empty"),
        pytest.param(b"x" * MAX_PAYLOAD, "x" * MAX_PAYLOAD, id="131072-bytes"),
        pytest.param(b"\xff", "\N{REPLACEMENT CHARACTER}", id="not-utf-8"),  # unsure: no capture shows what AWS does
    ],
)
def test_a_post_delivers_its_bytes_as_one_text_message(gateway: RunningGateway, data: bytes, text: str) -> None:
    with opened(gateway) as to:
        assert to.post(data)["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert to.receive() == text
        to.post(b"next")
        assert to.receive() == "next"


def test_a_post_is_passed_on_as_it_was_encoded(gateway: RunningGateway) -> None:
    with opened(gateway) as to:
        path = f"@connections/{quote(to.connection_id)}"
        assert plain("POST", gateway, path, b"no gzip", {"Content-Encoding": "gzip"})[0] == 200
        assert to.receive() == "no gzip"


@pytest.mark.parametrize("size", [pytest.param(MAX_PAYLOAD + 1, id="131073-bytes"), pytest.param(2**25, id="32-mb")])
def test_a_post_that_is_too_long_delivers_nothing(gateway: RunningGateway, size: int) -> None:
    with opened(gateway) as to:
        with pytest.raises(to.api.exceptions.PayloadTooLargeException):
            to.post(b"x" * size)
        to.post(b"next")
        assert to.receive() == "next"


@pytest.mark.parametrize(
    ("user_agent", "identity"),
    [
        pytest.param(
            "Example/1", {"sourceIp": "127.0.0.1", "userAgent": "Example/1"}, id="a-client-that-says-what-it-is"
        ),
        pytest.param(None, {"sourceIp": "127.0.0.1", "userAgent": None}, id="one-that-does-not"),
    ],
)
def test_a_get_describes_the_connection(
    gateway: RunningGateway, user_agent: str | None, identity: dict[str, str | None]
) -> None:
    with opened(gateway, user_agent_header=user_agent) as to:
        status, headers, body = plain("GET", gateway, f"@connections/{to.connection_id}")
        described = json.loads(body)
        assert (status, headers["Content-Type"].partition(";")[0]) == (200, "application/json")
        assert described == {
            "connectedAt": described["connectedAt"],
            "identity": identity,
            "lastActiveAt": described["lastActiveAt"],
        }
        for name in ("connectedAt", "lastActiveAt"):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", described[name])
        connected_at = to.api.get_connection(ConnectionId=to.connection_id)["ConnectedAt"]
        assert timedelta() <= datetime.now(UTC) - connected_at < timedelta(seconds=PATIENCE)


@pytest.mark.parametrize(
    "direction", [pytest.param("sent", id="what-the-client-sends"), pytest.param("posted", id="what-it-gets")]
)
def test_traffic_moves_last_active_at(gateway: RunningGateway, direction: str) -> None:
    with opened(gateway) as to:

        def last_active_at() -> datetime:
            described = to.api.get_connection(ConnectionId=to.connection_id)
            assert described["ConnectedAt"] <= described["LastActiveAt"]
            moment: datetime = described["LastActiveAt"]
            return moment

        before = last_active_at()
        while last_active_at() == before:  # a clock of milliseconds may need another
            if direction == "sent":
                assert to.client.ask({"action": "ping"}) == {"type": "pong"}
            else:
                to.post(b"hello")
                assert to.receive() == "hello"


def test_a_delete_closes_the_client_with_1000_and_runs_disconnect(gateway: RunningGateway) -> None:
    with opened(gateway) as to:
        status, _, body = plain("DELETE", gateway, f"@connections/{to.connection_id}")
        assert (status, body) == (204, b"")
        with pytest.raises(ConnectionClosed) as closed:
            to.receive()
        assert closed.value.rcvd
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1000, "Connection Closed Normally")
        gateway.output.wait_for(f"disconnected .*session_id={to.session_id} close_code=1000")
        assert gateway.rows(to.session_id) == []


@pytest.mark.parametrize(
    "form",
    [
        pytest.param("@connections/{id}", id="as-it-is"),
        pytest.param("@connections/{encoded}", id="encoded-id"),
        pytest.param("%40connections/{encoded}", id="encoded-at-sign"),
    ],
)
def test_the_path_may_be_percent_encoded(gateway: RunningGateway, form: str) -> None:
    with opened(gateway) as to:
        path = form.format(id=to.connection_id, encoded=quote(to.connection_id, safe=""))
        assert plain("POST", gateway, path, "olá".encode())[::2] == (200, b"")
        assert to.receive() == "olá"


def test_a_client_that_stops_reading_is_refused_after_a_while_and_served_again_when_it_reads(
    gateway: RunningGateway,
) -> None:
    with opened(gateway, max_queue=1) as to:
        sent = 0
        with pytest.raises(to.api.exceptions.LimitExceededException):  # noqa: PT012 - as many as it takes
            while sent < 1000:
                to.post(f"{sent:<{MAX_PAYLOAD}}".encode())
                sent += 1
        assert [int(to.receive()) for _ in range(sent)] == list(range(sent))
        to.post(b"reads again")
        assert to.receive() == "reads again"
