"""What stays between messages, and the way in: ``FanOut.send``."""

import asyncio
import contextlib
import inspect
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import uvloop

from delivery.account import Account
from delivery.delivery import MAX_SESSIONS_AT_ONCE, REMOVERS, Delivery
from delivery.http.endpoint import Endpoint
from delivery.stuck import PATIENCE, Patience, Stuck
from hub.connections import Connections
from hub.envelope import Envelope
from hub.log import logger

T = TypeVar("T")

CLOCK_LAG = 0.01
"""Seconds that the loop's clock, which counts whole milliseconds and stands still during a callback, may differ."""


class FanOut:
    """
    Delivers envelopes.

    Event loop, threads and HTTP connections stay open from message to message. When a message fails to end, or ends
    too late, the next message gets new ones: whatever is broken or busy ends with the message that met it.

    Args:
        new_endpoint: Makes an endpoint.
        needs_proof: See ``Connection.is_usable``. A connection that does not count is closed when found.
        clock: Returns epoch seconds.

    """

    def __init__(
        self,
        connections: Connections,
        new_endpoint: Callable[[], Endpoint],
        needs_proof: bool,
        clock: Callable[[], float] = time.time,
        patience: Patience = PATIENCE,
    ) -> None:
        self.connections = connections
        self.needs_proof = needs_proof
        self.clock = clock
        self.patience = patience
        self.stuck = Stuck(clock)
        self._new_endpoint = new_endpoint
        self._open()

    def send(
        self, envelope: Envelope, sessions: tuple[str, ...], leave_out: str | None, seconds: float
    ) -> dict[str, Account]:
        """
        Deliver to every live connection of the sessions but ``leave_out``, a connection id.

        Args:
            seconds: Time for all of it. What has not ended by then counts as failed.

        Returns:
            One account for each session, in the order given.

        """
        end = time.monotonic() + seconds
        self.endpoint.begin()
        accounts = self._run(Delivery(self, envelope, leave_out).run(sessions, seconds))
        if time.monotonic() >= end - CLOCK_LAG or self._has_broken:
            self._open_anew()
        return accounts

    def close(self) -> None:
        """Close all that stays open between messages."""
        self._close().result()

    def _open(self) -> None:
        self.endpoint = self._new_endpoint()
        self.readers = ThreadPoolExecutor(MAX_SESSIONS_AT_ONCE, "reader")
        self.removers = ThreadPoolExecutor(REMOVERS, "remover")  # of their own: removing must not hold up reading
        # In the main thread, uvloop opens sockets for signals at each run, and a fault while it closes the sockets
        # leaves the loop unusable. Source: MagicStack/uvloop#625.
        self._thread = ThreadPoolExecutor(1, "loop")
        self._runner = asyncio.Runner(debug=False, loop_factory=self._new_loop)
        self._has_broken = False

    def _new_loop(self) -> asyncio.AbstractEventLoop:
        loop = uvloop.new_event_loop()
        loop.set_exception_handler(self._callback_failed)
        return loop

    def _callback_failed(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Log what no coroutine could catch. Without this, asyncio would log it, objects and all."""
        self._has_broken = True
        logger.error("callback failed", reason=context["message"], exc_info=context.get("exception"))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return self._thread.submit(_complete, self._runner, work).result()
        except BaseException:
            self._open_anew()
            raise

    def _open_anew(self) -> None:
        with contextlib.suppress(RuntimeError):  # what is broken may refuse to be closed
            self._close()
        self._open()

    def _close(self) -> Future[None]:
        """Close all as soon as it is idle, without waiting for that."""
        self.readers.shutdown(wait=False)
        self.removers.shutdown(wait=False)
        closing = self._thread.submit(_end, self._runner, self.endpoint)
        self._thread.shutdown(wait=False)
        return closing


def _complete(runner: asyncio.Runner, work: Coroutine[Any, Any, T]) -> T:
    try:
        return runner.run(work)
    finally:
        if inspect.getcoroutinestate(work) == inspect.CORO_CREATED:  # the loop is too broken to begin
            work.close()


def _end(runner: asyncio.Runner, endpoint: Endpoint) -> None:
    try:
        _complete(runner, endpoint.close())
    finally:
        runner.close()
