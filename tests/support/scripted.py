"""A server of AWS's JSON and Query protocols. A script gives its answers, and some of them are faults."""

import contextlib
import json
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

SILENT = b"silent"
"""Said by a server that says nothing, and keeps the connection open."""

DRIPS = b"drips"
"""Said by a server whose answer comes byte by byte, and never ends."""

CLOSED = b""
"""Said by a server that closes the connection."""


def answer(body: bytes, status: int = 200, missing: int = 0) -> bytes:
    """Return an HTTP response: the only one on its connection, and of its body some bytes may be missing."""
    length = len(body) + missing
    return f"HTTP/1.1 {status} A Reason\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n".encode() + body


def error(code: str, message: str = "", status: int = 400) -> bytes:
    return answer(json.dumps({"__type": code, "message": message}).encode(), status)


@dataclass
class Scripted:
    """
    A server.

    Attributes:
        script: What it says to the next requests.
        last: What it says when the script has ended.
        requests: The bodies of all requests: what their JSON says, or the members of their form.

    """

    url: str = ""
    script: list[bytes] = field(default_factory=list)
    last: bytes = SILENT
    requests: list[Any] = field(default_factory=list)

    def next(self) -> bytes:
        """Return the answer to the next request."""
        return self.script[0] if self.script else self.last

    def take(self, body: Any) -> bytes:
        """Note the body of a request, and return the answer to it."""
        is_form = isinstance(body, bytes) and body.startswith(b"Action=")
        self.requests.append(dict(parse_qsl(body.decode())) if is_form else json.loads(body))
        return self.script.pop(0) if self.script else self.last


@contextlib.contextmanager
def scripted() -> Iterator[Scripted]:
    """Serve while the context lasts, in a thread for each connection."""
    state = Scripted()
    over = threading.Event()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            head = [*iter(lambda: self.rfile.readline().strip().lower(), b"")]
            (length,) = [int(line.split(b":")[1]) for line in head if line.startswith(b"content-length:")]
            reply = state.take(self.rfile.read(length))
            if reply == SILENT:
                over.wait()
            elif reply == DRIPS:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                with contextlib.suppress(OSError):
                    while not over.wait(0.02):
                        self.wfile.write(b" ")
            else:
                self.wfile.write(reply)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        state.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield state
        finally:
            over.set()
            server.shutdown()
            thread.join()
