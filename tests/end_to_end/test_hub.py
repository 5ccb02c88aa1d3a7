"""The whole hub over real sockets: the promises that it makes to clients."""

import re
import socket
from typing import Any

import boto3
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.sync.client import connect

from tests.support.frames import ack, send_message
from tests.support.gateway import PATIENCE, RunningGateway


def test_two_sessions_talk_to_each_other(gateway: RunningGateway) -> None:
    with gateway.connect("talk-a") as a, gateway.connect("talk-b") as b:
        assert a.ask(send_message("talk-b", message={"text": "olá"})) == ack({"talk-b": 1})
        message = b.receive()
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", message.pop("sent_at"))
        assert message == {
            "type": "message",
            "id": "c-1",
            "session": "talk-b",
            "from": "talk-a",
            "message": {"text": "olá"},
        }
        assert b.ask(send_message("talk-a", "talk-x")) == ack({"talk-a": 1}, ["talk-x"])
        assert a.receive()["from"] == "talk-b"


def test_every_connection_of_a_session_receives_also_after_another_closed(gateway: RunningGateway) -> None:
    with gateway.connect("twin") as first, gateway.connect("other") as sender:
        with gateway.connect("twin") as second:
            assert sender.ask(send_message("twin")) == ack({"twin": 2})
            assert [first.receive()["message"], second.receive()["message"]] == ["hello", "hello"]
        gateway.wait_for_rows("twin", 1)
        assert sender.ask(send_message("twin")) == ack({"twin": 1})
        assert first.receive()["message"] == "hello"


@pytest.mark.parametrize(
    ("echo", "frames"),
    [
        pytest.param(True, {"ack": 1, "message": 1}, id="by-default-the-sender-receives-it"),
        pytest.param(False, {"ack": 1}, id="without-echo-it-does-not"),
    ],
)
def test_echo(gateway: RunningGateway, echo: bool, frames: dict[str, int]) -> None:
    with gateway.connect(f"echo-{echo}") as me:
        me.send(send_message(f"echo-{echo}", echo=echo))
        received = [me.receive() for _ in frames]
        assert sorted(frame["type"] for frame in received) == sorted(frames)
        assert ack({f"echo-{echo}": int(echo)}) in received
        assert me.ask({"action": "ping"}) == {"type": "pong"}  # and no frame came between


def test_a_stale_connection_between_two_live_ones(gateway: RunningGateway) -> None:
    with gateway.connect("stale") as first, gateway.connect("stale") as second:
        boto3.client("dynamodb", endpoint_url=gateway.endpoints["dynamodb"]).put_item(
            TableName="ConnectionsTable",
            Item={"session_id": {"S": "stale"}, "connection_id": {"S": "AAAAAAAAAAAAAAA="}},
        )
        first.send(send_message("stale"))
        assert ack({"stale": 2}) in [first.receive(), first.receive()]
        assert second.receive()["message"] == "hello"
        assert len(gateway.rows("stale")) == 2


def test_two_messages_of_one_client_at_once_are_both_answered(gateway: RunningGateway) -> None:
    with gateway.connect("quick") as sender, gateway.connect("slow") as receiver:
        for number in range(20):
            sender.send(send_message("slow", id=f"m-{number}"))
        expected = {f"m-{number}" for number in range(20)}
        assert {sender.receive()["id"] for _ in expected} == expected
        assert {receiver.receive()["id"] for _ in expected} == expected


def test_a_sender_whose_row_is_gone_gets_not_connected(gateway: RunningGateway) -> None:
    with gateway.connect("forgotten") as sender:
        (connection_id,) = gateway.rows("forgotten")
        boto3.client("dynamodb", endpoint_url=gateway.endpoints["dynamodb"]).delete_item(
            TableName="ConnectionsTable",
            Key={"session_id": {"S": "forgotten"}, "connection_id": {"S": connection_id}},
        )
        error = sender.ask(send_message("anybody"))
        assert (error["type"], error["code"], error["id"]) == ("error", "not_connected", "c-1")


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        pytest.param("", {}, 400, id="no-session-id"),
        pytest.param("?session_id=", {}, 400, id="an-empty-one"),
        pytest.param("?session_id=" + "x" * 129, {}, 400, id="129-characters"),
        pytest.param("?session_id=a%20b", {}, 400, id="a-space"),
        pytest.param("?session_id=%C3%A9", {}, 400, id="not-ascii"),
        pytest.param("?session_id=a&session_id=b", {}, 400, id="two-that-differ"),
        pytest.param("?session_id=a", {"X-Session": "b"}, 400, id="query-and-header-differ"),
        pytest.param("?session_id=a", {"X-Session": ""}, 400, id="header-empty"),
        pytest.param("?session_id=" + "x" * 128, {}, 101, id="128-characters"),
        pytest.param("", {"x-session": "by-header"}, 101, id="by-header"),
        pytest.param("?session_id=both", {"X-Session": "both"}, 101, id="query-and-header-agree"),
    ],
)
def test_handshakes(gateway: RunningGateway, query: str, headers: dict[str, str], status: int) -> None:
    assert handshake(gateway.endpoints["websocket"] + query, headers) == status


def handshake(url: str, headers: dict[str, str]) -> int:
    try:
        with connect(url, additional_headers=headers, proxy=None) as socket:
            assert socket.response
            return socket.response.status_code
    except InvalidStatus as refused:
        return refused.response.status_code


def test_an_unknown_stage_is_403_and_a_slash_after_the_stage_is_fine(gateway: RunningGateway) -> None:
    base = gateway.endpoints["websocket"]
    assert handshake(base.replace("/prod", "/dev") + "?session_id=a", {}) == 403
    assert handshake(base + "/?session_id=a", {}) == 101


@pytest.mark.parametrize(
    ("offered", "selected"),
    [
        pytest.param(["hub.v1"], "hub.v1", id="ours"),
        pytest.param(["other", "hub.v1"], "hub.v1", id="among-others"),
        pytest.param(["other"], None, id="only-others"),
        pytest.param(None, None, id="none"),
    ],
)
def test_the_subprotocol_is_selected_when_offered(gateway: RunningGateway, offered: Any, selected: str | None) -> None:
    with connect(gateway.url("protocol"), subprotocols=offered, proxy=None) as client:
        assert client.subprotocol == selected


def test_garbage_and_half_a_handshake_do_not_affect_other_clients(gateway: RunningGateway) -> None:
    host, _, port = gateway.endpoints["page"].removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port))) as garbage, socket.create_connection((host, int(port))) as half:
        garbage.sendall(b"\x00\xff garbage\r\n\r\n")
        half.sendall(b"GET /prod HTTP/1.1\r\nHost:")
        with gateway.connect("unharmed") as client:
            assert client.ask({"action": "ping"}) == {"type": "pong"}
            client.socket.protocol.send_frame(Frame(Opcode.PING, b"still there?"))
            assert client.ask({"action": "ping"}) == {"type": "pong"}


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        pytest.param("--idle-timeout", "Going away", id="idle"),
        pytest.param("--connection-duration", "Going away", id="duration"),
    ],
)
def test_clocks_close_a_connection_with_1001(option: str, reason: str) -> None:
    with RunningGateway.start(option, "0.3") as gateway:
        with gateway.connect("clock") as client, pytest.raises(ConnectionClosed) as closed:
            client.socket.recv(timeout=PATIENCE)
        assert closed.value.rcvd
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1001, reason)
        gateway.output.wait_for(r"disconnected .*session_id=clock close_code=1001")
