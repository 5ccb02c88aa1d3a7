"""Bad input over a real socket: each row is refused with its code or accepted, and has no other effect."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.frames import FRAME_LIMIT, ack, fragments, send_message
from tests.support.gateway import PATIENCE, Client, RunningGateway


def text_of(frame: dict[str, Any], **replacements: str) -> str:
    text = json.dumps(frame)
    for old, new in replacements.items():
        text = text.replace(json.dumps(old), new)
    return text


@pytest.fixture(scope="module")
def pair(gateway: RunningGateway) -> Iterator[tuple[Client, Client]]:
    """A sender, and a receiver that must not receive a refused frame."""
    with gateway.connect("rows-sender") as sender, gateway.connect("rows-receiver") as receiver:
        yield sender, receiver


ROWS = [
    pytest.param("not json", "bad_json", None, id="not-json"),
    pytest.param("", "bad_json", None, id="empty"),
    pytest.param("[]", "bad_json", None, id="not-an-object"),
    pytest.param("[" * 60_000 + "]" * 60_000, "bad_json", None, id="a-list-60000-deep"),
    pytest.param(text_of(send_message("rows-receiver"), hello="NaN"), "bad_json", None, id="nan"),
    pytest.param(text_of(send_message("rows-receiver"), hello="-Infinity"), "bad_json", None, id="infinity"),
    pytest.param(text_of(send_message("rows-receiver"), hello='"\\ud800"'), "bad_json", None, id="lone-surrogate"),
    pytest.param(text_of(send_message("rows-receiver"), hello='{"a":1,"a":2}'), "bad_json", None, id="duplicates"),
    pytest.param({"action": "sendMessage", "message": 1}, "bad_request", "sessions", id="no-sessions"),
    pytest.param(send_message(), "bad_request", "sessions", id="sessions-empty"),
    pytest.param(send_message() | {"sessions": "rows-receiver"}, "bad_request", "sessions", id="sessions-a-string"),
    pytest.param(send_message() | {"sessions": 7}, "bad_request", "sessions", id="sessions-a-number"),
    pytest.param(send_message("rows-receiver", 7), "bad_request", "sessions[1]", id="sessions-holding-a-number"),
    pytest.param(
        send_message("rows-receiver", *(f"s{n}" for n in range(100))), "bad_request", "sessions", id="101-sessions"
    ),
    pytest.param({"action": "sendMessage", "sessions": ["rows-receiver"]}, "bad_request", "message", id="no-message"),
    pytest.param(
        text_of(send_message("rows-receiver"), hello="[" * 50_000 + "]" * 50_000),
        "bad_json",
        None,
        id="message-50000-deep",
    ),
    pytest.param(
        text_of(send_message("rows-receiver"), hello="[" * 101 + "]" * 101),
        "bad_request",
        "message",
        id="message-101-deep",
    ),
    pytest.param(
        text_of(send_message("rows-receiver"), hello="1e999"), "bad_request", "message", id="number-too-large"
    ),
    pytest.param(
        send_message("rows-receiver", message="x" * 130_950), "message_too_large", "message", id="frame-too-large"
    ),
    pytest.param(send_message("rows-receiver", id="x" * 65), "bad_request", "id", id="id-of-65"),
    pytest.param(send_message("rows-receiver", id=7), "bad_request", "id", id="id-a-number"),
    pytest.param(send_message("rows-receiver", echo="no"), "bad_request", "echo", id="echo-a-string"),
    pytest.param(send_message("rows-receiver", action="shout"), "unknown_action", "action", id="unknown-action"),
    pytest.param({"sessions": ["rows-receiver"], "message": 1}, "bad_request", "action", id="no-action"),
    pytest.param(send_message("rows-receiver", action="$connect"), "unknown_action", "action", id="a-reserved-route"),
]


@pytest.mark.parametrize(("frame", "code", "field"), ROWS)
def test_a_refused_frame_gets_a_coded_error_and_delivers_nothing(
    pair: tuple[Client, Client], frame: Any, code: str, field: str | None
) -> None:
    sender, receiver = pair
    text = frame if isinstance(frame, str) else json.dumps(frame)
    sender.socket.send(fragments(text))
    error = sender.receive()

    assert (error["type"], error["code"], error.get("field")) == ("error", code, field)
    assert "Internal server error" not in error["message"]
    # The receiver's next frame is the next good message: the refused frame delivered nothing.
    assert sender.ask(send_message("rows-receiver", message="good")) == ack({"rows-receiver": 1})
    assert receiver.receive()["message"] == "good"


@pytest.mark.parametrize(
    ("frame", "delivered"),
    [
        pytest.param(send_message("rows-receiver", message=None), None, id="message-null"),
        pytest.param(send_message(*["rows-receiver"] * 150), "hello", id="repeats-collapse"),
        pytest.param(send_message("rows-receiver", message="x" * 100_000), "x" * 100_000, id="100-kb-in-fragments"),
    ],
)
def test_an_accepted_frame_is_delivered_once(pair: tuple[Client, Client], frame: Any, delivered: Any) -> None:
    sender, receiver = pair
    sender.socket.send(fragments(json.dumps(frame)))
    assert sender.receive() == ack({"rows-receiver": 1})
    assert receiver.receive()["message"] == delivered
    assert receiver.ask({"action": "ping"}) == {"type": "pong"}


@pytest.mark.parametrize(
    ("payload", "fragment", "code"),
    [
        pytest.param("x" * (FRAME_LIMIT + 1), FRAME_LIMIT + 1, 1009, id="a-frame-over-32-kb"),
        pytest.param("x" * (128 * 1024 + 1), FRAME_LIMIT, 1009, id="a-message-over-128-kb"),
        pytest.param(b"binary", 6, 1003, id="binary"),
    ],
)
def test_input_for_which_api_gateway_closes_the_connection(
    gateway: RunningGateway, payload: Any, fragment: int, code: int
) -> None:
    with gateway.connect("closed-on") as client:
        with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012 - the close comes while it sends, or later
            client.socket.send(payload[start : start + fragment] for start in range(0, len(payload), fragment))
            client.socket.recv(timeout=PATIENCE)
        assert closed.value.rcvd
        assert closed.value.rcvd.code == code
