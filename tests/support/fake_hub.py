"""A small hub that can be broken on purpose, and servers that are not hubs."""

import contextlib
import json
import socket
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

FAULT = {"message": "Internal server error", "connectionId": "L0SM9cOFvHcCIhw=", "requestId": "Pv4tMGuZvHcFbRg="}
"""The frame that API Gateway sends when a function fails."""


@dataclass
class FakeHub:
    """
    A hub of AUTH_MODE none.

    Attributes:
        broken: The name of its fault, or an empty text.
        odd: Members that replace those of each ack and error; or a text that replaces every answer.
        sessions: The connections of each session.

    """

    broken: str
    odd: dict[str, Any] | str = field(default_factory=dict)
    sessions: dict[str, list[ServerConnection]] = field(default_factory=lambda: defaultdict(list))

    def handshake(self, connection: ServerConnection, request: Request) -> Response | None:
        session = parse_qs(urlsplit(request.path).query).get("session_id", [""])[0]
        if " " in session and self.broken != "takes any session id":
            return connection.respond(HTTPStatus.BAD_REQUEST, "")
        if self.broken == "one connection a session" and self.sessions[session]:
            return connection.respond(HTTPStatus.TOO_MANY_REQUESTS, "")
        self.sessions[session].append(connection)
        return None

    def serve(self, connection: ServerConnection) -> None:
        assert connection.request
        session = parse_qs(urlsplit(connection.request.path).query)["session_id"][0]
        try:
            for data in connection:
                if isinstance(data, bytes):
                    connection.close(1003)
                elif data.startswith("{"):
                    self.answer(connection, json.loads(data))
        except ConnectionClosed:
            pass
        finally:
            if self.broken != "keeps closed connections":
                self.sessions[session].remove(connection)

    def answer(self, connection: ServerConnection, frame: dict[str, Any]) -> None:
        if self.broken == "functions fail":
            reply: Any = FAULT
        elif frame["action"] == "ping":
            reply = {"type": "pong"}
        elif frame["action"] == "sendMessage":
            reply = self.deliver(connection, frame)
        else:
            code = "bad_request" if self.broken == "wrong code" else "unknown_action"
            reply = {"type": "error", "code": code, "id": frame["id"]}
        if isinstance(self.odd, str):
            connection.send(self.odd)
            return
        if reply.get("type") in {"ack", "error"}:
            reply |= self.odd
        silent = {"no route response": {"ack", "error"}, "no pong": {"pong"}}
        if reply.get("type") not in silent.get(self.broken, ()):
            connection.send("hello" if self.broken == "not JSON" else json.dumps(reply))

    def deliver(self, sender: ServerConnection, frame: dict[str, Any]) -> dict[str, Any]:
        if self.broken == "not a hub's ack":
            return {"type": "ack", "id": frame["id"], "delivered": 1}
        if self.broken == "no table":
            return {"type": "error", "code": "internal", "id": frame["id"]}
        if self.broken == "limits the rate" and frame["message"] != "gone?":
            return {"type": "error", "code": "rate_limited", "id": frame["id"], "retry_after_ms": 1}
        (session,) = frame["sessions"]
        echo = frame.get("echo", True)
        receivers = [receiver for receiver in self.sessions[session] if echo or receiver is not sender]
        text = frame["message"][:50_000] if self.broken == "cuts messages" else frame["message"]
        for receiver in receivers[:1] if self.broken == "loses the second" else receivers:
            with contextlib.suppress(ConnectionClosed):
                receiver.send(json.dumps({"type": "message", "id": frame["id"], "message": text}))
        ack = {"type": "ack", "id": frame["id"], "delivered": {session: len(receivers)}, "offline": [], "failed": {}}
        return ack | {"delivered": {}, "failed": {session: len(receivers)}} if self.broken == "posts fail" else ack


@contextlib.contextmanager
def fake_hub(broken: str = "", odd: dict[str, Any] | str | None = None) -> Iterator[str]:
    """Serve while the context lasts. Yields the URL."""
    hub = FakeHub(broken, {} if odd is None else odd)
    with serve(hub.serve, "127.0.0.1", 0, process_request=hub.handshake, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/prod"
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def answering(answer: bytes | None) -> Iterator[str]:
    """Answer each handshake with some bytes and a close, or with nothing at all. Yields the URL."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def respond() -> None:
            while not over.is_set():
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    if connection.recv(65_536) and answer is not None:
                        connection.sendall(answer)
                    else:
                        over.wait()

        thread = threading.Thread(target=respond)
        thread.start()
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}/prod"
        over.set()
        socket.create_connection(listener.getsockname()).close()
        thread.join()
