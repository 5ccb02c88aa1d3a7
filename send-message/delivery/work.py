"""Requests to many connections that are made together, within one time."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from delivery.http.endpoint import Endpoint
from delivery.http.exchange import Request
from delivery.removals import Removals
from delivery.stuck import Patience, Stuck
from delivery.table import ConnectionsTable
from hub.connection import Connection
from hub.log import logger

CLEARING = 0.3
"""Seconds, after the time is up, for rows that are still to be removed."""


class Resources(Protocol):
    """What all work of one environment shares. ``fan_out.FanOut`` has it."""

    table: ConnectionsTable
    needs_proof: bool
    clock: Callable[[], float]
    chance: Callable[[], float]
    patience: Patience
    max_waiting: int
    stuck: Stuck
    endpoint: Endpoint


class Work:
    """
    The requests of one delivery, or of one step in closing connections. It is what ``opening.WorkCalls`` says.

    Args:
        end: When the time is up, by the clock of the event loop.

    """

    def __init__(self, resources: Resources, end: float) -> None:
        self.patience = resources.patience
        self.stuck = resources.stuck
        self.chance = resources.chance
        self._resources = resources
        self._endpoint = resources.endpoint
        self._loop = asyncio.get_running_loop()
        self._end = end
        self._removals = Removals(resources.table.remove)
        self._timeout: asyncio.Timeout | None = None
        self._all_ended = asyncio.Event()
        self._under_way = 0
        self._is_over = False
        self._failures: dict[tuple[str, str], list[str]] = defaultdict(list)

    def end_soon(self) -> None:
        """Shorten the time to ``Patience.broken`` seconds, because a callback failed and its request may never end."""
        self._end = min(self._end, self._loop.time() + self.patience.broken)
        if self._timeout and not self._is_over and not self._timeout.expired():
            self._timeout.reschedule(self._end)

    # What the requests call: see opening.WorkCalls.

    def now(self) -> float:
        """Return epoch seconds."""
        return self._resources.clock()

    def time_left(self) -> float:
        """Return the seconds until the time is up."""
        return self._end - self._loop.time()

    def submit(self, request: Request) -> None:
        """Make a new request, unless the work is over."""
        if not self._is_over:
            self._under_way += 1
            self._endpoint.submit(request)

    def submit_again(self, request: Request, delay: float) -> None:
        """Repeat a request after some seconds."""
        self._loop.call_later(delay, self._submit_now, request)

    def finished(self) -> None:
        """Count a request that will not be repeated."""
        self._under_way -= 1
        if not self._under_way:
            self._all_ended.set()

    def gone(self, row: Connection) -> None:
        """Remove the row of a closed connection."""
        self.stuck.took(row.connection_id)
        self._removals.add(row)

    def failed(self, what: str, recipient: str, reason: str) -> None:
        """Log a failure, together with others of the same reason."""
        self._failures[what, reason].append(recipient)

    async def _carry_out(self, submit: Coroutine[Any, Any, None]) -> None:
        """
        Wait until requests are submitted and have ended, or until the time is up.

        Args:
            submit: Submits the requests.

        """
        began = self._loop.time()
        try:
            async with asyncio.timeout_at(self._end) as self._timeout:
                await submit
                await self._requests_ended()
                await self._removals.finish()
        except TimeoutError:
            logger.error("out of time", seconds=round(self._loop.time() - began, 1), unfinished=self._under_way)
            await self._removals.finish_within(CLEARING)
            self._resources.table.endpoint.abandon()
        finally:
            self._is_over = True
            self._endpoint.abandon()
            await self._removals.stop()
        self._report()

    async def _requests_ended(self) -> None:
        while self._under_way:
            self._all_ended.clear()
            await self._all_ended.wait()

    def _submit_now(self, request: Request) -> None:
        if not self._is_over:
            self._endpoint.submit(request)

    def _report(self) -> None:
        for (what, reason), recipients in self._failures.items():
            logger.error(f"{what} failed", reason=reason, connections=len(recipients), recipient=recipients[0])
