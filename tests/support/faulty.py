"""An ``@connections`` that answers by script, over real HTTP and TLS, with correct and with faulty answers."""

import asyncio
import contextlib
import re
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

SLOW = 0.1
"""Seconds before the answer ``200 slowly``."""

REQUEST = re.compile(rb"(POST|DELETE|GET) (\S+) HTTP/1\.1\r\n(.*?)\r\n\r\n", re.DOTALL | re.IGNORECASE)
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


def answer(status: int, *headers: str, body: str = "") -> bytes:
    lines = [f"HTTP/1.1 {status} Some Reason", "x-amzn-RequestId: 1", *headers, f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


ANSWERS: dict[str, list[bytes | str]] = {
    "200": [answer(200)],
    "200 with a body": [answer(200, "Content-Type: text/html", body="<p>taken</p>")],
    "200 in chunks": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"],
    "200 in pieces": [b"HTTP/1.1 2", "pause", b"00 OK\r\nContent-", "pause", b"Length: 0\r\n\r\n"],
    "200 until the end": [b"HTTP/1.1 200 OK\r\n\r\nwithout a length", "close"],
    "200, then closed": [answer(200), "close"],
    "200, then reset": [answer(200), "pause", "reset"],
    "200 and the last time": [answer(200, "Connection: close")],
    "200 after a 100": [b"HTTP/1.1 100 Continue\r\n\r\n", "pause", answer(200)],
    "200 twice": [answer(200) + answer(200)],
    "200 and a 410": [answer(200) + answer(410)],
    "200 and half a 410": [answer(200) + b"HTTP/1.1 410 Gone\r\nx-amzn-Er"],
    "200 and noise": [answer(200) + b"SSH-2.0-OpenSSH_9.6\r\n"],
    "200 in HTTP/1.0": [b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"],
    "200 and an upgrade": [b"HTTP/1.1 200 OK\r\nConnection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n"],
    "half a 200": [b"HTTP/1.1 200 OK\r\nContent-Le", "close"],
    "half the body of a 200": [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "reset"],
    "200 with a malformed header": [b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n"],
    "200 and a body that never ends": [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"],
    "200 without a reason": [b"HTTP/1.1 200\r\nContent-Length: 9\r\n\r\nabc", "close"],
    "200 slowly": ["slow", answer(200)],
    "410": [answer(410, "x-amzn-ErrorType: GoneException")],
    "410 without a type": [answer(410)],
    "410 and a 200": [answer(410) + answer(200)],
    "half a 410": [b"HTTP/1.1 410 Gone\r\nx-amzn-Er", "close"],
    "400": [answer(400, "x-amzn-ErrorType: BadRequestException", body='{"message":"Invalid connectionId"}')],
    "403": [answer(403, "x-amzn-ErrorType: AccessDeniedException", body='{"Message":"no"}')],
    "302": [answer(302, "Location: http://127.0.0.1:9/")],
    "429": [answer(429, "x-amzn-ErrorType: LimitExceededException")],
    "429, later": [answer(429, "x-amzn-ErrorType: LimitExceededException", "Retry-After: 1")],
    "429, much later": [answer(429, "x-amzn-ErrorType: LimitExceededException", "Retry-After: 3600")],
    "429 for its connection, in full": [answer(429, "x-amzn-ErrorType: LimitExceededException:http://aws.example/v1/")],
    "429 for its connection, with a namespace": [answer(429, "x-amzn-ErrorType: com.aws#LimitExceededException")],
    "429 for its connection, in its body": [answer(429, body='{"__type":"LimitExceededException"}')],
    "429 for all": [answer(429, "x-amzn-ErrorType: ThrottlingException")],
    "429 for all, too": [answer(429, "x-amzn-ErrorType: TooManyRequestsException")],
    "429 without a type": [answer(429)],
    "429 without a type, later": [answer(429, "Retry-After: 1")],
    "429 after a 103": [b"HTTP/1.1 103 Early Hints\r\nRetry-After: 3600\r\n\r\n" + answer(429)],
    "429 until a date": [answer(429, "Retry-After: Mon, 23 Nov 2026 00:00:00 GMT")],
    "500": [answer(500)],
    "503": [answer(503, body="<html>Service Unavailable</html>")],
    "half a 503": [b"HTTP/1.1 503 Serv", "close"],
    "half a status": [b"HTTP/1.1 20", "close"],
    "closed": ["close"],
    "reset": ["reset"],
    "no HTTP": [b"SSH-2.0-OpenSSH_9.6\r\n"],
    "a status of four digits": [b"HTTP/1.1 2000 OK\r\n\r\n"],
    "silence": [],
}
"""The steps of each answer, in order: bytes to send, or what else to do."""

DELIVERS = {name for name in ANSWERS if name.startswith(("200", "half a 200", "half the body of a 200"))}
GONE = {"410", "410 without a type", "410 and a 200", "half a 410"}
REFUSES = {"400", "403", "302", "429, much later"}
BLAMES_RECIPIENT = {"429", "closed", "reset", "half a status", "no HTTP", "silence"} | {
    name for name in ANSWERS if name.startswith("429 for its connection")
}
"""Faults that the recipient alone may have caused."""

FOR_ALL = {"429 for all", "429 for all, too", "429 without a type", "429 until a date", "500", "503", "half a 503"}
"""Faults that can occur in a post to any recipient."""

PASSES = set(ANSWERS) - DELIVERS - GONE - REFUSES
"""Faults after which a post is repeated."""

STALLS = {"silence", "200 and a body that never ends"}
"""Answers that only a timeout ends."""


@dataclass
class FaultyEndpoint:
    """
    A server of ``@connections``.

    Attributes:
        scripts: For a connection id, the names of the next answers. After them, all answers are ``200``.
        requests: Method, connection id and body of each request, in the order of arrival.
        heads: Request line and headers of each request.
        opened: How many HTTP connections were opened.
        resumed: How many of the HTTP connections resumed a TLS session.
        open: The HTTP connections that are open now.

    """

    url: str = ""
    default: str = "200"
    scripts: dict[str, list[str]] = field(default_factory=dict)
    requests: list[tuple[str, str, bytes]] = field(default_factory=list, repr=False)
    heads: list[str] = field(default_factory=list, repr=False)
    opened: int = 0
    resumed: int = 0
    open: set["Server"] = field(default_factory=set, repr=False)

    def posts(self) -> dict[str, list[bytes]]:
        """Return the bodies that were posted to each connection."""
        posted = defaultdict(list)
        for method, connection_id, body in self.requests:
            assert method == "POST"
            posted[connection_id].append(body)
        return posted

    def next_answer(self, method: str, connection_id: str) -> list[bytes | str]:
        """Return the next answer of a script. Without one, a post gets ``default``, and another request ``200``."""
        if script := self.scripts.get(connection_id):
            return ANSWERS[script.pop(0)]
        return ANSWERS[self.default if method == "POST" else "200"]

    def wait_until_all_are_closed(self) -> None:
        """Wait until the client has closed all HTTP connections, and the server has read all requests from them."""
        end = time.monotonic() + 60
        while self.open:
            assert time.monotonic() < end
            time.sleep(0.001)

    def close_idle(self) -> None:
        """Close all HTTP connections from the server's side, as API Gateway closes idle ones."""
        for server in list(self.open):
            server.loop.call_soon_threadsafe(server.transport.close)


class Server(asyncio.Protocol):
    """One HTTP connection, on the server's side."""

    def __init__(self, endpoint: FaultyEndpoint) -> None:
        self.endpoint = endpoint
        self.loop = asyncio.get_running_loop()
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.endpoint.opened += 1
        self.endpoint.open.add(self)
        tls = transport.get_extra_info("ssl_object")
        self.endpoint.resumed += bool(tls and tls.session_reused)

    def connection_lost(self, error: Exception | None) -> None:
        self.endpoint.open.discard(self)

    def data_received(self, data: bytes) -> None:
        self.received += data
        while head := REQUEST.match(self.received):
            length = LENGTH.search(head[3])
            assert length or head[1] == b"GET"
            end = head.end() + (int(length[1]) if length else 0)
            if len(self.received) < end:
                return
            body, self.received = self.received[head.end() : end], self.received[end:]
            connection_id = unquote(head[2].decode().rpartition("/@connections/")[2])
            self.endpoint.requests.append((head[1].decode(), connection_id, body))
            self.endpoint.heads.append(head[0].decode())
            self.loop.create_task(self.reply(self.endpoint.next_answer(head[1].decode(), connection_id)))

    async def reply(self, steps: list[bytes | str]) -> None:
        for step in steps:
            if isinstance(step, bytes):
                self.transport.write(step)
            elif step == "close":
                self.transport.close()
            elif step == "reset":
                self.transport.abort()
            else:
                await asyncio.sleep({"slow": SLOW, "pause": 0.002}[step])


@contextlib.contextmanager
def faulty_endpoint(tls: ssl.SSLContext | None = None) -> Iterator[FaultyEndpoint]:
    """Serve while the context lasts, in a thread of its own."""
    endpoint = FaultyEndpoint()
    loop = asyncio.new_event_loop()

    async def serve() -> asyncio.Server:
        return await loop.create_server(lambda: Server(endpoint), "127.0.0.1", 0, ssl=tls, backlog=1024)

    server = loop.run_until_complete(serve())
    port = server.sockets[0].getsockname()[1]
    endpoint.url = f"https://localhost:{port}/prod" if tls else f"http://127.0.0.1:{port}/prod"
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield endpoint

    def stop() -> None:
        server.close()
        for connection in list(endpoint.open):
            connection.transport.abort()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.call_later(0.01, loop.stop)

    loop.call_soon_threadsafe(stop)
    thread.join()
    loop.close()
