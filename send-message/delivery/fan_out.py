"""The way in to ``delivery``, ``FanOut.send``, and what stays open between messages."""

import asyncio
import contextlib
import inspect
import random
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import uvloop

from delivery.account import Account
from delivery.delivery import MAX_SESSIONS_AT_ONCE, Delivery
from delivery.http.endpoint import Endpoint
from delivery.stuck import PATIENCE, Patience, Stuck
from hub.connections import Connections
from hub.envelope import Envelope
from hub.log import logger

T = TypeVar("T")

CLOCK_LAG = 0.01
"""Seconds by which the event loop's clock may be late: it counts whole milliseconds, and stops during a callback."""

MAX_WAITING = 1000
"""Reading pauses while more posts than this wait for an HTTP connection. This bounds the memory while posts succeed."""

REMOVERS = 4
"""Threads that remove the rows of gone connections."""


class FanOut:
    """
    Delivers envelopes.

    The event loop, the threads and the HTTP connections stay open from message to message. If a delivery fails, or if
    it uses up its time, the next message gets new ones. So a broken loop or a busy thread affects one message only.

    Args:
        new_endpoint: Makes an endpoint.
        needs_proof: See ``Connection.is_usable``. A delivery closes connections that are not usable.
        clock: Returns epoch seconds.
        chance: Returns a random number from 0 to 1. See ``retries.backoff``.
        patience: How long a delivery waits for one connection.
        max_waiting: Posts that may wait for an HTTP connection before reading pauses.

    """

    def __init__(
        self,
        connections: Connections,
        new_endpoint: Callable[[], Endpoint],
        needs_proof: bool,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
        patience: Patience = PATIENCE,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self.connections = connections
        self.needs_proof = needs_proof
        self.clock = clock
        self.chance = chance
        self.patience = patience
        self.max_waiting = max_waiting
        self.stuck = Stuck(clock)
        self._new_endpoint = new_endpoint
        self._delivery: Delivery | None = None
        self._open()

    def send(
        self, envelope: Envelope, sessions: tuple[str, ...], leave_out: str | None, seconds: float
    ) -> dict[str, Account]:
        """
        Deliver to every live connection of the sessions except ``leave_out``.

        Args:
            leave_out: The connection id of the sender, if it does not want its own message.
            seconds: Time for the whole delivery. Posts that have not ended by then count as failed.

        Returns:
            One account for each session, in the order of ``sessions``.

        """
        end = time.monotonic() + seconds
        self.endpoint.begin()
        self._delivery = Delivery(self, envelope, leave_out)
        accounts = self._run(self._delivery.run(sessions, seconds))
        if time.monotonic() >= end - CLOCK_LAG or self._has_broken:
            self._open_anew()
        return accounts

    def close(self) -> None:
        """Close the event loop, the threads and the HTTP connections."""
        self._close().result()

    def _open(self) -> None:
        self.endpoint = self._new_endpoint()
        self.readers = ThreadPoolExecutor(MAX_SESSIONS_AT_ONCE, "reader")
        self.removers = ThreadPoolExecutor(REMOVERS, "remover")  # separate: removing must not delay reading
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
        Log an error that no coroutine could catch, and let the delivery under way end soon.

        The context's other members are left out: uvloop puts the arguments of callbacks into its message.

        """
        self._has_broken = True
        logger.error("callback failed", exc_info=context.get("exception"))
        if self._delivery:
            self._delivery.end_soon()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return self._thread.submit(_complete, self._runner, work).result()
        except BaseException:
            self._open_anew()
            raise

    def _open_anew(self) -> None:
        with contextlib.suppress(RuntimeError):  # a broken loop may refuse to close
            self._close()
        self._open()

    def _close(self) -> Future[None]:
        """Close everything once it is idle. Return at once."""
        self.readers.shutdown(wait=False)
        self.removers.shutdown(wait=False)
        closing = self._thread.submit(_end, self._runner, self.endpoint)
        self._thread.shutdown(wait=False)
        return closing


def _complete(runner: asyncio.Runner, work: Coroutine[Any, Any, T]) -> T:
    try:
        return runner.run(work)
    finally:
        if inspect.getcoroutinestate(work) == inspect.CORO_CREATED:  # a broken loop did not start it
            work.close()


def _end(runner: asyncio.Runner, endpoint: Endpoint) -> None:
    try:
        _complete(runner, endpoint.close())
    finally:
        runner.close()
