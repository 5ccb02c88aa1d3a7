"""A WebSocket connection of a client: frames in, frames out, clocks. What they mean is ``api.websocket_api``'s."""

import asyncio
import http
from collections.abc import Coroutine
from typing import Any, Protocol, cast

from websockets.http11 import Request, Response
from websockets.protocol import State

from local.api.handshake import Handshake, Refused
from local.api.websocket_api import Connection, WebSocketApi
from local.http.closing import CLOSE_TIMEOUT, close_of, linger, refusal
from local.http.guard import Guard
from local.lambdas.pool import MAX_WORKERS
from local.options import Limits
from local.wire.backlog import Backlog
from local.wire.framing import Framing

MAX_BACKLOG = 512 * 1024
"""Bytes that wait for a client that does not read, before a post to it is refused, and nothing more read from it."""

MAX_MESSAGES_AT_ONCE = MAX_WORKERS * 3 // 4
"""Messages of one connection that run side by side, which leaves workers to others; further ones are not read."""


class Host(Protocol):
    """What a connection needs of the listener that accepted it."""

    gateway: WebSocketApi
    limits: Limits
    guard: Guard
    clients: "set[WebSocket]"
    is_stopping: bool

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something that outlives the call, and is waited for at the end."""

    def begin(self) -> None:
        """Say that something has begun that is likewise waited for."""

    def end(self) -> None:
        """Say that it has ended."""


class WebSocket(asyncio.Protocol):
    """One client, from the head of its handshake to the end of its socket: ``api.websocket_api.Socket``."""

    __slots__ = ("_clogged", "_connection", "_early", "_ended", "_ending", "_host", "_protocol", "_reading",
                 "_running", "_timer", "_transport", "_waiting")  # fmt: skip

    def __init__(self, host: Host, transport: asyncio.Transport) -> None:
        self._host = host
        self._transport = transport
        self._protocol = Framing()
        self._connection: Connection | None = None
        self._early = b""
        self._waiting: Backlog | None = None
        self._running = 0
        self._clogged = False
        self._reading = True
        self._timer: asyncio.TimerHandle | None = None
        self._ending = False
        self._ended: asyncio.Future[None] | None = None

    # The handshake.

    def start(self, head: bytes, rest: bytes) -> None:
        """
        Take over a transport whose first request is a handshake.

        Args:
            head: The request up to its empty line.
            rest: What has come behind it.

        """
        peer = self._transport.get_extra_info("peername")
        if peer is None:  # it has left already
            self._transport.abort()
            return
        self._early = rest
        self._read(False)  # a client has nothing to say before the 101
        self._protocol.receive_data(head)
        events = self._protocol.events_received()
        if not events:
            self._refuse(400)
            return
        request = cast("Request", events[0])
        # No extension is accepted. (unsure: no capture shows that AWS accepts the offer to compress.)
        response = self._protocol.accept(request)
        if response.status_code != http.HTTPStatus.SWITCHING_PROTOCOLS:
            self._refuse(response.status_code)
        elif why := self._host.guard.wrong_host(request.path, request.headers.get_all):
            self._host.gateway.integrations.console.refused("$connect", f"403: {why}")
            self._refuse(403)
        else:
            self._host.run(self._open(request, response, peer[0]))

    async def _open(self, request: Request, response: Response, source_ip: str) -> None:
        path, _, query = request.path.partition("?")
        handshake = Handshake(path, query, list(request.headers.raw_items()), source_ip)
        try:
            connection, subprotocol = await self._host.gateway.connect(handshake, self)
        except Refused as refused:
            self._refuse(refused.status)
            return
        if subprotocol is not None:
            response.headers["Sec-WebSocket-Protocol"] = subprotocol
        self._connection = connection
        self._host.clients.add(self)
        self._transport.set_write_buffer_limits(MAX_BACKLOG)
        self._protocol.send_response(response)
        self._flush()
        self._check_clocks()
        if self._transport.is_closing():
            self.connection_lost(None)  # the client has left meanwhile, and nobody could be told
            return
        if self._host.is_stopping:
            connection.close(1001, "Going away")
            return
        self._read(not self._clogged)
        early, self._early = self._early, b""
        if early:
            self.data_received(early)

    def _refuse(self, status: int) -> None:
        # Not in the library's words: they quote headers, and a token may be among them.
        self._transport.write(refusal(status))
        linger(self._transport)

    # What comes.

    def data_received(self, data: bytes) -> None:
        if self._connection is None:
            self._early += data
            return
        self._protocol.receive_data(data)
        self._flush()
        for message in self._protocol.messages():
            if self._connection.closed_by_us:
                return
            if message is None:
                self._connection.close(1003, "Binary is not supported on WebSocket")
                return
            if self._waiting is None:  # idle sockets have none
                self._waiting = Backlog()
            self._waiting.append(message)
        if self._waiting:
            self._process()

    def _process(self) -> None:
        """Run what waits, as far as it may run, and read on if little is left. It would pile up otherwise."""
        assert self._connection
        while self._waiting and self._running < MAX_MESSAGES_AT_ONCE and not self._clogged:
            self._running += 1
            # Not awaited: messages of one client run side by side, and what came before a close runs all the same.
            self._host.begin()
            self._host.gateway.receive(self._connection, self._waiting.popleft(), self._done)
        self._read(not self._clogged and not (self._waiting and self._waiting.is_full))

    def _done(self) -> None:
        self._host.end()
        if self._waiting:  # not now: what is answered at once would go round here, and keep others from their turn
            asyncio.get_running_loop().call_soon(self._processed)
        else:
            self._running -= 1

    def _processed(self) -> None:
        self._running -= 1
        self._process()

    def pause_writing(self) -> None:
        self._clogged = True
        self._read(False)

    def resume_writing(self) -> None:
        self._clogged = False
        self._process()

    def _read(self, wanted: bool) -> None:
        if wanted != self._reading and not self._transport.is_closing():
            self._reading = wanted
            (self._transport.resume_reading if wanted else self._transport.pause_reading)()

    # What goes: ``api.websocket_api.Socket``.

    @property
    def is_open(self) -> bool:
        return self._protocol.state is State.OPEN

    @property
    def is_clogged(self) -> bool:
        return self._transport.get_write_buffer_size() > MAX_BACKLOG

    def send(self, data: bytes) -> None:
        if self.is_open:
            self._protocol.send_text(data)
            self._flush()

    def close(self, code: int, reason: str) -> None:
        if self.is_open:
            self._protocol.send_close(code, reason)
            self._flush()

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)
            elif self._transport.can_write_eof() and not self._transport.is_closing():
                self._transport.write_eof()
            else:
                self._transport.close()  # TLS has no half-closed connections
        if self._protocol.close_expected() and not self._ending:
            self._ending = True
            self._read(True)  # for the client's part of the close
            self._call_later(CLOSE_TIMEOUT, self._transport.abort)

    # The end.

    def eof_received(self) -> None:
        self._protocol.receive_eof()
        self._flush()

    def ended(self) -> "asyncio.Future[None]":
        """Return what is done once the socket is."""
        self._ended = self._ended or asyncio.get_running_loop().create_future()
        return self._ended

    def connection_lost(self, error: Exception | None) -> None:
        self._protocol.receive_eof()
        if self._timer:
            self._timer.cancel()
        if self._ended:
            self._ended.set_result(None)
        if (connection := self._connection) and self in self._host.clients:
            self._host.clients.discard(self)
            self._clogged = False  # nobody reads any more, so nothing piles up
            self._process()
            self._host.run(self._host.gateway.disconnect(connection, *close_of(self._protocol)))

    def _check_clocks(self) -> None:
        """Close a connection whose time is up, or look again when it would be as things stand."""
        assert self._connection
        limits, now = self._host.limits, self._host.gateway.clock()
        end = min(self._connection.client.connected_at / 1000 + limits.duration,
                  self._connection.last_active_at + limits.idle)  # fmt: skip
        if now < end:
            self._call_later(end - now, self._check_clocks)
        else:
            self._connection.close(1001, "Going away")

    def _call_later(self, seconds: float, work: Any) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, work)
