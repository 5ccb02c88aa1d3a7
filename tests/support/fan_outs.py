"""A fan-out to an endpoint, a delivery in virtual time, and how the posts of a message ended."""

import contextlib
import io
import json
import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import boto3

from delivery.account import Account
from delivery.fan_out import MAX_WAITING, FanOut
from delivery.http.endpoint import MAX_CHANNELS, Endpoint
from delivery.http.exchange import Request, Response
from delivery.http.timing import Timing
from delivery.stuck import PATIENCE, Budget, Patience, Stuck
from hub.connection import NEVER, Connection
from hub.connections import Connections
from hub.envelope import Envelope

NOW = 1_795_000_000.0

PLENTY = 120.0
"""Seconds for a delivery that ends by itself. No test waits so long, on a slow machine either."""

SILENT = Timing(response=1.0, check=0.02)
"""For answers that never come, or never end. All other answers must come within a second."""

TOLERANT = Timing(response=PLENTY)
"""For answers that all come: however slow the machine is, no answer is overdue."""

QUICK = Patience(first=Budget(delay=0.002, seconds=10 * PLENTY), stuck=Budget(delay=0.002, seconds=10 * PLENTY))
"""For many faults in a row that pass: the first retry comes soon, and no recipient is given up."""

NOTHING = Budget(delay=0.001, seconds=0)

NO_PATIENCE = Patience(first=NOTHING, stuck=NOTHING, closing=0)
"""One attempt for a post that its recipient does not take, and a connection is closed however soon."""

ENVELOPE = Envelope("m-1", "sender", "2026-11-22T21:30:00.000Z", "hello")


def row(session_id: str, connection_id: str, age: float = 60) -> Connection:
    """Return a connection that opened some seconds before NOW."""
    return Connection(session_id, connection_id, int((NOW - age) * 1000), NEVER)


@dataclass
class Rows(Connections):
    """
    Stored connections without a table.

    Attributes:
        page: Rows of a page.
        fails_after: For a session id, the pages after which reading fails with the error.
        removals_fail: Whether removing fails with the error.
        removed: The connection ids of removed rows.

    """

    rows: list[Connection]
    page: int = 1000
    fails_after: dict[str, int] = field(default_factory=dict)
    error: Exception | None = None
    removals_fail: bool = False
    removed: list[str] = field(default_factory=list)

    def pages(self, session_id: str) -> Iterator[list[Connection]]:
        rows = [row for row in self.rows if row.session_id == session_id]
        for number, start in enumerate(range(0, max(1, len(rows)), self.page)):
            if self.fails_after.get(session_id) == number:
                assert self.error
                raise self.error
            yield rows[start : start + self.page]

    def remove(self, connection: Connection) -> None:
        if self.removals_fail:
            assert self.error
            raise self.error
        self.removed.append(connection.connection_id)


@contextlib.contextmanager
def fan_out_to(
    url: str,
    connections: Connections,
    needs_proof: bool = False,
    clock: Callable[[], float] = lambda: NOW,
    chance: Callable[[], float] = random.random,
    patience: Patience = PATIENCE,
    timing: Timing = TOLERANT,
    max_channels: int = MAX_CHANNELS,
    max_waiting: int = MAX_WAITING,
) -> Iterator[FanOut]:
    """Open a fan-out to the endpoint at a URL, and close it in the end."""
    new_endpoint = partial(Endpoint, url, boto3.Session(), timing, max_channels)
    fan_out = FanOut(connections, new_endpoint, needs_proof, clock, chance, patience, max_waiting)
    try:
        yield fan_out
    finally:
        fan_out.close()


@dataclass
class VirtualDelivery:
    """
    A delivery without HTTP and in virtual time: a request gets its response at once, and a retry does not wait.

    Attributes:
        seconds: For the whole delivery.
        elapsed: Seconds that have passed: those that the responses took, and the delays before retries.
        delays: Seconds before each retry.
        requests: The methods of all requests.
        removed: For each removed row, the seconds that had passed.
        failures: What failed, and why.
        stuck: What the environment remembers of connections that take nothing.

    """

    patience: Patience = PATIENCE
    seconds: float = 27.0
    chance: Callable[[], float] = field(default_factory=lambda: lambda: 1.0)
    elapsed: float = 0.0
    delays: list[float] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    removed: dict[str, float] = field(default_factory=dict)
    failures: list[tuple[str, str]] = field(default_factory=list)
    stuck: Stuck = field(init=False)
    under_way: int = 0
    _queue: deque[Request] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.stuck = Stuck(self.now)

    def run(self, request: Request, responses: Iterator[Response]) -> None:
        """Make a request, and all that follow from it, until each has ended. They get the responses in order."""
        self.submit(request)
        while self._queue:
            response = next(responses)
            self.requests.append(self._queue[0].method)
            self.elapsed += response.seconds
            self._queue.popleft().ended(response)
        assert self.under_way == 0

    def now(self) -> float:
        return NOW + self.elapsed

    def time_left(self) -> float:
        return self.seconds - self.elapsed

    def submit(self, request: Request) -> None:
        self.under_way += 1
        self._queue.append(request)

    def submit_again(self, request: Request, delay: float) -> None:
        self.delays.append(delay)
        self.elapsed += delay
        self._queue.append(request)

    def finished(self) -> None:
        self.under_way -= 1

    def gone(self, row: Connection) -> None:
        self.removed[row.connection_id] = self.elapsed

    def closed(self, recipient: str) -> None:
        """A test looks at the account instead."""

    def failed(self, what: str, recipient: str, reason: str) -> None:
        self.failures.append((what, reason))


def account(
    live: int, delivered: int = 0, gone: int = 0, left_out: int = 0, readable: bool = True, closed: int = 0
) -> Account:
    """Return an account. Connections that are neither delivered nor gone have failed."""
    return Account(live, live - left_out, delivered, gone, readable, closed)


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    """Return the lines of a log."""
    return [json.loads(line) for line in log.getvalue().splitlines()]
