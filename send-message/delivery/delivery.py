"""One message on its way to every connection of several sessions."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from delivery.account import Account
from delivery.http.endpoint import Endpoint
from delivery.http.exchange import Request
from delivery.http.signer import Body
from delivery.retries import Closing, Post
from delivery.stuck import MAX_FAILURES, Patience, Stuck
from hub.connection import Connection
from hub.connections import Connections
from hub.envelope import Envelope
from hub.log import logger

T = TypeVar("T")

MAX_SESSIONS_AT_ONCE = 8
"""Sessions read side by side."""

MAX_WAITING = 1000
"""Posts that wait for an HTTP connection before reading pauses: what bounds the memory, as long as posts succeed."""

REMOVERS = 4
"""Threads that remove the rows of gone connections."""

BATCH = 25
"""Rows that one of them removes, one after another."""

GATHERING = 0.1
"""Seconds in which rows to remove are gathered."""

CLEARING = 0.3
"""Seconds, after the time is up, for rows that are still to be removed."""


class Kept(Protocol):
    """What stays from one message to the next, and a delivery uses: see ``fan_out.FanOut``."""

    connections: Connections
    needs_proof: bool
    clock: Callable[[], float]
    patience: Patience
    stuck: Stuck
    endpoint: Endpoint
    readers: ThreadPoolExecutor
    removers: ThreadPoolExecutor


class Delivery:
    """One message on its way."""

    def __init__(self, kept: Kept, envelope: Envelope, leave_out: str | None) -> None:
        self.patience = kept.patience
        self.stuck = kept.stuck
        self._kept = kept
        self._envelope = envelope
        self._leave_out = leave_out
        self._reading = asyncio.Semaphore(MAX_SESSIONS_AT_ONCE)
        self._room = asyncio.Event()
        self._room.set()
        self._all_ended = asyncio.Event()
        self._under_way = 0
        self._is_over = False
        self._gone: list[Connection] = []
        self._removals: list[asyncio.Future[None]] = []
        self._closed: list[str] = []
        self._failures: dict[tuple[str, str], list[str]] = defaultdict(list)

    async def run(self, sessions: tuple[str, ...], seconds: float) -> dict[str, Account]:
        """Deliver until all has ended, or the time is up."""
        self._loop = asyncio.get_running_loop()
        self._end = self._loop.time() + seconds
        accounts = {session: Account() for session in sessions}
        try:
            async with asyncio.timeout_at(self._end):
                async with asyncio.TaskGroup() as reading:
                    for session, account in accounts.items():
                        reading.create_task(self._read(session, account))
                while self._under_way:
                    self._all_ended.clear()
                    await self._all_ended.wait()
                self._remove_gone()
                await asyncio.gather(*self._removals)
        except TimeoutError:
            logger.error("out of time", seconds=round(seconds, 1), unfinished=self._under_way)
            self._remove_gone()
            if self._removals:
                await asyncio.wait(self._removals, timeout=CLEARING)
        finally:
            self._is_over = True
            self._kept.endpoint.abandon()
        self._report()
        return accounts

    # Reading: page by page, and no faster than posting.

    async def _read(self, session_id: str, account: Account) -> None:
        body = Body.of(self._envelope.addressed_to(session_id))
        pages = self._kept.connections.pages(session_id)
        async with self._reading:
            try:
                while (page := await self._in(self._kept.readers, next, pages, None)) is not None:
                    self._submit(page, account, body)
                    await self._room.wait()
            except (ClientError, BotoCoreError, KeyError, ValueError):  # the last two: a row that nobody of ours wrote
                logger.exception("session not readable", session_id=session_id)
            else:
                account.readable = True

    def _submit(self, page: list[Connection], account: Account, body: Body) -> None:
        now = self._kept.clock()
        for row in page:
            if not row.is_usable(now, self._kept.needs_proof):
                self._close(row)
                continue
            account.live += 1
            if row.connection_id != self._leave_out:
                account.targets += 1
                self.submit(Post(self, row, account, body))
        if self._kept.endpoint.waiting > MAX_WAITING:
            self._room.clear()

    def _close(self, row: Connection) -> None:
        """Close a connection that may not stay, unless that has failed again and again."""
        if self.stuck.failures(row.connection_id) < MAX_FAILURES:
            self.submit(Closing(self, row))

    # What Post and Closing call.

    def now(self) -> float:
        """Return epoch seconds."""
        return self._kept.clock()

    def time_left(self) -> float:
        """Return seconds."""
        return self._end - self._loop.time()

    def submit(self, request: Request) -> None:
        """Make a new request."""
        self._under_way += 1
        self._kept.endpoint.submit(request)

    def submit_again(self, request: Request, delay: float) -> None:
        """Make a request once more, some seconds later."""
        self._loop.call_later(delay, self.submit_now, request)
        self._make_room()

    def finished(self) -> None:
        """Count a request that will not be made again."""
        self._under_way -= 1
        if not self._under_way:
            self._all_ended.set()
        self._make_room()

    def gone(self, row: Connection) -> None:
        """Remove the row of a connection that is closed, together with others."""
        self.stuck.took(row.connection_id)
        self._gone.append(row)
        if len(self._gone) == 1:
            self._loop.call_later(GATHERING, self._remove_gone)
        elif len(self._gone) == BATCH:
            self._remove_gone()

    def closed(self, recipient: str) -> None:
        """Have it logged, together with others, that a connection was closed for taking nothing."""
        self._closed.append(recipient)

    def failed(self, what: str, recipient: str, reason: str) -> None:
        """Have a failure logged, together with others of the same reason."""
        self._failures[what, reason].append(recipient)

    def submit_now(self, request: Request) -> None:
        if not self._is_over:
            self._kept.endpoint.submit(request)

    def _remove_gone(self) -> None:
        rows, self._gone = self._gone, []
        if rows and not self._is_over:
            self._removals.append(self._in(self._kept.removers, self._remove, rows))

    def _remove(self, rows: list[Connection]) -> None:
        try:
            while rows and not self._is_over:
                self._kept.connections.remove(rows[-1])
                rows.pop()
        except (ClientError, BotoCoreError):
            # Harmless: the next delivery finds them gone again, or the TTL removes them.
            logger.exception("rows of gone connections not removed", rows=len(rows))

    def _make_room(self) -> None:
        if self._kept.endpoint.waiting < MAX_WAITING:
            self._room.set()

    def _in(self, threads: ThreadPoolExecutor, call: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        return self._loop.run_in_executor(threads, call, *args)

    def _report(self) -> None:
        for (what, reason), recipients in self._failures.items():
            logger.error(f"{what} failed", reason=reason, connections=len(recipients), recipient=recipients[0])
        if self._closed:
            logger.warning("stuck connections closed", connections=len(self._closed), recipient=self._closed[0])
