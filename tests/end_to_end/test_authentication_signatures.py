"""AUTH_MODE signature over real sockets: a signature opens one connection, and a session may have one."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.support.credentials import iso, sign
from tests.support.gateway import Client, RunningGateway
from tests.support.handshakes import command, handshake, key, status


@pytest.fixture(scope="module")
def running() -> Iterator[RunningGateway]:
    parameters = ("--parameter", "AuthMode=signature", "--parameter", "MaxConnectionsPerSession=1")
    with RunningGateway.start(*parameters) as gateway:
        yield gateway


def printed(running: RunningGateway, session_id: str) -> tuple[dict[str, str], str]:
    """Return the headers and the URL that the command line prints."""
    *headers, url = command(running, "sign", "--session", session_id).splitlines()
    return dict(header.split(": ") for header in headers), url


def signed(running: RunningGateway, session_id: str, at: float) -> dict[str, str]:
    date_time = iso(at)
    return {"session_id": session_id, "date_time": date_time, "signature": sign(session_id, date_time, key(running))}


def joined(running: RunningGateway, session_id: str) -> Any:
    query = "&".join(f"{name}={quote(value)}" for name, value in signed(running, session_id, time.time()).items())
    return connect(
        f"{running.endpoints['websocket']}?{query}", proxy=None, compression=None, subprotocols=[Subprotocol("hub.v1")]
    )


def test_the_printed_url_opens_one_connection_which_may_send_to_any_session(running: RunningGateway) -> None:
    headers, url = printed(running, "by-url")
    with connect(url, proxy=None, compression=None) as socket, joined(running, "listener") as listener:
        frame = {"action": "sendMessage", "sessions": ["listener", "by-url"], "message": 1, "id": "c-1", "echo": False}
        assert Client(socket).ask(frame) == {
            "type": "ack",
            "id": "c-1",
            "delivered": {"listener": 1, "by-url": 0},
            "offline": [],
            "failed": {},
        }
        assert Client(listener).receive()["from"] == "by-url"
        assert listener.subprotocol == "hub.v1"

    running.wait_for_rows("by-url", 0)
    query = url.rpartition("?")[2]
    assert [handshake(running, f"?{query}")[0], handshake(running, "", *headers.items())[0]] == [403, 403]


def test_the_printed_headers_open_one_connection(running: RunningGateway) -> None:
    headers, _ = printed(running, "by-header")
    with connect(running.endpoints["websocket"], additional_headers=headers, proxy=None, compression=None) as socket:
        assert Client(socket).ask({"action": "ping"}) == {"type": "pong"}

    running.wait_for_rows("by-header", 0)
    assert handshake(running, "", *headers.items())[0] == 403


def test_a_session_that_is_full_refuses_with_429_until_there_is_room(running: RunningGateway) -> None:
    with joined(running, "full"):
        assert status(running, signed(running, "full", time.time())) == 429
        assert status(running, signed(running, "not-full", time.time())) == 101
    running.wait_for_rows("full", 0)
    assert status(running, signed(running, "full", time.time())) == 101


NOW = "{now}"


@pytest.mark.parametrize(
    ("date_time", "changed", "answer"),
    [
        pytest.param(NOW, {}, 101, id="good"),
        pytest.param(NOW, {"signature": ""}, 400, id="no-signature"),
        pytest.param(NOW, {"signature": "é"}, 403, id="not-ascii"),
        pytest.param(NOW, {"signature": "0" * 64}, 403, id="wrong"),
        pytest.param(NOW, {"signature": "0" * 63}, 403, id="too-short"),
        pytest.param(NOW, {"session_id": "s2"}, 403, id="of-another-session"),
        pytest.param(NOW, {"session_id": "s 1"}, 400, id="a-session-with-a-space"),
        pytest.param(NOW, {"session_id": ""}, 400, id="no-session"),
        pytest.param(NOW, {"date_time": ""}, 400, id="no-time"),
        pytest.param("2026-11-18T11:06:40", {}, 400, id="no-offset"),
        pytest.param("2026-11-18T24:00:00Z", {}, 400, id="24-00"),
        pytest.param("2026-11-18T11:06:60Z", {}, 400, id="leap-second"),
        pytest.param("0000-01-01T00:00:00Z", {}, 400, id="year-0"),
        pytest.param("\u0662026-11-18T11:06:40Z", {}, 400, id="digits-of-another-script"),
        pytest.param("0001-01-01T00:00:00+23:59", {}, 403, id="far-past"),
        pytest.param("9999-12-31T23:59:59-23:59", {}, 403, id="far-future"),
    ],
)
def test_handshakes(running: RunningGateway, date_time: str, changed: dict[str, str], answer: int) -> None:
    session_id = f"{time.time_ns()}"
    date_time = date_time.replace(NOW, iso(time.time()))
    signed = {
        "session_id": session_id,
        "date_time": date_time,
        "signature": sign(session_id, date_time, key(running)),
    } | changed
    query = "&".join(f"{name}={quote(value)}" for name, value in signed.items())
    assert handshake(running, f"?{query}")[0] == answer


def test_a_signature_used_many_times_at_once_opens_one_connection(running: RunningGateway) -> None:
    for attempt in range(5):
        target = urlsplit(command(running, "sign", "--session", f"at-once-{attempt}", "--url").strip()).query
        with ThreadPoolExecutor(8) as clients:
            answers = list(clients.map(lambda _client, query=target: handshake(running, f"?{query}")[0], range(8)))
        # The first connection fills the session, so others may be refused for that reason.
        assert answers.count(101) == 1
        assert set(answers) <= {101, 403, 429}


def test_no_handshake_of_this_module_was_a_fault_of_the_hub(running: RunningGateway) -> None:
    assert handshake(running, "?session_id=s1")[0] == 400
    assert [line for line in running.output.lines if re.search(r"ERROR|Traceback|Function  5\d\d", line)] == []
    assert [line for line in running.output.lines if "WARNING refused" in line] != []
