"""
What happens to a connection, from the handshake to the close.

Knows no sockets: ``wire`` is around it, and the clock, the functions and the output are arguments.

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
from local.api.results import Answer, NotInvoked, Unusable, bad_request_frame, error_frame, read_handshake, read_result
from local.api.selection import fits, select
from local.api.throttle import Throttles
from local.errors import Fault, faults
from local.stack.app import App, Route

MAX_REFUSALS = 100
"""Refused handshakes that the page may ask about."""


class Socket(Protocol):
    """The wire of one connection, as far as the gateway uses it."""

    @property
    def is_open(self) -> bool: ...

    @property
    def is_clogged(self) -> bool:
        """Whether the client has stopped reading what is sent."""

    def send(self, data: bytes) -> None:
        """Send a text frame of UTF-8, or do nothing if the socket has closed."""

    def close(self, code: int, reason: str) -> None:
        """Start to close, without waiting for the client's part."""


@dataclass(slots=True)
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


@dataclass
class WebSocketApi:
    """
    Args:
        domain_name: Host and port that functions see in their events.
        clock: Returns epoch seconds.
        runs_disconnect: False for a gateway that loses every ``$disconnect``, as API Gateway may.

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
        Decide on a handshake. Until this returns, the client waits.

        Returns:
            The connection, and the subprotocol that ``$connect`` selected, if any.

        Raises:
            Refused: With the status that the client sees.

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
            raise Refused(429, "More handshakes come than the stage's throttle lets pass.")
        answer = Answer(200, {}, "")
        if route := self.app.routes.get("$connect"):
            client = await authorize(route, client, handshake, self.integrations, self.clock)
            event = events.connect(client, now, handshake.headers, handshake.query)
            answer = await self._answer_handshake(route, event)
        connection = Connection(client, socket, self.clock())
        self.connections[client.connection_id] = connection
        return connection, answer.headers.get("sec-websocket-protocol") or None

    async def _answer_handshake(self, route: Route, event: Event) -> Answer:
        try:
            answer = await self.integrations.call(route.key, route.integration, event, read_handshake)
        except TimeoutError:
            # unsure: 504 is what REST APIs answer.
            raise Refused(504, "$connect took longer than the integration timeout.") from None
        except NotInvoked:
            # unsure: for messages it is the frame of an internal error.
            text = "$connect could not be called; the terminal of the gateway shows why."
            raise Refused(500, text, is_reported=True) from None
        except Unusable:
            text = "$connect failed; the terminal of the gateway shows why."
            raise Refused(502, text, is_reported=True) from None
        if answer.status is None or not 200 <= answer.status < 300:
            raise Refused(answer.status or 502, answer.body, is_reported=True)
        return answer

    def receive(self, connection: Connection, text: str, done: Callable[[], None]) -> None:
        """
        Take a message from a client, run its route, and send back what there is to send.

        Args:
            done: Called when that has been done and the function has ended, perhaps at once.

        """
        connection.last_active_at = now = self.clock()
        event = events.message(connection.client, now, "", text)

        def reply(frame: str | None) -> None:
            if frame is not None:
                self.send(connection, frame.encode())

        try:
            with faults(self.report):
                self._run(event, reply, done)
        except Fault:
            reply(_error(event, "Internal server error"))
            done()

    def _run(self, event: Event, reply: Callable[[str | None], None], done: Callable[[], None]) -> None:
        route = self._route(event)
        if isinstance(route, str):
            reply(route)
            done()
            return

        def answered(outcome: Answer | Failure) -> None:
            if isinstance(outcome, Answer):
                reply(outcome.body if route.two_way else None)
            elif isinstance(outcome, TimeoutError):
                reply(_error(event, "Endpoint request timed out"))
            else:
                reply(_error(event, "Internal server error"))

        self.integrations.start(route.key, route.integration, event, read_result, answered, done)

    def _route(self, event: Event) -> Route | str:
        """Return the route of a message, or the frame that says why it takes none."""
        context = event["requestContext"]
        route = select(self.app.selection, self.app.routes, event["body"])
        if route is None:
            self.integrations.console.refused("", "Forbidden: no route, and no $default")
            return _error(event, "Forbidden")
        context["routeKey"] = route.key
        if not self.throttles.admit(route.key):
            self.integrations.console.refused(route.key, "Too Many Requests")
            return _error(event, "Too Many Requests")  # unsure: no capture of this frame
        if not fits(route.models, event["body"]):
            self.integrations.console.refused(route.key, "Bad request body: it does not fit the route's model")
            return bad_request_frame(context["connectionId"], context["messageId"])
        return route

    def send(self, connection: Connection, data: bytes) -> None:
        """Send to a client; messages in either direction keep a connection from idling out."""
        connection.last_active_at = self.clock()
        connection.socket.send(data)

    async def disconnect(self, connection: Connection, code: int, reason: str) -> None:
        """Run ``$disconnect`` for a socket that has closed. Its result is ignored."""
        self.connections.pop(connection.client.connection_id, None)
        route = self.app.routes.get("$disconnect")
        if route is None or not self.runs_disconnect:
            return
        code, reason = connection.closed_by_us or (code, reason)
        event = events.disconnect(connection.client, self.clock(), code, reason)
        with contextlib.suppress(Unusable, TimeoutError, Fault), faults(self.report, Unusable, TimeoutError):
            # What goes wrong is reported, and there is nobody else to tell.
            await self.integrations.call(route.key, route.integration, event, read_result)


def _error(event: Event, text: str) -> str:
    context = event["requestContext"]
    return error_frame(text, context["connectionId"], context["requestId"])
