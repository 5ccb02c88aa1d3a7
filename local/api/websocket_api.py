"""
A WebSocket API as API Gateway runs it: it decides about handshakes, routes messages, and knows its open connections.

``local.wire`` gives it handshakes, messages and closes. Its clock and its functions are arguments.

"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from local.api import events
from local.api.events import Client, Event
from local.api.handshake import Handshake, Refused, authorize, client_of
from local.api.integrations import Failure, IntegrationCalls
from local.api.results import (
    Answer,
    NotInvoked,
    Unusable,
    bad_request_frame,
    error_frame,
    read_connect_result,
    read_result,
)
from local.api.selection import fits, select
from local.api.throttle import Throttles
from local.errors import Fault, faults
from local.stack.app import App, Route

MAX_REFUSALS = 100
"""How many refused handshakes are remembered. The page asks for them, because a browser does not tell it the status."""


class Socket(Protocol):
    """The parts of a client's socket that a WebSocket API uses."""

    @property
    def is_open(self) -> bool: ...

    @property
    def is_clogged(self) -> bool:
        """Whether too much waits to be sent, because the client does not read."""

    def send(self, data: bytes) -> None:
        """Send a text frame, which is UTF-8. Do nothing if the socket has closed."""

    def close(self, code: int, reason: str) -> None:
        """Start to close, without waiting for the client's close frame."""


@dataclass(slots=True)
class Connection:
    """
    Attributes:
        last_active_at: Epoch seconds of the last message in either direction.
        closed_by_us: Code and reason if the gateway closed the connection; None otherwise.

    """

    client: Client
    socket: Socket
    last_active_at: float
    closed_by_us: tuple[int, str] | None = None

    def close(self, code: int, reason: str) -> None:
        """Close the connection from our side. The client and ``$disconnect`` get the code and the reason."""
        if self.closed_by_us is None:
            self.closed_by_us = (code, reason)
            self.socket.close(code, reason)


