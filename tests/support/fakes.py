"""A WebSocket API whose socket and functions are fakes."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from local.api.events import Event
from local.api.handshake import Handshake
from local.api.integrations import IntegrationCalls
from local.api.websocket_api import Connection, WebSocketApi
from local.console import Console
from local.lambdas.process import Result
from local.stack.app import App, Route
from local.stack.integration_types import LambdaIntegration

HANDSHAKE = Handshake("/prod", "session_id=s1", [("User-Agent", "Example/1")], "203.0.113.24")
FUNCTION = LambdaIntegration("MyFunction", None)


@dataclass
class FakeSocket:
    """A socket that keeps what is sent."""

    is_open: bool = True
    is_clogged: bool = False
    sent: list[str] = field(default_factory=list)
    closed: list[tuple[int, str]] = field(default_factory=list)

    def send(self, data: bytes) -> None:
        self.sent.append(data.decode())

    def close(self, code: int, reason: str) -> None:
        self.closed.append((code, reason))


@dataclass
class OfflineApi:
    """
    A WebSocket API with one fake socket and one fake function.

    Args:
        answers: The result of every call, or an async function that returns the result for an event.
        app: Fields of the ``App`` that differ from the default.

    Attributes:
        events: The events that the function got.
        printed: What the terminal would show.

    """

    answers: Result | Callable[[Event], Awaitable[Result]]
    routes: tuple[Route, ...]
    integration_timeout: float = 3600
    now: float = 1000.0
    app: dict[str, Any] = field(default_factory=dict)
    printed: io.StringIO = field(default_factory=io.StringIO)
    events: list[Event] = field(default_factory=list)
    running: list[asyncio.Task[None]] = field(default_factory=list)
    socket: FakeSocket = field(default_factory=FakeSocket)

    def __post_init__(self) -> None:
        app = App(
            api="Api",
            api_id="localapi00",
            stage="prod",
            selection="$request.body.action",
            routes={route.key: route for route in self.routes},
            functions={},
        )
        integrations = IntegrationCalls(self._submit, Console(self.printed), self.integration_timeout)
        self.api = WebSocketApi(replace(app, **self.app), integrations, "127.0.0.1:3002", lambda: self.now)

    def _submit(self, integration: LambdaIntegration, event: Event, on_result: Callable[[Result], None]) -> None:
        async def run() -> None:
            on_result(self.answers if isinstance(self.answers, Result) else await self.answers(event))

        assert integration.function == "MyFunction"
        self.events.append(event)
        self.running.append(asyncio.create_task(run()))

    async def connect(self, handshake: Handshake = HANDSHAKE) -> tuple[Connection, str | None]:
        return await self.api.connect(handshake, self.socket)


async def hang(_event: Event) -> Result:
    await asyncio.Event().wait()
    raise AssertionError


async def late(_event: Event) -> Result:
    """Answer after an integration timeout of 0.01 s. One event loop runs both timers, so their order is certain."""
    await asyncio.sleep(0.1)
    return Result({"statusCode": 200, "body": "late"})
