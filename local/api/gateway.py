"""
What happens to a connection, from the handshake to the close.

Knows no sockets: ``sockets`` and ``management`` are the wire around it, and the clock,
the functions and the output are arguments.

"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from local.api import events, routes
from local.api.events import Client, Event
from local.api.routes import Answer, Malformed
from local.console import Console
from local.lambdas.process import Result
from local.stack.app import App, LambdaIntegration, MockIntegration, Route

INTEGRATION_TIMEOUT = 29.0
"""Seconds until API Gateway stops waiting for a function (quota, cannot be raised)."""

MAX_REFUSALS = 100
"""Refused handshakes that the page may ask about."""


class Socket(Protocol):
    """The wire of one connection, as far as the gateway uses it."""

    @property
    def is_open(self) -> bool: ...

    @property
    def is_clogged(self) -> bool:
        """Whether the client has stopped reading what is sent."""

    async def send(self, text: str) -> None:
        """Send a text frame, or do nothing if the socket has closed."""

    def close(self, code: int, reason: str) -> None:
        """Start to close, without waiting for the client's part."""


@dataclass
class Connection:
    """
    Attributes:
        last_active_at: Epoch seconds of the last message in either direction.
        closed_by_us: Code and reason, if the gateway closed it.

    """

    client: Client
    socket: Socket
    last_active_at: float
    closed_by_us: tuple[int, str] | None = None

    def close(self, code: int, reason: str) -> None:
        """Close from our side; the client sees the code, and so does ``$disconnect``."""
        if self.closed_by_us is None:
            self.closed_by_us = (code, reason)
            self.socket.close(code, reason)


@dataclass(eq=False)
class Refused(Exception):
    """A handshake that does not become a connection. ``explanation`` is for the page; AWS tells clients the status."""

    status: int
    explanation: str


@dataclass(frozen=True)
class Handshake:
    """A WebSocket handshake: path and query as the client wrote them."""

    path: str
    query: str
    headers: Sequence[tuple[str, str]]
    source_ip: str

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def user_agent(self) -> str | None:
        return next((value for name, value in self.headers if name.lower() == "user-agent"), None)


@dataclass
class Gateway:
    """
    Args:
        invoke: Runs a function: ``(name, event) -> Result``.
        domain_name: Host and port that functions see in their events.
        clock: Returns epoch seconds.

    """

    app: App
    invoke: Callable[[str, Event], Awaitable[Result]]
    domain_name: str
    console: Console
    integration_timeout: float = INTEGRATION_TIMEOUT
    clock: Callable[[], float] = time.time
    connections: dict[str, Connection] = field(default_factory=dict)
    refusals: dict[str, Refused] = field(default_factory=dict)

    async def connect(self, handshake: Handshake, socket: Socket) -> tuple[Connection, str | None]:
        """
        Decide on a handshake. Until this returns, the client waits.

        Returns:
            The connection, and the subprotocol that ``$connect`` selected, if any.

        Raises:
            Refused: With the status that the client sees.

        """
        try:
            return await self._connect(handshake, socket)
        except Refused as refused:
            self.refusals.pop(handshake.target, None)
            self.refusals[handshake.target] = refused
            while len(self.refusals) > MAX_REFUSALS:
                del self.refusals[next(iter(self.refusals))]
            raise

    async def _connect(self, handshake: Handshake, socket: Socket) -> tuple[Connection, str | None]:
        if handshake.path.rstrip("/") != f"/{self.app.stage}":
            # unsure: no capture of this status on a WebSocket API; REST APIs answer 403.
            raise Refused(403, f"There is no stage at {handshake.path}; it is /{self.app.stage}.")
        now = self.clock()
        client = Client(
            connection_id=events.new_id(),
            connected_at=int(now * 1000),
            stage=self.app.stage,
            domain_name=self.domain_name,
            source_ip=handshake.source_ip,
            user_agent=handshake.user_agent,
        )
        answer = Answer(200, {}, "")
        if route := self.app.routes.get("$connect"):
            event = events.connect(client, now, handshake.headers, handshake.query)
            answer = await self._answer_handshake(route, event)
        connection = Connection(client, socket, now)
        self.connections[client.connection_id] = connection
        return connection, answer.headers.get("sec-websocket-protocol")

    async def _answer_handshake(self, route: Route, event: Event) -> Answer:
        try:
            answer = await self._integrate(route, event)
        except TimeoutError:
            # unsure: 504 is what REST APIs answer.
            raise Refused(504, "$connect took longer than the integration timeout.") from None
        except Malformed:
            raise Refused(502, "$connect failed; the terminal of the gateway shows why.") from None
        if not 200 <= answer.status < 300:
            raise Refused(answer.status, answer.body)
        return answer

    async def receive(self, connection: Connection, text: str) -> None:
        """Take a message from a client, run its route, and send back what there is to send."""
        connection.last_active_at = now = self.clock()
        route = routes.select(self.app.selection, self.app.routes, text)
        event = events.message(connection.client, now, route.key if route else "", text)
        reply = await self._reply(route, event)
        if reply is not None:
            await self.send(connection, reply)

    async def _reply(self, route: Route | None, event: Event) -> str | None:
        def error(text: str) -> str:
            return routes.error_frame(
                text, event["requestContext"]["connectionId"], event["requestContext"]["requestId"]
            )

        if route is None:
            return error("Forbidden")
        try:
            answer = await self._integrate(route, event)
        except TimeoutError:
            return error("Endpoint request timed out")
        except Malformed:
            return error("Internal server error")
        return answer.body if route.two_way else None

    async def send(self, connection: Connection, text: str) -> None:
        """Send to a client; messages in either direction keep a connection from idling out."""
        connection.last_active_at = self.clock()
        await connection.socket.send(text)

    async def disconnect(self, connection: Connection, code: int, reason: str) -> None:
        """Run ``$disconnect`` for a socket that has closed. Its result is ignored."""
        self.connections.pop(connection.client.connection_id, None)
        if not (route := self.app.routes.get("$disconnect")):
            return
        code, reason = connection.closed_by_us or (code, reason)
        event = events.disconnect(connection.client, self.clock(), code, reason)
        try:
            await self._integrate(route, event)
        except (Malformed, TimeoutError):
            return  # reported already, and there is nobody to tell

    async def _integrate(self, route: Route, event: Event) -> Answer:
        """
        Raises:
            Malformed: If the function failed or returned what API Gateway does not accept.
            TimeoutError: If it took too long. It runs on, up to its own timeout.

        """
        if isinstance(route.integration, MockIntegration):
            return Answer(200, {}, route.integration.reply)
        running = asyncio.ensure_future(self._run(route.key, route.integration, event))
        # If nobody waits any longer when it fails: it has been reported.
        running.add_done_callback(lambda done: done.cancelled() or done.exception())
        async with asyncio.timeout(route.integration.timeout or self.integration_timeout):
            return await asyncio.shield(running)

    async def _run(self, route_key: str, integration: LambdaIntegration, event: Event) -> Answer:
        started = time.perf_counter()
        result = await self.invoke(integration.function, event)
        milliseconds = (time.perf_counter() - started) * 1000
        try:
            answer = routes.read_result(result)
        except Malformed as error:
            self.console.invoked(route_key, integration.function, str(error), milliseconds, result.cold)
            raise
        self.console.invoked(route_key, integration.function, str(answer.status), milliseconds, result.cold)
        return answer
