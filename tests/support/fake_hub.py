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

FIRST = 1_795_000_000_000_001
"""The number of the first message that is stored."""

PAGE = 2
"""Messages of a page."""


@dataclass
class FakeHub:
    """
    A hub of AUTH_MODE none.

    Attributes:
        broken: The name of its fault, or an empty text. It may change while the hub serves.
        odd: Members that replace those of each ack and error; or a text that replaces every answer.
        keeps_history: Whether it stores messages.
        sessions: The connections of each session.
        stored: The stored messages of each session. The first has the number FIRST.
        forgotten: For each session, how many of the stored messages are gone.
        asked: The frames ``resume`` that came.

    """

    broken: str = ""
    odd: dict[str, Any] | str = field(default_factory=dict)
    keeps_history: bool = False
    sessions: dict[str, list[ServerConnection]] = field(default_factory=lambda: defaultdict(list))
    stored: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    forgotten: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    asked: list[dict[str, Any]] = field(default_factory=list)

    def handshake(self, connection: ServerConnection, request: Request) -> Response | None:
        session = parse_qs(urlsplit(request.path).query).get("session_id", [""])[0]
        if " " in session and self.broken != "takes any session id":
            return connection.respond(HTTPStatus.BAD_REQUEST, "")
        if self.broken == "one connection a session" and self.sessions[session]:
            return connection.respond(HTTPStatus.TOO_MANY_REQUESTS, "")
        self.sessions[session].append(connection)
        return None

    def serve(self, connection: ServerConnection) -> None:
        session = session_of(connection)
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
        elif frame["action"] == "resume":
            reply = {"id": frame["id"]} | self.answer_to(connection, frame)
        else:
            code = "bad_request" if self.broken == "wrong code" else "unknown_action"
            reply = {"type": "error", "code": code, "id": frame["id"]}
        if isinstance(self.odd, str):
            connection.send(self.odd)
            return
        if reply.get("type") in {"ack", "error"}:
            reply |= self.odd
        silent = {"no route response": {"ack", "error"}, "no pong": {"pong"}, "no answer to resume": {"resumed"}}
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
        message = {
            "type": "message",
            "id": frame["id"],
            "session": session,
            "from": session_of(sender),
            "message": frame["message"],
        }
        if self.keeps_history:
            message["seq"] = FIRST + len(self.stored[session])
            self.stored[session].append(message)
        receivers = [receiver for receiver in self.sessions[session] if echo or receiver is not sender]
        text = frame["message"][:50_000] if self.broken == "cuts messages" else frame["message"]
        for receiver in receivers[:1] if self.broken == "loses the second" else receivers:
            with contextlib.suppress(ConnectionClosed):
                if self.broken != "loses posts":
                    receiver.send(json.dumps(message | {"message": text}))
        ack = {"type": "ack", "id": frame["id"], "delivered": {session: len(receivers)}, "offline": [], "failed": {}}
        if self.keeps_history and self.broken != "does not number":
            ack["seq"] = {session: "1" if self.broken == "numbers are texts" else message["seq"]}
        return ack | {"delivered": {}, "failed": {session: len(receivers)}} if self.broken == "posts fail" else ack

    def answer_to(self, connection: ServerConnection, question: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(question)
        if self.broken == "knows no resume":
            return {"type": "error", "code": "unknown_action"}
        return self.resume(session_of(connection), question.get("after"))

    def resume(self, session: str, after: int | None) -> dict[str, Any]:
        if self.broken == "fails to resume":
            return {"type": "error", "code": "internal"}
        if self.broken == "limits questions":
            return {"type": "error", "code": "rate_limited", "retry_after_ms": 1}
        if not self.keeps_history or self.broken == "does not resume":
            return {"type": "error", "code": "no_history"}
        log, gone = self.stored[session], self.forgotten[session]
        head = FIRST - 1 + len(log)
        page: dict[str, Any] = {"type": "resumed", "session": session, "seq": head, "more": False, "messages": []}
        if after is None:
            return page
        start = after + 1 - FIRST
        if start < gone or self.broken == "recovers nothing":
            return page | {"recovered": False}
        frames = [] if self.broken == "resumes without messages" else log[start : start + PAGE]
        seq = min(head, after + PAGE)
        return page | {"recovered": True, "messages": frames, "seq": seq, "more": seq < head}


def session_of(connection: ServerConnection) -> str:
    assert connection.request
    return parse_qs(urlsplit(connection.request.path).query)["session_id"][0]


@contextlib.contextmanager
def fake_hub(broken: str = "", odd: dict[str, Any] | str | None = None) -> Iterator[str]:
    """Serve a hub while the context lasts. Yields the URL."""
    with serving(FakeHub(broken, {} if odd is None else odd)) as url:
        yield url


@contextlib.contextmanager
def serving(hub: FakeHub) -> Iterator[str]:
    """Serve while the context lasts. Yields the URL."""
    options: dict[str, Any] = {"process_request": hub.handshake, "subprotocols": ["hub.v1"], "compression": None}
    with serve(hub.serve, "127.0.0.1", 0, **options) as server:
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
