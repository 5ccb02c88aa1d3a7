"""The state that all connections of a gateway share: which clients are open, and what still runs when it stops."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, Protocol

from local.api.websocket_api import WebSocketApi
from local.http.guard import Guard
from local.options import Limits


class OpenClient(Protocol):
    """A client with an open WebSocket connection, as far as the end of the gateway needs it."""

    def close(self, code: int, reason: str) -> None:
        """Start to close, without waiting for the client's close frame."""

    def ended(self) -> "asyncio.Future[None]":
        """Return a future that is done when the socket has closed."""


class Serving:
    """
    Attributes:
        clients: The clients with an open WebSocket connection.
        is_stopping: Whether the gateway has begun to stop. It then accepts nobody.

    """

    def __init__(self, api: WebSocketApi, limits: Limits, guard: Guard) -> None:
        self.api = api
        self.limits = limits
        self.guard = guard
        self.clients: set[OpenClient] = set()
        self.is_stopping = False
        self._tasks: set[asyncio.Task[None]] = set()  # asyncio keeps only weak references to tasks
        self._running = 0
        self._idle = asyncio.Event()

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine in a task of its own. The gateway waits for it when it stops."""
        self.begin()
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._task_ended)

    def _task_ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self.end()

    def begin(self) -> None:
        """Count something that runs without a task. The gateway waits for its ``end`` when it stops."""
        self._running += 1

    def end(self) -> None:
        self._running -= 1
        if not self._running:
            self._idle.set()

    async def all_end_within(self, seconds: float) -> bool:
        """Wait until nothing runs and no client is open, and return whether nothing runs any more."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._running or self.clients:  # a client that was accepted last has its $disconnect, too
                    self._idle.clear()
                    await self._idle.wait()
        return not self._running
