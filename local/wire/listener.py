"""Accepts connections, and gives each to whoever can answer its first request: WebSocket, or plain HTTP."""

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, cast

from local.api.websocket_api import WebSocketApi
from local.http.closing import linger, refusal
from local.http.guard import Guard
from local.http.server import REQUEST_TIMEOUT
from local.options import Limits
from local.wire.websocket import WebSocket

MAX_TARGET = 4096
"""Characters of a URL (quota)."""

MAX_HEAD = MAX_TARGET + 10_240
"""Bytes of a request before its body. (unsure: 10,240 for all headers are HTTP APIs' quota.)"""

STOP_TIMEOUT = 5
"""Seconds that functions have to finish when the gateway stops."""

_REQUEST_LINE = re.compile(rb"[A-Z]{1,20} [^\x00-\x20\x7f]+( [^\x00-\x20\x7f]*)?")
_MAYBE_REQUEST_LINE = re.compile(rb"[A-Z]{0,20} ?")
_UPGRADE = re.compile(rb"GET .*?\r\nupgrade[ \t]*:", re.DOTALL | re.IGNORECASE)


class Listener:
    """
    Args:
        http: Makes a protocol that answers plain HTTP.
        patience: Seconds that a client has for the head of its first request.

    """

    def __init__(
        self,
        gateway: WebSocketApi,
        limits: Limits,
        guard: Guard,
        http: Callable[[], asyncio.Protocol],
        patience: float = REQUEST_TIMEOUT,
    ) -> None:
        self.gateway = gateway
        self.limits = limits
        self.guard = guard
        self.patience = patience
        self._http = http
        self.clients: set[WebSocket] = set()
        self.openings: set[Opening] = set()
        self._tasks: set[asyncio.Task[None]] = set()  # asyncio itself would let go of them
        self._running = 0
        self._idle = asyncio.Event()
        self.is_stopping = False

    @contextlib.asynccontextmanager
    async def listen(self, sock: socket.socket, tls: ssl.SSLContext | None = None) -> AsyncIterator[None]:
        """Serve until the context ends; then every client is closed with 1001, and ``$disconnect`` runs."""
        loop = asyncio.get_running_loop()
        patience = self.patience if tls else None
        server = await loop.create_server(
            lambda: Opening(self), sock=sock, ssl=tls, ssl_handshake_timeout=patience, backlog=1024
        )
        try:
            yield
        finally:
            await self._stop()  # while functions that hear of it can still reach the management API
            server.close()

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something that outlives the call, and is waited for at the end."""
        self.begin()
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ran)

    def _ran(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self.end()

    def begin(self) -> None:
        """Wait at the end for something that is no task, until ``end`` says that it is over."""
        self._running += 1

    def end(self) -> None:
        self._running -= 1
        if not self._running:
            self._idle.set()

    def accept(self, transport: asyncio.Transport, head: bytes, rest: bytes) -> None:
        """Give a transport to whoever answers its first request, of which ``rest`` may be the body."""
        if not _UPGRADE.match(head):
            protocol = self._http()
            transport.set_protocol(protocol)
            protocol.connection_made(transport)
            protocol.data_received(head + rest)
        elif self.is_stopping:
            transport.abort()
        else:
            client = WebSocket(self, transport)
            transport.set_protocol(client)
            client.start(head, rest)

    async def _stop(self) -> None:
        if self.is_stopping:  # on the other socket already
            return
        self.is_stopping = True
        for opening in [*self.openings]:
            opening.abort()
        ending = [client.ended() for client in self.clients]
        for client in [*self.clients]:
            client.close(1001, "Going away")
        if ending:
            await asyncio.wait(ending)  # a client that does not answer the close is cut off
        if not await self._all_end_within(STOP_TIMEOUT / 10):
            say = self.gateway.integrations.console.say
            say(f"Functions still run. They have {STOP_TIMEOUT} seconds; Ctrl-C again ends them at once.")
            await self._all_end_within(STOP_TIMEOUT)

    async def _all_end_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._running or self.clients:  # whoever was let in last is told to go, and its close runs, too
                    self._idle.clear()
                    await self._idle.wait()
        return not self._running


class Opening(asyncio.Protocol):
    """A connection whose first request has not come yet, or not whole."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._head = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's have no such base
        self._timer = asyncio.get_running_loop().call_later(self._listener.patience, self._give_up)
        self._listener.openings.add(self)

    def data_received(self, data: bytes) -> None:
        self._head += data
        line = bytes(self._head.partition(b"\r\n")[0]).removesuffix(b"\r")  # which may be the end's first half
        end = self._head.find(b"\r\n\r\n")
        if not _REQUEST_LINE.fullmatch(line) and not _MAYBE_REQUEST_LINE.fullmatch(line):
            self._refuse(400)
        elif len(line) > MAX_TARGET and len(line.split(b" ")[1]) > MAX_TARGET:
            self._refuse(414)  # unsure: the quota is documented, its status is not
        elif max(end, 0) > MAX_HEAD or (end < 0 and len(self._head) > MAX_HEAD):
            self._refuse(431)  # unsure: likewise
        elif end >= 0:
            self._hand_over(end + 4)

    def _hand_over(self, end: int) -> None:
        self._done()
        head, rest = bytes(self._head[:end]), bytes(self._head[end:])
        self._listener.accept(self._transport, head, rest)

    def _give_up(self) -> None:
        if self._head:
            self._refuse(408)
        else:
            self._transport.abort()  # browsers open connections ahead, and take an answer there for one to something

    def _refuse(self, status: int) -> None:
        self._done()
        self._transport.write(refusal(status))
        linger(self._transport)

    def abort(self) -> None:
        """End a connection that has said nothing yet."""
        self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self._done()

    def _done(self) -> None:
        self._timer.cancel()
        self._listener.openings.discard(self)
