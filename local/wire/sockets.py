"""The WebSocket listener: real sockets around ``gateway``, and the page for those who come with a browser."""

import asyncio
import contextlib
import http.client
import json
import logging
import socket
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State

from local.api.gateway import Connection, Gateway, Handshake, Refused

MAX_MESSAGE = 128 * 1024
"""Bytes of a message from a client; a longer one closes with 1009 (quota)."""

MAX_FRAME = 32 * 1024
"""Bytes of a frame from a client; a longer one closes with 1009 (quota)."""

MAX_BACKLOG = 512 * 1024
"""Bytes that wait for a client that does not read, before a post to it is refused."""

MAX_MESSAGES_AT_ONCE = 64
"""Messages of one connection that run side by side; then its socket is not read for a while."""

HANDSHAKE_TIMEOUT = 40
"""Seconds from the TCP connection to the answer: $connect has 29 of them."""

CLOSE_TIMEOUT = 2
"""Seconds that a client has to answer a close."""

STOP_TIMEOUT = 5
"""Seconds that functions have to finish when the gateway stops."""

PAGE = Path(__file__).parent.parent / "page"

PAGE_FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/hub.js": ("hub.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}


@dataclass(frozen=True)
class Limits:
    """
    How long connections last, in seconds, as on AWS (quotas, not adjustable there).

    Attributes:
        idle: Without a message in either direction.
        duration: From the handshake, traffic or not.

    """

    idle: float = 600
    duration: float = 7200


