"""The delivery of one message to every connection of several sessions."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Protocol

from delivery.account import Account
from delivery.http.endpoint import Endpoint
from delivery.http.exchange import Body, Request
from delivery.reading import Reading
from delivery.removals import Removals
from delivery.retries import Closing, Post
from delivery.stuck import MAX_FAILURES, Patience, Stuck
from delivery.table import ConnectionsTable
from hub.connection import Connection
from hub.envelope import Envelope
from hub.log import logger

CLEARING = 0.3
"""Seconds, after the time is up, for rows that are still to be removed."""


class Resources(Protocol):
    """What all deliveries of one environment share. ``fan_out.FanOut`` has it."""

    table: ConnectionsTable
    needs_proof: bool
    clock: Callable[[], float]
    chance: Callable[[], float]
    patience: Patience
    max_waiting: int
    stuck: Stuck
    endpoint: Endpoint


class Store(Protocol):
    """Where a message is stored before it is delivered. ``history.storing.Storing`` has it."""

    @property
    def numbers(self) -> Mapping[str, int]: ...
    async def store(self, session_id: str, envelope: Envelope) -> bool: ...


class Delivery:
    """
    The delivery of one message.

    It reads the first pages of the sessions at once, while the sender is still being looked up, and posts nothing
    before ``run``.

    Args:
        sessions: The sessions that the message is for.
        stored: Those of them for which the message is stored first. They are read after that.
        end: When the time is up, by the clock of the event loop.

    """

    def __init__(self, resources: Resources, sessions: tuple[str, ...], stored: frozenset[str], end: float) -> None:
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
        self._closed: list[str] = []
        self._failures: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._accounts = {session: Account() for session in sessions}
        self._reading = Reading(resources.table, sessions, self._take_page, stored, self._store_for)

    async def run(self, envelope: Envelope, leave_out: str | None, store: Store | None = None) -> dict[str, Account]:
        """
        Deliver until all requests have ended, or until the time is up.

        Args:
            leave_out: The connection id of the sender, if it does not want its own message.
            store: Stores the message, if there are sessions for which it is stored.

        Returns:
            One account for each session, in the order of the sessions.

        """
        self._envelope = envelope
        self._leave_out = leave_out
        self._store = store
        self._reading.room.set()
        began = self._loop.time()
        try:
            async with asyncio.timeout_at(self._end) as self._timeout:
                await self._deliver()
        except TimeoutError:
            logger.error("out of time", seconds=round(self._loop.time() - began, 1), unfinished=self._under_way)
            await self._removals.finish_within(CLEARING)
            self._resources.table.endpoint.abandon()
        finally:
            self._is_over = True
            self._endpoint.abandon()
            await self._removals.stop()
        self._report()
        for session in self._reading.complete:
            self._accounts[session].readable = True
        return self._accounts

    async def stop(self) -> None:
        """End reading: the message is delivered or refused, or the time is up."""
        await self._reading.stop()

    def end_soon(self) -> None:
        """Shorten the time to ``Patience.broken`` seconds, because a callback failed and its request may never end."""
        self._end = min(self._end, self._loop.time() + self.patience.broken)
        if self._timeout and not self._is_over and not self._timeout.expired():
            self._timeout.reschedule(self._end)

    async def _deliver(self) -> None:
        await self._reading.finish()
        while self._under_way:
            self._all_ended.clear()
            await self._all_ended.wait()
        await self._removals.finish()

    async def _store_for(self, session_id: str) -> bool:
        return self._store is not None and await self._store.store(session_id, self._envelope)

    def _take_page(self, session_id: str, rows: list[Connection]) -> None:
        account, now = self._accounts[session_id], self._resources.clock()
        number = self._store.numbers.get(session_id) if self._store else None
        body = Body.of(self._envelope.addressed_to(session_id, number))
        for row in rows:
            if not row.is_usable(now, self._resources.needs_proof):
                self._close(row)
                continue
            account.live += 1
            if row.connection_id != self._leave_out:
                account.targets += 1
                self.submit(Post(self, row, account, body))
        if self._endpoint.waiting > self._resources.max_waiting:
            self._reading.room.clear()

    def _close(self, row: Connection) -> None:
        """Close a connection that is not usable, unless closing it has failed too often."""
        if self.stuck.failures(row.connection_id) < MAX_FAILURES:
            self.submit(Closing(self, row))

    # What Post and Closing call: see opening.DeliveryCalls.

    def now(self) -> float:
        """Return epoch seconds."""
        return self._resources.clock()

    def time_left(self) -> float:
        """Return the seconds until the time is up."""
        return self._end - self._loop.time()

    def submit(self, request: Request) -> None:
        """Make a new request, unless the delivery is over."""
        if not self._is_over:
            self._under_way += 1
            self._endpoint.submit(request)

    def submit_again(self, request: Request, delay: float) -> None:
        """Repeat a request after some seconds."""
        self._loop.call_later(delay, self._submit_now, request)
        self._make_room()

    def finished(self) -> None:
        """Count a request that will not be repeated."""
        self._under_way -= 1
        if not self._under_way:
            self._all_ended.set()
        self._make_room()

    def gone(self, row: Connection) -> None:
        """Remove the row of a closed connection."""
        self.stuck.took(row.connection_id)
        self._removals.add(row)

    def closed(self, recipient: str) -> None:
        """Log, together with others, that the hub closed a stuck connection."""
        self._closed.append(recipient)

    def failed(self, what: str, recipient: str, reason: str) -> None:
        """Log a failure, together with others of the same reason."""
        self._failures[what, reason].append(recipient)

    def _submit_now(self, request: Request) -> None:
        if not self._is_over:
            self._endpoint.submit(request)

    def _make_room(self) -> None:
        if self._endpoint.waiting < self._resources.max_waiting:
            self._reading.room.set()

    def _report(self) -> None:
        for (what, reason), recipients in self._failures.items():
            logger.error(f"{what} failed", reason=reason, connections=len(recipients), recipient=recipients[0])
        if self._closed:
            logger.warning("stuck connections closed", connections=len(self._closed), recipient=self._closed[0])
