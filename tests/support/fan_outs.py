"""A fan-out to an endpoint, a delivery in virtual time, and how the posts of a message ended."""

import contextlib
import io
import json
import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from delivery.account import Account
from delivery.dynamodb import DynamoDB
from delivery.dynamodb_answers import DynamoDBError
from delivery.fan_out import MAX_WAITING, FanOut
from delivery.http.access import Access
from delivery.http.endpoint import Endpoint
from delivery.http.exchange import Request, Response
from delivery.http.service import CONNECTIONS_API, DYNAMODB, Service
from delivery.http.timing import Timing
from delivery.stuck import PATIENCE, Budget, Patience, Stuck
from delivery.table import ConnectionsTable, Page
from hub.connection import NEVER, Connection
from hub.connection_requests import Arguments
from hub.envelope import Envelope

NOW = 1_795_000_000.0

PLENTY = 120.0
"""Seconds for a delivery that ends by itself. No test waits so long, on a slow machine either."""

SILENT = CONNECTIONS_API.timing._replace(response=1.0, check=0.02)
"""For answers that never come, or never end. All other answers must come within a second."""

TOLERANT = CONNECTIONS_API.timing._replace(response=PLENTY)
"""For answers that all come: however slow the machine is, no answer is overdue."""

QUICK = Patience(first=Budget(delay=0.002, seconds=10 * PLENTY), stuck=Budget(delay=0.002, seconds=10 * PLENTY))
"""For many faults in a row that pass: the first retry comes soon, and no recipient is given up."""

NOTHING = Budget(delay=0.001, seconds=0)

NO_PATIENCE = Patience(first=NOTHING, stuck=NOTHING, closing=0)
"""One attempt for a post that its recipient does not take, and a connection is closed however soon."""

ENVELOPE = Envelope("m-1", "sender", "2026-11-22T21:30:00.000Z", "hello")


def access() -> Access:
    """Return an access to AWS with keys of nobody."""
    return Access("us-east-1", lambda: ("testing", "testing", None))


def dynamodb_at(url: str, timing: Timing = DYNAMODB.timing) -> DynamoDB:
    """Return the table ``t`` of the DynamoDB at a URL. A retry hardly waits."""
    return DynamoDB(Endpoint(DYNAMODB._replace(timing=timing), url, access()), "t", chance=lambda: 0.04)


def row(session_id: str, connection_id: str, age: float = 60) -> Connection:
    """Return a connection that opened some seconds before NOW."""
    return Connection(session_id, connection_id, int((NOW - age) * 1000), NEVER)


@dataclass
class Rows(ConnectionsTable):
    """
    A table of connections without DynamoDB.

    Attributes:
        size: Rows of a page.
        fails_after: For a session id, the pages after which reading fails with the error.
        removals_fail: Whether removing fails with the error.
        removed: The connection ids of removed rows.

    """

    rows: list[Connection]
    size: int = 1000
    fails_after: dict[str, int] = field(default_factory=dict)
    error: Exception = field(default_factory=lambda: DynamoDBError("DynamoDB throttles the requests"))
    removals_fail: bool = False
    removed: list[str] = field(default_factory=list)
    endpoint: Endpoint = field(default_factory=lambda: Endpoint(DYNAMODB, "http://127.0.0.1:9", access()))

    async def page(self, session_id: str, start: Arguments) -> Page:
        number = start.get("page", 0)
        if self.fails_after.get(session_id) == number:
            raise self.error
        rows = [row for row in self.rows if row.session_id == session_id][number * self.size :]
        return Page(rows[: self.size], {"page": number + 1} if len(rows) > self.size else None)

    async def remove(self, connection: Connection) -> None:
        if self.removals_fail:
            raise self.error
        self.removed.append(connection.connection_id)


class Sending(FanOut):
    """A fan-out that delivers an envelope by one call."""

    def send(
        self, envelope: Envelope, sessions: tuple[str, ...], leave_out: str | None, seconds: float
    ) -> dict[str, Account]:
        async def send() -> dict[str, Account]:
            async with self.delivery(sessions, seconds) as delivery:
                return await delivery.run(envelope, leave_out)

        return self.run(send())


def endpoint_at(url: str, service: Service = CONNECTIONS_API) -> Endpoint:
    return Endpoint(service, url, access())


@contextlib.contextmanager
def fan_out_to(
    url: str,
    table: ConnectionsTable,
    needs_proof: bool = False,
    clock: Callable[[], float] = lambda: NOW,
    chance: Callable[[], float] = random.random,
    patience: Patience = PATIENCE,
    timing: Timing = TOLERANT,
    max_channels: int = CONNECTIONS_API.max_channels,
    max_waiting: int = MAX_WAITING,
) -> Iterator[Sending]:
    """Open a fan-out to the endpoint at a URL, and close it in the end."""
    service = CONNECTIONS_API._replace(timing=timing, max_channels=max_channels)
    fan_out = Sending(
        lambda: table, lambda: endpoint_at(url, service), needs_proof, clock, chance, patience, max_waiting
    )
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
