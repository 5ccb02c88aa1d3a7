"""AUTH_MODE jwt over real sockets: how a token is carried, and what it permits."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Close
from websockets.sync.client import connect

from hub.auth.tokens import MAX_LENGTH
from tests.support import credentials
from tests.support.frames import ack, send_message
from tests.support.gateway import PATIENCE, Client, RunningGateway
from tests.support.handshakes import command, handshake, key, sleep_until, status

BURST = 4


@pytest.fixture(scope="module")
def running() -> Iterator[RunningGateway]:
    """A gateway that needs tokens, and limits origins and the rate of messages."""
    options = {
        "AuthMode": "jwt",
        "AllowedOrigins": "https://app.example, https://*.example.org",
        "JwtAudience": "hub",
        "MessageRate": "1",
        "MessageBurst": str(BURST),
    }
    parameters = [word for name, value in options.items() for word in ("--parameter", f"{name}={value}")]
    with RunningGateway.start(*parameters) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def printed(running: RunningGateway) -> str:
    """A token as the command line prints it."""
    return command(
        running, "token", "--session", "cli", "--send", "cli-*", "--send", "cli", "--audience", "hub"
    ).strip()


def minted(running: RunningGateway, session_id: str, *send: str, ttl: int = 600, **claims: Any) -> str:
    """Return a token like those that ``token`` prints, without a process for each."""
    now = int(time.time())
    members = {"session_id": session_id, "send": send, "exp": now + ttl, "aud": "hub"} | claims
    return credentials.token({name: value for name, value in members.items() if value is not ...}, key=key(running))


def joined(running: RunningGateway, token: str) -> Any:
    return connect(f"{running.endpoints['websocket']}?token={token}", proxy=None, compression=None)


@pytest.mark.parametrize(
    "carrier",
    [
        pytest.param({"subprotocols": ["hub.v1", "bearer.{}"]}, id="subprotocol"),
        pytest.param({"subprotocols": ["bearer.{}", "hub.v1"]}, id="subprotocol-first"),
        pytest.param({"additional_headers": {"Authorization": "Bearer {}"}}, id="authorization"),
        pytest.param({"additional_headers": {"aUTHORIZATION": "bEARER {}"}}, id="authorization-in-another-case"),
        pytest.param({"uri": "?token={}"}, id="query"),
        pytest.param({"uri": "?token={}&session_id=cli"}, id="query-with-the-session"),
        pytest.param(
            {"uri": "?token={}", "subprotocols": ["hub.v1", "bearer.{}"], "origin": "https://app.example"}, id="page"
        ),
    ],
)
def test_every_carrier_opens_a_connection_and_none_is_echoed(
    running: RunningGateway, printed: str, carrier: dict[str, Any]
) -> None:
    filled = json.loads(json.dumps(carrier).replace("{}", printed))
    url = running.endpoints["websocket"] + filled.pop("uri", "")
    with connect(url, proxy=None, compression=None, **filled) as socket:
        assert socket.subprotocol == ("hub.v1" if "subprotocols" in filled else None)
        assert socket.response
        answered = str([*socket.response.headers.raw_items()])
        assert all(part not in answered for part in printed.split("."))
        assert Client(socket).ask(send_message("cli", echo=False)) == ack({"cli": 0})


def test_a_long_token_fits_into_a_header_and_not_into_a_url(running: RunningGateway) -> None:
    fitting, long = (minted(running, "cli", "cli", jti="x" * length) for length in (2_700, 5_600))
    assert (len(fitting) < 4_000, 7_500 < len(long) < MAX_LENGTH) == (True, True)
    headers = {"Authorization": f"Bearer {long}"}
    with connect(running.endpoints["websocket"], proxy=None, compression=None, additional_headers=headers) as socket:
        assert Client(socket).ask(send_message("cli", echo=False)) == ack({"cli": 0})
    with joined(running, fitting) as socket:
        assert Client(socket).ask(send_message("cli", echo=False)) == ack({"cli": 0})
    with pytest.raises(InvalidStatus) as refused:
        joined(running, long)
    assert refused.value.response.status_code == 414


def test_permission_is_checked_with_every_message(running: RunningGateway, printed: str) -> None:
    with (
        joined(running, printed) as sender,
        joined(running, minted(running, "cli-1")) as granted,
        joined(running, minted(running, "cli2")) as other,
    ):
        assert Client(sender).ask(send_message("cli-1", "cli2")) == {
            "type": "error",
            "code": "forbidden",
            "message": "This connection may not send to sessions[1]",
            "field": "sessions[1]",
            "id": "c-1",
        }
        assert Client(sender).ask(send_message("cli-1")) == ack({"cli-1": 1})
        assert Client(granted).receive()["from"] == "cli"  # and no frame came before
        assert Client(other).ask({"action": "ping"}) == {"type": "pong"}


def test_a_credential_that_runs_out_ends_sending_and_receiving(running: RunningGateway) -> None:
    short = command(running, "token", "--session", "short", "--ttl", "2", "--audience", "hub").strip()
    shorter = minted(running, "run-out", ttl=1)
    made = time.time()
    with (
        joined(running, short) as sender,
        joined(running, shorter) as recipient,
        joined(running, minted(running, "lasting", "run-out")) as lasting,
    ):
        sleep_until(made + 2)
        assert Client(sender).ask(send_message("short")) == {
            "type": "error",
            "code": "expired",
            "message": "The credential of this connection has run out; connect again with a new one",
            "id": "c-1",
        }
        assert Client(lasting).ask(send_message("run-out")) == ack({}, ["run-out"])
        with pytest.raises(ConnectionClosed) as closed:  # no frame comes before the close
            recipient.recv(timeout=PATIENCE)
        assert closed.value.rcvd == Close(1000, "Connection Closed Normally")
    assert running.rows("run-out") == []


def test_a_client_that_sends_too_fast_learns_when_to_go_on_and_delivers_nothing(running: RunningGateway) -> None:
    with joined(running, minted(running, "fast", "slow")) as fast, joined(running, minted(running, "slow")) as slow:
        sender, receiver = Client(fast), Client(slow)
        answers = [sender.ask(send_message("slow", id=f"m-{number}")) for number in range(10 * BURST)]
        taken = [answer["id"] for answer in answers if answer["type"] == "ack"]
        refused = [answer for answer in answers if answer["type"] == "error"]

        # Each of the function's two workers has a bucket, and both buckets go on filling.
        assert len(taken) < 10 * BURST
        assert [receiver.receive()["id"] for _ in taken] == taken
        assert receiver.ask({"action": "ping"}) == {"type": "pong"}
        for answer in refused:
            assert 1 <= answer.pop("retry_after_ms") <= 1000
            assert answer.pop("id").startswith("m-")
            assert answer == {"type": "error", "code": "rate_limited", "message": "This connection sends too fast"}

        answer = sender.ask(send_message("slow", id="last"))
        while answer["type"] == "error":
            sleep_until(time.time() + answer["retry_after_ms"] / 1000)
            answer = sender.ask(send_message("slow", id="last"))
        assert answer == ack({"slow": 1}) | {"id": "last"}


@pytest.mark.parametrize(
    ("origin", "answer"),
    [
        pytest.param("https://app.example", 101, id="on-the-list"),
        pytest.param("https://app.example:443", 101, id="with-its-port"),
        pytest.param("https://a.example.org", 101, id="one-label"),
        pytest.param("https://a.b.example.org", 403, id="two-labels"),
        pytest.param("http://app.example", 403, id="another-scheme"),
        pytest.param("https://app.example.evil.net", 403, id="a-longer-host"),
        pytest.param("https://evil.net", 403, id="another-host"),
        pytest.param("null", 403, id="a-sandboxed-page"),
        pytest.param("", 403, id="empty"),
    ],
)
def test_only_pages_of_the_list_may_connect(running: RunningGateway, printed: str, origin: str, answer: int) -> None:
    assert status(running, {"token": printed}, Origin=origin) == answer


def test_a_foreign_page_is_refused_before_its_token_is_checked(running: RunningGateway) -> None:
    assert status(running, {"token": "forged"}, Origin="https://evil.net") == 403


def test_the_answer_to_a_handshake_selects_the_protocol_and_has_no_other_header(
    running: RunningGateway, printed: str
) -> None:
    answer, text = handshake(running, "", ("Sec-WebSocket-Protocol", f"hub.v1, bearer.{printed}"))
    lines = text.removesuffix("\r\n\r\n").splitlines()[1:]
    names = [line.partition(":")[0] for line in lines]
    assert answer == 101
    assert sorted(names) == ["Connection", "Date", "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol", "Upgrade"]
    assert "Sec-WebSocket-Protocol: hub.v1" in lines
