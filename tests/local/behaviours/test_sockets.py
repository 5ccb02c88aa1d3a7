"""Behaviours 50 to 63 and 66: frames, clocks, and what ``$disconnect`` hears of a close."""

import json
import socket
import struct
import time
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from tests.local.wire.test_management_api import NO_RETRIES
from tests.support.api import Api, Connected

FRAME = 32 * 1024
MESSAGE = 128 * 1024


def fragments(text: str) -> Iterator[str]:
    return (text[start : start + FRAME] for start in range(0, len(text), FRAME))


@pytest.mark.behaviour(50)
def test_50_a_frame_of_32_kb_passes_and_a_longer_one_closes_with_1009(api: Api, client: Connected) -> None:
    assert json.loads(client.say("x" * FRAME))["body"] == "x" * FRAME
    client.socket.send("x" * (FRAME + 1))
    assert client.closed()[0] == 1009
    disconnected = api.event("DISCONNECT", client.connection_id)
    assert disconnected["requestContext"]["disconnectStatusCode"] == 1009
    api.event("MESSAGE", client.connection_id)
    assert len(api.events_of(client.connection_id)) == 3


@pytest.mark.behaviour(51)
def test_51_a_message_over_128_kb_in_small_frames_closes_with_1009(api: Api, client: Connected) -> None:
    client.socket.send(fragments("x" * (MESSAGE + 1)))
    assert client.closed()[0] == 1009


@pytest.mark.behaviour(52)
@pytest.mark.parametrize("length", [100_000, MESSAGE])
def test_52_a_long_message_in_fragments_is_one_event(client: Connected, length: int) -> None:
    client.socket.send(fragments("x" * length))
    event = json.loads(client.hear())
    assert (len(event["body"]), event["isBase64Encoded"]) == (length, False)


@pytest.mark.behaviour(53)
def test_53_a_binary_frame_closes_with_1003_and_no_handler_sees_it(api: Api, client: Connected) -> None:
    client.socket.send(b"binary")
    assert client.closed()[0] == 1003
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
        pytest.param("01 81 00000000 78 81 81 00000000 78", 1002, id="no-continuation"),
        pytest.param("c1 81 00000000 78", 1002, id="compressed-without-being-asked"),
        pytest.param("81 01 78", 1002, id="not-masked"),
        pytest.param("89 fe 0080 00000000" + "78" * 128, 1002, id="a-ping-too-long"),
    ],
)
def test_what_breaks_the_protocol_closes_with_its_code(client: Connected, frames: str, code: int) -> None:
    client.socket.socket.sendall(bytes.fromhex(frames))
    assert client.closed()[0] == code


def test_what_came_before_a_failure_is_run_and_what_comes_behind_is_not(api: Api, client: Connected) -> None:
    texts = [b'"before"', b"\xff", b'"behind"']
    client.socket.socket.sendall(b"".join(Frame(Opcode.TEXT, text).serialize(mask=True) for text in texts))
    assert client.closed()[0] == 1007
    api.event("MESSAGE", client.connection_id)
    assert api.event("DISCONNECT", client.connection_id)["requestContext"]["disconnectStatusCode"] == 1007
    assert [event.get("body") for event in api.events_of(client.connection_id)] == [None, '"before"', None]


def test_a_character_may_be_cut_by_fragments(client: Connected) -> None:
    client.socket.socket.sendall(bytes.fromhex("01 81 00000000 c3 80 81 00000000 a9"))
    assert json.loads(client.hear())["body"] == "é"


def test_an_offer_to_compress_is_passed_on_and_not_accepted(api: Api) -> None:
    with api.connect("", (), {"compression": "deflate"}) as client:
        assert client.socket.response
        assert "Sec-WebSocket-Extensions" not in client.socket.response.headers
        sent = api.event("CONNECT", client.tag)["headers"]["Sec-WebSocket-Extensions"]
    assert sent.startswith("permessage-deflate")


@pytest.fixture(scope="module")
def quick() -> Iterator[Api]:
    """The same application with clocks that run out soon."""
    with Api.start("--idle-timeout", "0.8", "--connection-duration", "3") as started:
        yield started


@pytest.mark.behaviour(54)
def test_54_a_connection_that_idles_is_closed_with_1001(quick: Api) -> None:
    with quick.connect() as client:
        opened = time.monotonic()
        assert client.closed() == (1001, "Going away")
        assert time.monotonic() - opened < 2.5


@pytest.mark.behaviour(55)
def test_55_what_is_posted_to_a_client_keeps_it_and_its_pings_do_not(quick: Api) -> None:
    api = quick.gateway.management_api(config=NO_RETRIES)
    with quick.connect() as client:
        opened = time.monotonic()
        while time.monotonic() - opened < 1.6:
            api.post_to_connection(ConnectionId=client.connection_id, Data=b"still here?")
            assert client.hear() == "still here?"
            time.sleep(0.1)
        pinged = time.monotonic()
        while time.monotonic() - pinged < 2.5 and client.socket.close_code is None:
            assert client.socket.ping().wait(timeout=1) or client.socket.close_code
            time.sleep(0.1)
        assert client.closed() == (1001, "Going away")


@pytest.mark.behaviour(56)
def test_56_a_busy_connection_ends_with_its_time(quick: Api) -> None:
    with quick.connect() as client:
        opened = time.monotonic()
        with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012 - until it is closed
            while client.is_alive():
                time.sleep(0.1)
        assert closed.value.rcvd
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1001, "Going away")
        assert time.monotonic() - opened >= 2.9


@pytest.mark.behaviour(57, 58, 60)
def test_57_58_and_60_what_disconnect_hears_when_a_client_leaves_without_a_code(api: Api) -> None:
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
    assert api.posted(connection_id).startswith("GoneException")


@pytest.mark.behaviour(59)
@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1000, "bye"), (1001, ""), (4000, "own")])
def test_59_a_client_s_own_code_and_reason_are_passed_on(api: Api, code: int, reason: str) -> None:
    with api.connect() as client:
        connection_id = client.connection_id
        client.socket.close(code, reason)
    context = api.event("DISCONNECT", connection_id)["requestContext"]
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (code, reason)


@pytest.mark.behaviour(59)
def test_59_after_a_delete_it_hears_1000_and_after_idling_1001(api: Api, quick: Api) -> None:
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
def test_63_disconnects_can_be_lost_and_the_connection_is_gone_all_the_same() -> None:
    with Api.start("--no-disconnect") as lossy:
        with lossy.connect() as client:
            connection_id = client.connection_id
        api = lossy.gateway.management_api(config=NO_RETRIES)
        with pytest.raises(api.exceptions.GoneException):  # noqa: PT012 - as soon as the close is noticed
            while True:
                api.post_to_connection(ConnectionId=connection_id, Data=b"x")
        with lossy.connect() as other:
            assert other.is_alive()
        assert [event["requestContext"]["eventType"] for event in lossy.events_of(connection_id)] == ["CONNECT"]


@pytest.mark.behaviour(66)
def test_66_messages_of_one_client_run_side_by_side(client: Connected) -> None:
    client.socket.send(json.dumps({"action": "twoWay", "do": "sleep", "for": 2}))
    assert client.is_alive()
