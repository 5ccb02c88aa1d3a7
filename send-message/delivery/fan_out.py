"""The way in to ``delivery``, ``FanOut``, and what stays open between messages."""

import asyncio
import contextlib
import inspect
import random
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import uvloop

from delivery.delivery import Delivery
from delivery.dynamodb import DynamoDB
from delivery.dynamodb_answers import DynamoDBError
from delivery.ending import Endings
from delivery.http.endpoint import Endpoint
from delivery.stuck import PATIENCE, Patience, Stuck
from delivery.table import ConnectionsTable
from hub.connection import Connection
from hub.errors import HubError
from hub.log import logger

if TYPE_CHECKING:
    from delivery.work import Work

T = TypeVar("T")

MAX_WAITING = 1000
"""Reading pauses while more posts than this wait for an HTTP connection. This bounds the memory while posts succeed."""


class FanOut:
    """
    Delivers messages, and closes connections.

    The event loop and the HTTP connections stay open from message to message. If the work for a message fails with
    anything but a HubError or a DynamoDBError, the next message gets new ones. So a broken loop affects one message.

    Args:
        new_table: Makes a table of connections, with HTTP connections of its own.
        new_endpoint: Makes an endpoint of ``@connections``.
        needs_proof: See ``Connection.is_usable``. A delivery closes connections that are not usable.
        clock: Returns epoch seconds.
        chance: Returns a random number from 0 to 1. See ``backoff``.
        patience: How long a delivery waits for one connection.
        max_waiting: Posts that may wait for an HTTP connection before reading pauses.

    """

    def __init__(
        self,
        new_table: Callable[[], ConnectionsTable],
        new_endpoint: Callable[[], Endpoint],
        needs_proof: bool,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
        patience: Patience = PATIENCE,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self.needs_proof = needs_proof
        self.clock = clock
        self.chance = chance
        self.patience = patience
        self.max_waiting = max_waiting
        self.stuck = Stuck(clock)
        self._new_table = new_table
        self._new_endpoint = new_endpoint
        self._work: Work | None = None
        self._open()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do the work for one message in the event loop, and return its result or raise its error."""
        try:
            return self._thread.submit(self._begin, work).result()
        except (DynamoDBError, HubError):
            raise
        except BaseException:
            self._has_broken = True
            raise
        finally:
            if self._has_broken:
                self._open_anew()

    @contextlib.asynccontextmanager
    async def delivery(
        self, sessions: tuple[str, ...], seconds: float, stored: frozenset[str] = frozenset()
    ) -> AsyncIterator[Delivery]:
        """
        Begin a delivery: read the sessions at once. What has not been read when the context ends is not read any more.

        Args:
            stored: See ``Delivery``.
            seconds: Time for the whole delivery. Posts that have not ended by then count as failed.

        """
        # A variable of its own: after a failure, the next message begins while this one still ends in its old loop.
        end = asyncio.get_running_loop().time() + seconds
        self._work = delivery = Delivery(self, sessions, stored, end)
        try:
            yield delivery
        finally:
            await delivery.stop()

    def endings(self, rows: list[Connection], seconds: float) -> Endings:
        """
        Begin a step in closing connections.

        Args:
            seconds: Time for the step.

        """
        self._work = endings = Endings(self, rows, asyncio.get_running_loop().time() + seconds)
        return endings

    def dynamodb(self, table_name: str) -> DynamoDB:
        """Return another table than that of the connections, over the same HTTP connections."""
        return DynamoDB(self.table.endpoint, table_name, self.chance)

    def close(self) -> None:
        """Close the event loop, its thread and the HTTP connections."""
        closed = self._thread.submit(self._closing())
        self._thread.shutdown(wait=False)
        closed.result()

    def _begin(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            self.table.endpoint.begin()
            self.endpoint.begin()
            return self._runner.run(work)
        finally:
            if inspect.getcoroutinestate(work) == inspect.CORO_CREATED:  # a broken loop did not start it
                work.close()

    def _open(self) -> None:
        self.table = self._new_table()
        self.endpoint = self._new_endpoint()
        # The loop runs in a thread of its own. In the main thread, uvloop opens sockets for signals at each run, and an
        # error while it closes them leaves the loop unusable. Source: MagicStack/uvloop#625.
        self._thread = ThreadPoolExecutor(1, "loop")
        self._runner = asyncio.Runner(debug=False, loop_factory=self._new_loop)
        self._has_broken = False

    def _new_loop(self) -> asyncio.AbstractEventLoop:
        loop = uvloop.new_event_loop()
        loop.set_exception_handler(self._callback_failed)
        return loop

    def _callback_failed(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """
        Log an error that no coroutine could catch, and let the work under way end soon.

        The context's other members are left out: uvloop puts the arguments of callbacks into its message.

        """
        self._has_broken = True
        logger.error("callback failed", exc_info=context.get("exception"))
        if self._work:
            self._work.end_soon()

    def _open_anew(self) -> None:
        thread, close = self._thread, self._closing()
        self._open()
        with contextlib.suppress(RuntimeError):  # a broken loop may refuse to close
            thread.submit(close)
        thread.shutdown(wait=False)

    def _closing(self) -> Callable[[], None]:
        """Return a function that closes the event loop and the HTTP connections. It runs in the loop's thread."""
        return partial(_end, self._runner, [self.table.endpoint, self.endpoint])


def _end(runner: asyncio.Runner, endpoints: list[Endpoint]) -> None:
    closing = _close_all(endpoints)
    try:
        runner.run(closing)
    finally:
        closing.close()
        runner.close()


async def _close_all(endpoints: list[Endpoint]) -> None:
    for endpoint in endpoints:
        await endpoint.close()
