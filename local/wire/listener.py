"""Accepts connections, reads the head of the first request, and hands over to WebSocket or to plain HTTP."""

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from typing import cast

from local.api.websocket_api import WebSocketApi
from local.http.closing import linger, refusal
from local.http.guard import Guard
from local.http.server import REQUEST_TIMEOUT
from local.options import Limits
from local.wire.serving import Serving
from local.wire.websocket import WebSocket

MAX_TARGET = 4096
"""The longest URL, in characters (quota)."""

MAX_HEAD = MAX_TARGET + 10_240
"""The longest head of a request, in bytes. (unsure: 10,240 bytes for all headers is the quota of HTTP APIs.)"""

STOP_TIMEOUT = 5
"""Seconds that functions have to finish after the gateway has said that they still run."""

_REQUEST_LINE = re.compile(rb"[A-Z]{1,20} [^\x00-\x20\x7f]+( [^\x00-\x20\x7f]*)?")
_MAYBE_REQUEST_LINE = re.compile(rb"[A-Z]{0,20} ?")
_UPGRADE = re.compile(rb"GET .*?\r\nupgrade[ \t]*:", re.DOTALL | re.IGNORECASE)


class Listener:
    """
    Accepts connections on the gateway's ports.

    Args:
        http: Makes a protocol that answers plain HTTP requests.
        patience: Seconds that a client has to send the head of its first request.

    """

    def __init__(
        self,
        api: WebSocketApi,
        limits: Limits,
        guard: Guard,
        http: Callable[[], asyncio.Protocol],
        patience: float = REQUEST_TIMEOUT,
    ) -> None:
        self.serving = Serving(api, limits, guard)
        self.patience = patience
        self.openings: set[Opening] = set()
        self._http = http

    @contextlib.asynccontextmanager
    async def listen(self, sock: socket.socket, tls: ssl.SSLContext | None = None) -> AsyncIterator[None]:
        """Serve until the context ends. Then close every client with 1001, and run its ``$disconnect``."""
        loop = asyncio.get_running_loop()
        patience = self.patience if tls else None
        server = await loop.create_server(
            lambda: Opening(self), sock=sock, ssl=tls, ssl_handshake_timeout=patience, backlog=1024
        )
        try:
            yield
        finally:
            await self._stop()  # before the port closes: the functions of $disconnect may call the management API
            server.close()

    def accept(self, transport: asyncio.Transport, head: bytes, rest: bytes) -> None:
        """
        Hand a connection over to the protocol that answers its first request: WebSocket or plain HTTP.

        Args:
            head: The first request, up to its empty line.
            rest: The bytes after the head that have come already.

        """
        if not _UPGRADE.match(head):
            protocol = self._http()
            transport.set_protocol(protocol)
            protocol.connection_made(transport)
            protocol.data_received(head + rest)
        elif self.serving.is_stopping:
            transport.abort()
        else:
            client = WebSocket(self.serving, transport)
            transport.set_protocol(client)
            client.start(head, rest)

    async def _stop(self) -> None:
        serving = self.serving
        if serving.is_stopping:  # the other port has begun to stop
            return
        serving.is_stopping = True
        for opening in [*self.openings]:
            opening.abort()
        ended = [client.ended() for client in serving.clients]
        for client in [*serving.clients]:
            client.close(1001, "Going away")
        if ended:
            await asyncio.wait(ended)  # a client that does not answer the close in time is cut off
        if not await serving.all_end_within(STOP_TIMEOUT / 10):
            say = serving.api.integrations.console.say
            say(f"Functions still run. They have {STOP_TIMEOUT} seconds; Ctrl-C again ends them at once.")
            await serving.all_end_within(STOP_TIMEOUT)


class Opening(asyncio.Protocol):
    """A connection until the head of its first request is complete."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._head = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's do not derive from asyncio.Transport
        self._timer = asyncio.get_running_loop().call_later(self._listener.patience, self._give_up)
        self._listener.openings.add(self)

    def data_received(self, data: bytes) -> None:
        self._head += data
        line = bytes(self._head.partition(b"\r\n")[0]).removesuffix(b"\r")  # its \n may not have come yet
        end = self._head.find(b"\r\n\r\n")
        if not _REQUEST_LINE.fullmatch(line) and not _MAYBE_REQUEST_LINE.fullmatch(line):
            self._refuse(400)
        elif len(line) > MAX_TARGET and len(line.split(b" ")[1]) > MAX_TARGET:
            self._refuse(414)  # unsure: the quota is documented, its status is not
        elif max(end, 0) > MAX_HEAD or (end < 0 and len(self._head) > MAX_HEAD):
            self._refuse(431)  # unsure: neither the quota nor the status is documented
        elif end >= 0:
            self._hand_over(end + 4)

    def _hand_over(self, end: int) -> None:
        self._leave()
        head, rest = bytes(self._head[:end]), bytes(self._head[end:])
        self._listener.accept(self._transport, head, rest)

    def _give_up(self) -> None:
        if self._head:
            self._refuse(408)
        else:
            self._transport.abort()  # browsers open spare connections; one would take a 408 for its next answer

    def _refuse(self, status: int) -> None:
        self._leave()
        self._transport.write(refusal(status))
        linger(self._transport)

    def abort(self) -> None:
        """End the connection without an answer."""
        self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self._leave()

    def _leave(self) -> None:
        self._timer.cancel()
        self._listener.openings.discard(self)