@dataclass
class WebSocketApi:
    """
    Args:
        domain_name: The ``domainName`` of events: host and port.
        clock: Returns epoch seconds.
        runs_disconnect: If False, ``$disconnect`` never runs. API Gateway does not guarantee that it runs.

    Attributes:
        connections: The open connections, by id.
        refusals: The last refused handshakes, by target.

    """

    app: App
    integrations: IntegrationCalls
    domain_name: str
    clock: Callable[[], float] = time.time
    runs_disconnect: bool = True
    connections: dict[str, Connection] = field(default_factory=dict)
    refusals: dict[str, Refused] = field(default_factory=dict)
    throttles: Throttles = field(init=False)

    def __post_init__(self) -> None:
        self.throttles = Throttles(self.app.routes, self.app.throttle, self.clock)
        self.report = self.integrations.console.fault

    async def connect(self, handshake: Handshake, socket: Socket) -> tuple[Connection, str | None]:
        """
        Decide on a handshake. The client waits until this returns.

        Returns:
            The connection, and the subprotocol that ``$connect`` selected, if any.

        Raises:
            Refused: With the status that the client gets.

        """
        try:
            with faults(self.report, Refused):
                return await self._connect(handshake, socket)
        except Refused as refused:
            self._remember(handshake, refused)
            if not refused.is_reported:
                self.integrations.console.refused("$connect", f"{refused.status}: {refused.explanation}")
            raise
        except Fault:
            raise Refused(500, "The gateway failed; its terminal shows why.") from None

    def _remember(self, handshake: Handshake, refused: Refused) -> None:
        self.refusals.pop(handshake.target, None)
        self.refusals[handshake.target] = refused
        while len(self.refusals) > MAX_REFUSALS:
            del self.refusals[next(iter(self.refusals))]

    async def _connect(self, handshake: Handshake, socket: Socket) -> tuple[Connection, str | None]:
        now = self.clock()
        client = client_of(handshake, self.app, self.domain_name, now)
        if not self.throttles.admit("$connect"):
            raise Refused(429, "There are more handshakes than the throttle of the stage admits.")
        answer = Answer(200, {}, "")
        if route := self.app.routes.get("$connect"):
            client = await authorize(route, client, handshake, self.integrations, self.clock)
            event = events.connect(client, now, handshake.headers, handshake.query)
            answer = await self._run_connect(route, event)
        connection = Connection(client, socket, self.clock())
        self.connections[client.connection_id] = connection
        return connection, answer.headers.get("sec-websocket-protocol") or None

    async def _run_connect(self, route: Route, event: Event) -> Answer:
        try:
            answer = await self.integrations.call(route.key, route.integration, event, read_connect_result)
        except TimeoutError:
            # unsure: REST APIs answer 504.
            raise Refused(504, "$connect took longer than the integration timeout.") from None
        except NotInvoked:
            # unsure: a message would get an Internal server error frame.
            explanation = "The gateway could not call $connect; its terminal shows why."
            raise Refused(500, explanation, is_reported=True) from None
        except Unusable:
            raise Refused(502, "$connect failed; the gateway's terminal shows why.", is_reported=True) from None
        if answer.status is None or not 200 <= answer.status < 300:
            raise Refused(answer.status or 502, answer.body, is_reported=True)
        return answer

    def receive(self, connection: Connection, message: str, finished: Callable[[], None]) -> None:
        """
        Run the route of a client's message, and send the reply or the error frame, if there is one.

        Args:
            finished: Called once, when the reply has been sent and the function has ended. If no function runs, it
                is called before this returns.

        """
        connection.last_active_at = now = self.clock()
        event = events.message(connection.client, now, "", message)

        def reply(frame: str | None) -> None:
            if frame is not None:
                self.send(connection, frame.encode())

        try:
            with faults(self.report):
                self._run(event, reply, finished)
        except Fault:
            reply(_error(event, "Internal server error"))
            finished()

    def _run(self, event: Event, reply: Callable[[str | None], None], finished: Callable[[], None]) -> None:
        route = self._route(event)
        if isinstance(route, str):
            reply(route)
            finished()
            return

        def on_outcome(outcome: Answer | Failure) -> None:
            if isinstance(outcome, Answer):
                reply(outcome.body if route.two_way else None)
            elif isinstance(outcome, TimeoutError):
                reply(_error(event, "Endpoint request timed out"))
            else:
                reply(_error(event, "Internal server error"))

        self.integrations.start(route.key, route.integration, event, read_result, on_outcome, on_exit=finished)

    def _route(self, event: Event) -> Route | str:
        """Return the route of a message, or the error frame if it may not take a route."""
        context = event["requestContext"]
        route = select(self.app.selection, self.app.routes, event["body"])
        if route is None:
            self.integrations.console.refused("", "Forbidden: the message selects no route, and there is no $default")
            return _error(event, "Forbidden")
        context["routeKey"] = route.key
        if not self.throttles.admit(route.key):
            self.integrations.console.refused(route.key, "Too Many Requests")
            return _error(event, "Too Many Requests")  # unsure: no capture shows this frame
        if not fits(route.models, event["body"]):
            self.integrations.console.refused(route.key, "Bad request body: it does not fit the route's model")
            return bad_request_frame(context["connectionId"], context["messageId"])
        return route

    def send(self, connection: Connection, data: bytes) -> None:
        """Send a text frame, and restart the idle timeout of the connection."""
        connection.last_active_at = self.clock()
        connection.socket.send(data)

    async def disconnect(self, connection: Connection, code: int, reason: str) -> None:
        """Forget a connection whose socket has closed, and run ``$disconnect``, whose result is ignored."""
        self.connections.pop(connection.client.connection_id, None)
        route = self.app.routes.get("$disconnect")
        if route is None or not self.runs_disconnect:
            return
        code, reason = connection.closed_by_us or (code, reason)
        event = events.disconnect(connection.client, self.clock(), code, reason)
        with contextlib.suppress(Unusable, TimeoutError, Fault), faults(self.report, Unusable, TimeoutError):
            # The terminal shows a failure. There is no client left to tell.
            await self.integrations.call(route.key, route.integration, event, read_result)


def _error(event: Event, message: str) -> str:
    context = event["requestContext"]
    return error_frame(message, context["connectionId"], context["requestId"])
