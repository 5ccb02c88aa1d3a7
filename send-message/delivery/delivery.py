"""The delivery of one message to every connection of several sessions."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from delivery.account import Account
from delivery.http.endpoint import Endpoint
from delivery.http.exchange import Request
from delivery.http.signer import Body
from delivery.removals import Removals
from delivery.retries import Closing, Post
from delivery.stuck import MAX_FAILURES, Patience, Stuck
from hub.connection import Connection
from hub.connections import Connections
from hub.envelope import Envelope
from hub.log import logger

MAX_SESSIONS_AT_ONCE = 8
"""Sessions that are read at the same time, each in a thread."""

CLEARING = 0.3
"""Seconds, after the time is up, for rows that are still to be removed."""


class Resources(Protocol):
    """What all deliveries of one environment share. ``fan_out.FanOut`` has it."""

    connections: Connections
    needs_proof: bool
    clock: Callable[[], float]
    chance: Callable[[], float]
    patience: Patience
    max_waiting: int
    stuck: Stuck
    endpoint: Endpoint
    readers: ThreadPoolExecutor
    removers: ThreadPoolExecutor


class Delivery:
    """The delivery of one message. It lives in the event loop, and its rows are read and removed in threads."""

    def __init__(self, resources: Resources, envelope: Envelope, leave_out: str | None) -> None:
        self.patience = resources.patience
        self.stuck = resources.stuck
        self.chance = resources.chance
        self._resources = resources
        self._endpoint = resources.endpoint
        self._envelope = envelope
        self._leave_out = leave_out
        self._reading = asyncio.Semaphore(MAX_SESSIONS_AT_ONCE)
        self._room = asyncio.Event()
        self._room.set()
        self._all_ended = asyncio.Event()
        self._under_way = 0
        self._is_over = False
        self._closed: list[str] = []
        self._failures: dict[tuple[str, str], list[str]] = defaultdict(list)

    async def run(self, sessions: tuple[str, ...], seconds: float) -> dict[str, Account]:
        """Deliver until all requests have ended, or until the time is up. Return the account of each session."""
        self._loop = asyncio.get_running_loop()
        self._end = self._loop.time() + seconds
        self._removals = Removals(self._resources.connections.remove, self._resources.removers, self._loop)
        accounts = {session: Account() for session in sessions}
        try:
            async with asyncio.timeout_at(self._end) as self._timeout:
                await self._deliver(accounts)
        except TimeoutError:
            logger.error("out of time", seconds=round(seconds, 1), unfinished=self._under_way)
            await self._removals.finish_within(CLEARING)
        finally:
            self._is_over = True
            self._removals.stop()
            self._endpoint.abandon()
        self._report()
        return accounts

    def end_soon(self) -> None:
        """Shorten the time to ``Patience.broken`` seconds, because a callback failed and its request may never end."""
        if not self._is_over and not self._timeout.expired():
            self._end = min(self._end, self._loop.time() + self.patience.broken)
            self._timeout.reschedule(self._end)

    async def _deliver(self, accounts: dict[str, Account]) -> None:
        async with asyncio.TaskGroup() as reading:
            for session, account in accounts.items():
                reading.create_task(self._read(session, account))
        while self._under_way:
            self._all_ended.clear()
            await self._all_ended.wait()
        await self._removals.finish()

    # Reading: page by page, and no faster than posting.

    async def _read(self, session_id: str, account: Account) -> None:
        body = Body.of(self._envelope.addressed_to(session_id))
        pages = self._resources.connections.pages(session_id)
        readers = self._resources.readers
        async with self._reading:
            try:
                while (page := await self._loop.run_in_executor(readers, next, pages, None)) is not None:
                    self._submit_page(page, account, body)
                    await self._room.wait()
            except (ClientError, BotoCoreError, KeyError, TypeError):  # the last two: an answer without a list of rows
                logger.exception("session not readable", session_id=session_id)
            else:
                account.readable = True

    def _submit_page(self, page: list[Connection], account: Account, body: Body) -> None:
        now = self._resources.clock()
        for row in page:
            if not row.is_usable(now, self._resources.needs_proof):
                self._close(row)
                continue
            account.live += 1
            if row.connection_id != self._leave_out:
                account.targets += 1
                self.submit(Post(self, row, account, body))
        if self._endpoint.waiting > self._resources.max_waiting:
            self._room.clear()

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
        """Make a new request."""
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
            self._room.set()

    def _report(self) -> None:
        for (what, reason), recipients in self._failures.items():
            logger.error(f"{what} failed", reason=reason, connections=len(recipients), recipient=recipients[0])
        if self._closed:
            logger.warning("stuck connections closed", connections=len(self._closed), recipient=self._closed[0])
