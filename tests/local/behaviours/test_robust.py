"""Many clients, and clients that misbehave, leave nothing behind and block nobody."""

import json
import signal
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.frames import Frame, Opcode

from local.wire.websocket import MAX_MESSAGES_AT_ONCE
from tests.support.api import Api, Connected
from tests.support.gate import Gate
from tests.support.gateway import PATIENCE, wait_until

HANDSHAKE = (
    "GET /test?tag={tag} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: 3q2+7wAAAAAAAAAAAAAAAA==\r\n\r\n"
)
POST = b"POST /x HTTP/1.1\r\nHost: localhost\r\n"
COUNT = 100
"""Clients that break off."""


def raw(api: Api) -> socket.socket:
    url = urlsplit(api.gateway.endpoints["page"])
    return socket.create_connection((url.hostname, url.port), timeout=PATIENCE)


def handshake(api: Api, tag: str) -> socket.socket:
    """Open a connection without a library, and read only the first bytes of the answer."""
    opened = raw(api)
    opened.sendall(HANDSHAKE.format(tag=tag).encode())
    assert opened.recv(12) == b"HTTP/1.1 101"
    return opened


@pytest.fixture
def apart() -> Iterator[Api]:
    with Api.start() as started:
        yield started


def test_clients_that_break_off_leave_no_file_and_each_has_its_disconnect(apart: Api) -> None:
    with apart.connect() as client:
        assert client.is_alive()
    files = Path(f"/proc/{apart.gateway.process.pid}/fd")
    before = len([*files.iterdir()]) if files.exists() else 0

    def break_off(part: int) -> None:
        for number in range(COUNT // 4):
            opened = handshake(apart, f"broken-{part}-{number}")
            if number % 2:
                opened.sendall(bytes.fromhex("81840000000068"))  # part of a frame
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            opened.close()

    threads = [threading.Thread(target=break_off, args=[part]) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    def count(kind: str) -> int:
        return apart.gateway.output.text.count(f'"eventType": "{kind}"')

    wait_until(lambda: count("DISCONNECT") == count("CONNECT") == COUNT + 1)
    if files.exists():
        wait_until(lambda: len([*files.iterdir()]) <= before + 3 * 2 * 5)  # workers, but no sockets of clients
    assert "\nTraceback" not in apart.gateway.output.text


def test_of_a_client_that_does_not_read_only_few_messages_run(api: Api, client: Connected) -> None:
    with handshake(api, "does-not-read") as deaf:
        frame = Frame(Opcode.TEXT, json.dumps({"action": "twoWay", "do": "large"}).encode()).serialize(mask=True)
        sender = threading.Thread(target=deaf.sendall, args=[frame * 2_000])
        sender.start()
        for _ in range(300):
            assert client.is_alive()
        connection_id = api.event("CONNECT", "does-not-read")["requestContext"]["connectionId"]
        assert len(api.events_of(connection_id)) < 300
        sender.join()


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        pytest.param(b"\x00\xff garbage\r\n\r\n", b"400", id="garbage"),
        pytest.param(b"\x16\x03\x01\x02\x00", b"400", id="tls-on-the-plain-port"),
        pytest.param(HANDSHAKE.replace("13", "8").encode(), b"400", id="another-version"),
        pytest.param(HANDSHAKE.replace("Sec-WebSocket-Key", "X").encode(), b"400", id="no-key"),
        pytest.param(HANDSHAKE.replace("HTTP/1.1", "HTTP/1.0").encode(), b"505", id="http-1.0"),
        pytest.param(HANDSHAKE.replace("Upgrade: websocket", "Upgrade: h2c").encode(), b"426", id="another-upgrade"),
        pytest.param(b"GET /" + b"x" * 5_000 + b" HTTP/1.1\r\n", b"414", id="a-url-too-long"),
        pytest.param(b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000, b"431", id="headers-too-long"),
        pytest.param(HANDSHAKE.replace("Host: localhost", "X: " + "x" * 9_000).encode(), b"101", id="a-long-header"),
        pytest.param(
            HANDSHAKE.replace("Host: localhost", "X: x\r\n" * 300 + "X: x").encode(), b"101", id="many-headers"
        ),
        pytest.param(HANDSHAKE.replace("tag=", "tag=\0").encode(), b"400", id="a-control-character-in-the-url"),
        pytest.param(
            b"GET /x HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 9_000 + b"\r\n\r\n",
            b"426",
            id="a-get-with-a-long-header",
        ),
        pytest.param(b"CONNECT x:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", b"403", id="connect"),
        pytest.param(POST + b"Content-Length: 0\r\n\r\n", b"403", id="a-post-to-an-unknown-path"),
        pytest.param(POST + b"Content-Length: x\r\n\r\n", b"400", id="a-length-that-is-not-a-number"),
        pytest.param(POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", b"400", id="two-lengths"),
        pytest.param(
            POST.replace(b"/x", b"/test/@connections/AAAAAAAAAAAAAAA=") + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"400",
            id="a-bad-chunk",
        ),
    ],
)
def test_a_bad_request_is_answered_and_blocks_nobody(api: Api, client: Connected, data: bytes, answer: bytes) -> None:
    with raw(api) as bad, raw(api) as half:
        half.sendall(b"GET /test HTTP/1.1\r\nHost:")
        bad.sendall(data)
        assert bad.recv(12)[9:] == answer
        assert client.is_alive()
    assert "\nTraceback" not in api.gateway.output.text


def test_a_post_that_breaks_off_is_not_a_fault(api: Api, client: Connected) -> None:
    path = f"/test/@connections/{client.connection_id}".encode()
    with raw(api) as poster:
        poster.sendall(POST.replace(b"/x", path) + b"Content-Length: 300\r\n\r\nabc")
    with raw(api) as poster:
        poster.sendall(POST.replace(b"/x", path) + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n")
        assert poster.recv(12)[9:] == b"400"
    assert client.is_alive()
    assert "\nTraceback" not in api.gateway.output.text


def test_a_client_with_many_messages_leaves_workers_to_others(api: Api, client: Connected, gate: Gate) -> None:
    with api.connect() as busy:
        for _ in range(60):
            busy.send_order("twoWay", "wait", port=gate.port)
        gate.wait_for_handlers(MAX_MESSAGES_AT_ONCE)
        assert client.is_alive()
        gate.open()
        for _ in range(60):
            busy.receive()


def test_a_client_whose_messages_time_out_leaves_workers_to_others(impatient: Api, gate: Gate) -> None:
    with impatient.connect() as busy, impatient.connect() as client:
        for _ in range(60):
            busy.send_order("twoWay", "wait", port=gate.port)
        for _ in range(MAX_MESSAGES_AT_ONCE):
            assert "Endpoint request timed out" in busy.receive()
        deadline = time.monotonic() + PATIENCE
        while not client.is_alive():  # once a worker for it has started: none of the others is free yet
            assert time.monotonic() < deadline


def test_a_client_whose_messages_wait_has_its_pings_and_its_close_answered(api: Api, gate: Gate) -> None:
    with api.connect() as busy:
        for _ in range(40):
            busy.send_order("twoWay", "wait", port=gate.port)
        assert busy.socket.ping().wait(timeout=PATIENCE)
        busy.socket.close(1000)
        assert busy.socket.protocol.close_rcvd


def test_a_client_that_is_accepted_while_the_gateway_stops_is_closed_with_1001(gate: Gate) -> None:
    with Api.start() as api:

        def stop_meanwhile() -> None:
            gate.wait_for_handlers()
            api.gateway.process.send_signal(signal.SIGINT)
            api.gateway.output.wait_for("Functions still run")
            gate.open()

        stopping = threading.Thread(target=stop_meanwhile)
        stopping.start()
        with api.connect(do="wait", port=str(gate.port)) as late:
            assert late.wait_for_close() == (1001, "Going away")
        api.gateway.output.wait_for(r'"disconnectStatusCode": 1001, "disconnectReason": "Going away"')
        stopping.join()
