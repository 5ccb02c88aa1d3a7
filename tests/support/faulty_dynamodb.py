"""A fake DynamoDB over real HTTP. A script gives its answers, and some of them are faults."""

import contextlib
import json
import re
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

from hub.dynamodb import CONFIG

DRIP = 0.02
"""Seconds between two bytes of an answer that drips."""

REQUEST = re.compile(rb"(.*?)\r\n\r\n", re.DOTALL)
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
TARGET = re.compile(rb"x-amz-target: \S+\.(\w+)", re.IGNORECASE)

ROW = {
    "session_id": {"S": "s1"},
    "connection_id": {"S": "one="},
    "connected_at": {"N": "1795000000500"},
    "expires_at": {"N": "9999999999"},
}
WHOLE = json.dumps({"Count": 1, "ScannedCount": 1, "Items": [ROW]}).encode()
HALF = WHOLE[: len(WHOLE) // 2]
REFUSAL = b'{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"no"}'
THROTTLED = b'{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slow down"}'


def answer(status: int, body: bytes, *headers: str, length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status} Some Reason", *headers, f"Content-Length: {len(body) if length is None else length}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


ANSWERS: dict[str, list[bytes | str]] = {
    "whole": [answer(200, WHOLE)],
    "nothing": ["silence"],
    "closed": ["close"],
    "reset": ["reset"],
    "no HTTP": [b"SSH-2.0-OpenSSH_9.6\r\n", "close"],
    "half a head": [b"HTTP/1.1 200 OK\r\nContent-Le", "close"],
    "half a body, closed": [answer(200, HALF, length=len(WHOLE)), "close"],
    "half a body, reset": [answer(200, HALF, length=len(WHOLE)), "reset"],
    "half a body of no length": [b"HTTP/1.1 200 OK\r\n\r\n" + HALF, "close"],
    "half a body in chunks": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n" + HALF[:64], "close"],
    "half a body, silence": [answer(200, HALF, length=len(WHOLE)), "silence"],
    "half a body that says it is whole": [answer(200, HALF)],
    "no body": [answer(200, b"")],
    "a list": [answer(200, b"[]")],
    "a page": [answer(200, b"<html>")],
    "another checksum": [answer(200, WHOLE, "x-amz-crc32: 1")],
    "a checksum that is no number": [answer(200, WHOLE, "x-amz-crc32: one")],
    "half a refusal": [answer(400, REFUSAL[:40], length=len(REFUSAL)), "close"],
    "throttled": [answer(400, THROTTLED)],
    "500": [answer(500, b"<html>Internal Server Error</html>")],
    "503": [answer(503, b"")],
    "drips in its head": ["drip", answer(200, WHOLE)],
    "drips in its body": [answer(200, b"", length=100_000), "drip", b" " * 100_000],
    "refused": [answer(400, REFUSAL)],
}
"""The steps of each answer, in order: bytes to send, or what else to do."""

SLOW = {"nothing", "half a body, silence", "drips in its head", "drips in its body"}
"""Answers that only a timeout ends."""

LOST = set(ANSWERS) - SLOW - {"whole", "refused"}
"""Answers that come at once and that the hub cannot use, so it asks again."""


@dataclass
class FaultyDynamoDB:
    """
    A server.

    Attributes:
        script: Names of the next answers. The last is given again and again.
        asked: The operation of each request, in the order of arrival.
        tokens: The tokens of the transactions among them.

    """

    url: str = ""
    script: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    def client(self) -> Any:
        """Return a client with the configuration of the functions, but without short time-outs."""
        patient = CONFIG.merge(Config(connect_timeout=60, read_timeout=60))
        return boto3.client("dynamodb", endpoint_url=self.url, config=patient)


@contextlib.contextmanager
def faulty_dynamodb() -> Iterator[FaultyDynamoDB]:
    """Serve while the context lasts, each HTTP connection in a thread of its own."""
    served = FaultyDynamoDB()
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        served.url = f"http://127.0.0.1:{listener.getsockname()[1]}"

        def accept() -> None:
            while not over.is_set():
                connection, _ = listener.accept()
                threading.Thread(target=_serve, args=(served, connection, over), daemon=True).start()

        thread = threading.Thread(target=accept)
        thread.start()
        yield served
        over.set()
        socket.create_connection(listener.getsockname()).close()
        thread.join()


def _serve(served: FaultyDynamoDB, connection: socket.socket, over: threading.Event) -> None:
    received = b""
    with connection, contextlib.suppress(OSError):
        while data := connection.recv(65_536):
            received += data
            head = REQUEST.match(received)
            length = LENGTH.search(head[1]) if head else None
            if not head or not length or len(received) < head.end() + int(length[1]):
                continue
            _note(served, head[1], received[head.end() :])
            received = b""
            if not _reply(connection, ANSWERS[_next(served)], over):
                return


def _note(served: FaultyDynamoDB, head: bytes, body: bytes) -> None:
    target = TARGET.search(head)
    assert target
    served.asked.append(target[1].decode())
    if token := json.loads(body).get("ClientRequestToken"):
        served.tokens.append(token)


def _next(served: FaultyDynamoDB) -> str:
    return served.script.pop(0) if len(served.script) > 1 else served.script[0]


def _reply(connection: socket.socket, steps: list[bytes | str], over: threading.Event) -> bool:
    """Return whether the connection stays open."""
    pause = 0.0
    for step in steps:
        if step == "drip":
            pause = DRIP
        elif step == "silence":
            over.wait()
        elif isinstance(step, str):
            if step == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        elif not pause:
            connection.sendall(step)
        else:
            for byte in step:
                connection.sendall(bytes([byte]))
                over.wait(pause)
    return True
