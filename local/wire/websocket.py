"""The WebSocket connection of one client: its handshake, its messages, its timeouts and its end."""

import asyncio
import http
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from websockets.http11 import Request, Response
from websockets.protocol import State

from local.api.handshake import Handshake, Refused
from local.http.closing import CLOSE_TIMEOUT, close_of, linger, refusal
from local.lambdas.pool import MAX_WORKERS
from local.wire.backlog import Backlog
from local.wire.framing import Framing
from local.wire.serving import Serving

if TYPE_CHECKING:
    from local.api.websocket_api import Connection

MAX_BACKLOG = 512 * 1024
"""
How much may wait to be sent to a client, in bytes.

Beyond it, the gateway refuses posts to the client, and reads nothing from it.

"""

MAX_MESSAGES_AT_ONCE = MAX_WORKERS * 3 // 4
"""How many messages of one connection run at the same time. More wait, so that workers are left for other clients."""


class WebSocket(asyncio.Protocol):
    """
    One client, from the head of its handshake to the end of its socket.

    It is a ``Socket`` to the WebSocket API, and an ``OpenClient`` to the gateway's end.

    """

    __slots__ = ("_clogged", "_connection", "_early", "_ended", "_ending", "_protocol", "_reading",
                 "_running", "_serving", "_timer", "_transport", "_waiting")  # fmt: skip

    def __init__(self, serving: Serving, transport: asyncio.Transport) -> None:
        self._serving = serving
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

    # The handshake

    def start(self, head: bytes, rest: bytes) -> None:
        """
        Take over a transport whose first request is a handshake.

        Args:
            head: The request, up to its empty line.
            rest: The bytes after the head that have come already.

        """
        peer = self._transport.get_extra_info("peername")
        if peer is None:  # the client has left already
            self._transport.abort()
            return
        self._early = rest
        self._set_reading(False)  # a client need not send anything before the 101
        self._protocol.receive_data(head)
        events = self._protocol.events_received()
        if not events:
            self._refuse(400)
            return
        request = cast("Request", events[0])
        # No extension is accepted. (unsure: no capture shows that AWS accepts an offer to compress.)
        response = self._protocol.accept(request)
        if response.status_code != http.HTTPStatus.SWITCHING_PROTOCOLS:
            self._refuse(response.status_code)
        elif reason := self._serving.guard.wrong_host(request.path, request.headers.get_all):
            self._serving.api.integrations.console.refused("$connect", f"403: {reason}")
            self._refuse(403)
        else:
            self._serving.run(self._open(request, response, peer[0]))

    async def _open(self, request: Request, response: Response, source_ip: str) -> None:
        path, _, query = request.path.partition("?")
        handshake = Handshake(path, query, list(request.headers.raw_items()), source_ip)
        try:
            connection, subprotocol = await self._serving.api.connect(handshake, self)
        except Refused as refused:
            self._refuse(refused.status)
            return
        if subprotocol is not None:
            response.headers["Sec-WebSocket-Protocol"] = subprotocol
        self._connection = connection
        self._serving.clients.add(self)
        self._transport.set_write_buffer_limits(MAX_BACKLOG)
        self._protocol.send_response(response)
        self._flush()
        self._check_timeouts()
        if self._transport.is_closing():
            self.connection_lost(None)  # the client left during $connect: asyncio made this call before we were ready
            return
        if self._serving.is_stopping:
            connection.close(1001, "Going away")
            return
        self._set_reading(not self._clogged)
        early, self._early = self._early, b""
        if early:
            self.data_received(early)

    def _refuse(self, status: int) -> None:
        # The library's own answer is not used: it quotes headers, which may hold a token.
        self._transport.write(refusal(status))
        linger(self._transport)

    # Incoming messages

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
            if self._waiting is None:  # made late, because many connections never send a message
                self._waiting = Backlog()
            self._waiting.append(message)
        if self._waiting:
            self._process()

    def _process(self) -> None:
        """Run as many waiting messages as may run, and read more from the client unless too many still wait."""
        assert self._connection
        while self._waiting and self._running < MAX_MESSAGES_AT_ONCE and not self._clogged:
            self._running += 1
            # Messages of one client run side by side. A message that came before a close runs in any case.
            self._serving.begin()
            self._serving.api.receive(self._connection, self._waiting.popleft(), finished=self._message_finished)
        self._set_reading(not self._clogged and not (self._waiting and self._waiting.is_full))

    def _message_finished(self) -> None:
        self._serving.end()
        if self._waiting:
            # In a later turn of the event loop: a client whose messages are answered at once must not block others.
            asyncio.get_running_loop().call_soon(self._run_next)
        else:
            self._running -= 1

    def _run_next(self) -> None:
        self._running -= 1
        self._process()

    def pause_writing(self) -> None:
        self._clogged = True
        self._set_reading(False)

    def resume_writing(self) -> None:
        self._clogged = False
        self._process()

    def _set_reading(self, wanted: bool) -> None:
        if wanted != self._reading and not self._transport.is_closing():
            self._reading = wanted
            (self._transport.resume_reading if wanted else self._transport.pause_reading)()

    # Outgoing frames

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
            self._set_reading(True)  # the client's close frame has to be read
            self._call_later(CLOSE_TIMEOUT, self._transport.abort)

    # The end

    def eof_received(self) -> None:
        self._protocol.receive_eof()
        self._flush()

    def ended(self) -> "asyncio.Future[None]":
        """Return a future that is done when the socket has closed."""
        self._ended = self._ended or asyncio.get_running_loop().create_future()
        return self._ended

    def connection_lost(self, error: Exception | None) -> None:
        self._protocol.receive_eof()
        if self._timer:
            self._timer.cancel()
        if self._ended:
            self._ended.set_result(None)
        if (connection := self._connection) and self in self._serving.clients:
            self._serving.clients.discard(self)
            self._clogged = False  # replies are dropped now, so the waiting messages may run
            self._process()
            self._serving.run(self._serving.api.disconnect(connection, *close_of(self._protocol)))

    def _check_timeouts(self) -> None:
        """Close the connection if it has idled or lasted too long; otherwise check again at the next such time."""
        assert self._connection
        limits, now = self._serving.limits, self._serving.api.clock()
        end = min(self._connection.client.connected_at / 1000 + limits.duration,
                  self._connection.last_active_at + limits.idle)  # fmt: skip
        if now < end:
            self._call_later(end - now, self._check_timeouts)
        else:
            self._connection.close(1001, "Going away")

    def _call_later(self, seconds: float, callback: Callable[[], None]) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, callback)