class WebSocket:
    """``gateway.Socket``, made of a connection of the websockets library."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection
        self._closing: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        return self._connection.state is State.OPEN

    @property
    def is_clogged(self) -> bool:
        return self._connection.transport.get_write_buffer_size() > MAX_BACKLOG

    async def send(self, text: str) -> None:
        with contextlib.suppress(ConnectionClosed):
            await self._connection.send(text)

    def close(self, code: int, reason: str) -> None:
        self._closing = asyncio.create_task(self._connection.close(code, reason))


class Listener:
    """Accepts handshakes, passes messages on, and notices every close."""

    def __init__(self, gateway: Gateway, limits: Limits, endpoints: dict[str, str]) -> None:
        self._gateway = gateway
        self._limits = limits
        self._endpoints = endpoints
        self._connections: dict[ServerConnection, Connection] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def listen(self, sock: socket.socket) -> AsyncIterator[Server]:
        """Serve until the context ends; then every client is closed with 1001, and ``$disconnect`` runs."""
        server = await serve(
            self._messages,
            sock=sock,
            process_request=self._plain_http,
            process_response=self._handshake,
            max_size=(MAX_MESSAGE, MAX_FRAME),
            write_limit=2 * MAX_BACKLOG,
            compression=None,  # unsure: no capture shows that AWS accepts the offer
            close_timeout=CLOSE_TIMEOUT,
            ping_interval=None,  # API Gateway sends no pings
            open_timeout=HANDSHAKE_TIMEOUT,
            server_header=None,
            logger=_logger(),
        )
        try:
            yield server
        finally:
            server.close()
            ending = [asyncio.ensure_future(server.wait_closed()), *self._tasks]
            await asyncio.wait(ending, timeout=STOP_TIMEOUT)

    async def _plain_http(self, websocket: ServerConnection, request: Request) -> Response | None:
        """Answer what is no handshake: the page, its questions, and 426 for all else."""
        if _is_handshake(request):
            return None
        url = urlsplit(request.path)
        if url.path in PAGE_FILES:
            name, content_type = PAGE_FILES[url.path]
            return _response(200, (PAGE / name).read_bytes(), content_type)
        if url.path == "/_local/endpoints":
            return _json(self._endpoints)
        if url.path == "/_local/refusal":
            # Whoever can name the target has tried it, so this tells nobody anything new.
            refused = self._gateway.refusals.get(parse_qs(url.query).get("target", [""])[0])
            return _json({"status": refused.status, "explanation": refused.explanation} if refused else None)
        return _json({"message": "Upgrade Required"}, 426)

    async def _handshake(self, websocket: ServerConnection, request: Request, response: Response) -> Response | None:
        """Let ``$connect`` decide on a handshake that the library has found valid."""
        if not _is_handshake(request):
            return None
        if response.status_code != http.HTTPStatus.SWITCHING_PROTOCOLS:
            # Not in the library's words: they quote headers, and a token may be among them.
            return _json({"message": _phrase(response.status_code)}, response.status_code)
        path, _, query = request.path.partition("?")
        handshake = Handshake(path, query, list(request.headers.raw_items()), websocket.remote_address[0])
        try:
            connection, subprotocol = await self._gateway.connect(handshake, WebSocket(websocket))
        except Refused as refused:
            return _json({"message": _phrase(refused.status)}, refused.status)
        self._connections[websocket] = connection
        # A task of its own, because a client can leave before its first message is awaited.
        self._run(self._until_closed(websocket, connection))
        if subprotocol is not None:
            response.headers["Sec-WebSocket-Protocol"] = subprotocol
        return None

    def _run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _until_closed(self, websocket: ServerConnection, connection: Connection) -> None:
        clocks = asyncio.create_task(self._run_clocks(connection))
        await websocket.wait_closed()
        clocks.cancel()
        del self._connections[websocket]
        await self._gateway.disconnect(connection, *_close_of(websocket))

    async def _run_clocks(self, connection: Connection) -> None:
        now = self._gateway.clock
        end = now() + self._limits.duration
        while (wait := min(end, connection.last_active_at + self._limits.idle) - now()) > 0:  # noqa: ASYNC110 - each message moves the end
            await asyncio.sleep(wait)  # up to the end as it stands; traffic moves it, and nobody needs to be told
        connection.close(1001, "Going away")

    async def _messages(self, websocket: ServerConnection) -> None:
        if (connection := self._connections.get(websocket)) is None:
            return  # the client left while the handshake was being answered
        places = asyncio.Semaphore(MAX_MESSAGES_AT_ONCE)
        with contextlib.suppress(ConnectionClosed):
            async for message in websocket:
                if isinstance(message, bytes):
                    connection.close(1003, "Binary is not supported on WebSocket")
                    break
                await places.acquire()
                # Not awaited: what was sent before a close is processed all the same.
                receiving = self._run(self._gateway.receive(connection, message))
                receiving.add_done_callback(lambda _done: places.release())
        # The library closes with 1000 when this ends, so a close that is under way goes first.
        await websocket.wait_closed()


def _is_handshake(request: Request) -> bool:
    return any("upgrade" in value.lower() for value in request.headers.get_all("Connection"))


def _close_of(websocket: ServerConnection) -> tuple[int, str]:
    """Return code and reason as ``$disconnect`` reports them."""
    protocol = websocket.protocol
    if protocol.close_sent and not protocol.close_rcvd_then_sent:
        return protocol.close_sent.code, protocol.close_sent.reason
    if protocol.close_rcvd is None:
        return 1006, ""
    if protocol.close_rcvd.code == 1005:
        return 1005, "Client-side close frame status not set"
    return protocol.close_rcvd.code, protocol.close_rcvd.reason


def _json(value: object, status: int = 200) -> Response:
    return _response(status, json.dumps(value).encode(), "application/json")


def _response(status: int, body: bytes, content_type: str) -> Response:
    headers = Headers()
    headers["Content-Type"] = content_type
    headers["Content-Length"] = str(len(body))
    headers["Connection"] = "close"
    headers["Cache-Control"] = "no-store"
    return Response(status, _phrase(status), headers, body)


def _phrase(status: int) -> str:
    return http.client.responses.get(status, "Refused")  # functions may answer any number


def _logger() -> logging.Logger:
    """Return a logger for the library that leaves out what clients did wrong before there was a connection."""
    logger = logging.getLogger("local.wire.sockets")
    logger.addFilter(lambda record: record.msg != "opening handshake failed")
    return logger
