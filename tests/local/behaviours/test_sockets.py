"""Behaviours 50 to 63 and 66: WebSocket frames, timeouts, closes, and the events of ``$disconnect``."""

import contextlib
import json
import socket
import struct
import time
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from tests.support.api import Api, Connected
from tests.support.gate import Gate
from tests.support.gateway import PATIENCE

FRAME = 32 * 1024
MESSAGE = 128 * 1024
IDLE = 1.0
"""Idle timeout of the gateway ``quick``, in seconds."""


def fragments(text: str) -> Iterator[str]:
    return (text[start : start + FRAME] for start in range(0, len(text), FRAME))


def send_frames(client: Connected, frames: Iterable[Frame]) -> None:
    """Send frames without the library, which would refuse to send after a close."""
    for frame in frames:
        client.socket.socket.sendall(frame.serialize(mask=True))


@pytest.mark.behaviour(50)
def test_50_a_frame_of_32_kb_passes_and_a_longer_one_closes_with_1009(api: Api, client: Connected) -> None:
    assert json.loads(client.ask("x" * FRAME))["body"] == "x" * FRAME
    client.socket.send("x" * (FRAME + 1))
    assert client.wait_for_close()[0] == 1009
    disconnected = api.event("DISCONNECT", client.connection_id)
    assert disconnected["requestContext"]["disconnectStatusCode"] == 1009
    api.event("MESSAGE", client.connection_id)
    assert len(api.events_of(client.connection_id)) == 3


@pytest.mark.behaviour(51)
def test_51_a_message_over_128_kb_in_small_frames_closes_with_1009(api: Api, client: Connected) -> None:
    opcodes = [Opcode.TEXT, *[Opcode.CONT] * 4]
    texts = fragments("x" * (MESSAGE + 1))
    # The last frame is a few bytes, so it has left before the gateway can read it and close.
    send_frames(client, (Frame(*pair, fin=False) for pair in zip(opcodes, map(str.encode, texts), strict=True)))
    assert client.wait_for_close()[0] == 1009


@pytest.mark.behaviour(52)
@pytest.mark.parametrize("length", [100_000, MESSAGE])
def test_52_a_long_message_in_fragments_is_one_event(client: Connected, length: int) -> None:
    client.socket.send(fragments("x" * length))
    event = json.loads(client.receive())
    assert (len(event["body"]), event["isBase64Encoded"]) == (length, False)


@pytest.mark.behaviour(53)
def test_53_a_binary_frame_closes_with_1003_and_does_not_reach_a_handler(api: Api, client: Connected) -> None:
    client.socket.send(b"binary")
    assert client.wait_for_close()[0] == 1003
    disconnected = api.event("DISCONNECT", client.connection_id)
    assert disconnected["requestContext"]["disconnectStatusCode"] == 1003
    assert len(api.events_of(client.connection_id)) == 2


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        pytest.param("81 81 00000000 ff", 1007, id="not-utf-8"),
        pytest.param("01 81 00000000 ff", 1007, id="not-utf-8-before-the-last-fragment"),
        pytest.param("01 81 00000000 c3 80 80 00000000", 1007, id="a-character-that-never-ends"),
        pytest.param("81 81 00000000 ff 88 82 00000000 03e8", 1007, id="not-utf-8-and-a-close-behind-it"),
        pytest.param("01 81 00000000 78 88 82 00000000 03e8", 1000, id="a-close-between-fragments"),
        pytest.param("80 81 00000000 78", 1002, id="a-continuation-of-nothing"),
        pytest.param("01 81 00000000 78 81 81 00000000 78", 1002, id="a-new-message-within-another"),
        pytest.param("c1 81 00000000 78", 1002, id="compressed-without-agreement"),
        pytest.param("81 01 78", 1002, id="not-masked"),
        pytest.param("89 fe 0080 00000000" + "78" * 128, 1002, id="a-ping-too-long"),
    ],
)
def test_each_breach_of_the_protocol_closes_with_its_code(client: Connected, frames: str, code: int) -> None:
    client.socket.socket.sendall(bytes.fromhex(frames))
    assert client.wait_for_close()[0] == code


def test_a_message_before_a_breach_runs_and_a_message_after_it_does_not(api: Api, client: Connected) -> None:
    texts = [b'"before"', b"\xff", b'"after"']
    client.socket.socket.sendall(b"".join(Frame(Opcode.TEXT, text).serialize(mask=True) for text in texts))
    assert client.wait_for_close()[0] == 1007
    api.event("MESSAGE", client.connection_id)
    assert api.event("DISCONNECT", client.connection_id)["requestContext"]["disconnectStatusCode"] == 1007
    assert [event.get("body") for event in api.events_of(client.connection_id)] == [None, '"before"', None]


def test_fragments_may_cut_a_character(client: Connected) -> None:
    client.socket.socket.sendall(bytes.fromhex("01 81 00000000 c3 80 81 00000000 a9"))
    assert json.loads(client.receive())["body"] == "é"


def test_an_offer_to_compress_reaches_the_handler_and_is_not_accepted(api: Api) -> None:
    with api.connect("", (), {"compression": "deflate"}) as client:
        assert client.socket.response
        assert "Sec-WebSocket-Extensions" not in client.socket.response.headers
        sent = api.event("CONNECT", client.tag)["headers"]["Sec-WebSocket-Extensions"]
    assert sent.startswith("permessage-deflate")


@pytest.fixture(scope="module")
def quick() -> Iterator[Api]:
    """The same application with a short idle timeout."""
    with Api.start("--idle-timeout", str(IDLE)) as started:
        yield started


def posted_late(quick: Api) -> tuple[float, tuple[int, str]]:
    """
    Connect, post when half of the idle timeout is over, and send pings until the close.

    Returns:
        Seconds from the post to the close, and the close. If the machine was so slow that the connection had idled
        out before the post, it is tried again.

    """
    api = quick.management_api()
    while True:
        with quick.connect() as client:
            connection_id = client.connection_id
            time.sleep(IDLE / 2)
            posted = time.monotonic()
            try:
                api.post_to_connection(ConnectionId=connection_id, Data=b"still here?")
                assert client.receive() == "still here?"
            except (api.exceptions.GoneException, ConnectionClosed):
                continue
            with contextlib.suppress(ConnectionClosed):
                while client.socket.close_code is None and time.monotonic() < posted + PATIENCE:
                    client.socket.ping()
                    time.sleep(0.05)
            return time.monotonic() - posted, client.wait_for_close()


@pytest.mark.behaviour(54)
def test_54_a_connection_that_idles_is_closed_with_1001(quick: Api) -> None:
    started = time.monotonic()
    with quick.connect() as client:
        assert client.wait_for_close() == (1001, "Going away")
    assert time.monotonic() - started >= IDLE


@pytest.mark.behaviour(55)
def test_55_a_post_restarts_the_idle_timeout_and_pings_do_not(quick: Api) -> None:
    seconds, close = posted_late(quick)
    assert close == (1001, "Going away")
    assert seconds >= IDLE


@pytest.mark.behaviour(55)
def test_55_pings_get_pongs(client: Connected) -> None:
    assert client.socket.ping().wait(timeout=PATIENCE)


@pytest.mark.behaviour(56)
def test_56_a_busy_connection_ends_after_its_longest_duration() -> None:
    with Api.start("--connection-duration", "1") as brief:
        started = time.monotonic()
        with brief.connect() as client:
            with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012 - until it is closed
                while client.is_alive():
                    time.sleep(0.1)
            assert closed.value.rcvd
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1001, "Going away")
        assert time.monotonic() - started >= 1


@pytest.mark.behaviour(57, 58, 60)
def test_57_58_and_60_disconnect_runs_with_1005_after_a_close_without_a_code(api: Api) -> None:
    with api.connect() as client:
        connection_id = client.connection_id
        client.socket.socket.sendall(Frame(Opcode.CLOSE, b"").serialize(mask=True))
    event = api.event("DISCONNECT", connection_id)
    context = event["requestContext"]
    reason = "Client-side close frame status not set"
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (1005, reason)
    assert event["headers"] == {"Host": context["domainName"], "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""}
    assert event["multiValueHeaders"] == {name: [value] for name, value in event["headers"].items()}
    assert event.keys() == {"headers", "multiValueHeaders", "requestContext", "isBase64Encoded"}
    assert api.outcome_of_post(connection_id).startswith("GoneException")


@pytest.mark.behaviour(59)
@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1000, "bye"), (1001, ""), (4000, "own")])
def test_59_disconnect_gets_the_client_s_code_and_reason(api: Api, code: int, reason: str) -> None:
    with api.connect() as client:
        connection_id = client.connection_id
        client.socket.close(code, reason)
    context = api.event("DISCONNECT", connection_id)["requestContext"]
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (code, reason)


@pytest.mark.behaviour(59)
def test_59_disconnect_gets_1000_after_a_delete_and_1001_after_idling(api: Api, quick: Api) -> None:
    with api.connect() as client, quick.connect() as idle:
        api.gateway.management_api().delete_connection(ConnectionId=client.connection_id)
        closes = [
            (context["disconnectStatusCode"], context["disconnectReason"])
            for context in (
                api.event("DISCONNECT", client.connection_id)["requestContext"],
                quick.event("DISCONNECT", idle.connection_id)["requestContext"],
            )
        ]
    assert closes == [(1000, "Connection Closed Normally"), (1001, "Going away")]


def test_a_client_that_breaks_off_is_1006(api: Api) -> None:
    with api.connect() as client:
        connection_id = client.connection_id
        raw: Any = client.socket.socket
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.shutdown(socket.SHUT_RDWR)
    assert api.event("DISCONNECT", connection_id)["requestContext"]["disconnectStatusCode"] == 1006


@pytest.mark.behaviour(61)
def test_61_a_disconnect_that_fails_disturbs_nobody(api: Api) -> None:
    with api.connect() as client, api.connect() as other:
        connection_id = client.connection_id
        client.socket.close(1000, "fail")
        api.event("DISCONNECT", connection_id)
        assert other.is_alive()


@pytest.mark.behaviour(62)
def test_62_a_refused_handshake_has_no_disconnect(api: Api) -> None:
    api.refused(status="403", mark="refused-62")
    connection_id = api.event("CONNECT", "refused-62")["requestContext"]["connectionId"]
    with api.connect() as later:
        later_id = later.connection_id
    api.event("DISCONNECT", later_id)
    assert [event["requestContext"]["eventType"] for event in api.events_of(connection_id)] == ["CONNECT"]


@pytest.mark.behaviour(63)
def test_63_without_disconnect_the_connection_is_gone_too() -> None:
    with Api.start("--no-disconnect") as lossy:
        with lossy.connect() as client:
            connection_id = client.connection_id
        api = lossy.management_api()
        with pytest.raises(api.exceptions.GoneException):  # noqa: PT012 - as soon as the close is noticed
            while True:
                api.post_to_connection(ConnectionId=connection_id, Data=b"x")
        with lossy.connect() as other:
            assert other.is_alive()
        assert [event["requestContext"]["eventType"] for event in lossy.events_of(connection_id)] == ["CONNECT"]


@pytest.mark.behaviour(66)
def test_66_messages_of_one_client_run_side_by_side(client: Connected, gate: Gate) -> None:
    client.send_order("twoWay", "wait", port=gate.port)
    assert client.is_alive()
