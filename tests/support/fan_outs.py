"""A fan-out to an endpoint, and what became of a message."""

import contextlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3

from delivery.account import Account
from delivery.fan_out import FanOut
from delivery.http.endpoint import Endpoint
from delivery.stuck import PATIENCE, Own, Patience
from hub.connection import NEVER, Connection
from hub.connections import Connections
from hub.envelope import Envelope

NOW = 1_795_000_000.0
QUICK = Patience(first=Own(delay=0.002, seconds=9), stuck=Own(delay=0.002, seconds=9))
"""For many faults in a row, each of which passes: waits little, and gives none of them up."""

ENVELOPE = Envelope("m-1", "sender", "2026-11-22T21:30:00.000Z", "hello")


def row(session_id: str, connection_id: str, age: float = 60) -> Connection:
    """Return a connection that opened some seconds before NOW."""
    return Connection(session_id, connection_id, int((NOW - age) * 1000), NEVER)


@dataclass
class Rows(Connections):
    """Stored connections without a table. Reading a session may fail after so many pages of so many rows."""

    rows: list[Connection]
    page: int = 1000
    fails_after: dict[str, int] = field(default_factory=dict)
    error: Exception | None = None
    removals_fail: bool = False
    removed: list[str] = field(default_factory=list)

    def pages(self, session_id: str) -> Iterator[list[Connection]]:
        rows = [each for each in self.rows if each.session_id == session_id]
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
    patience: Patience = PATIENCE,
) -> Iterator[FanOut]:
    """Open a fan-out, and close what it holds in the end."""
    fan_out = FanOut(connections, lambda: Endpoint(url, boto3.Session()), needs_proof, clock, patience)
    try:
        yield fan_out
    finally:
        fan_out.close()


def account(
    live: int, delivered: int = 0, gone: int = 0, left_out: int = 0, readable: bool = True, closed: int = 0
) -> Account:
    """Return an account; what is neither delivered nor gone has failed."""
    return Account(live, live - left_out, delivered, gone, readable, closed)


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    """Return what was logged."""
    return [json.loads(line) for line in log.getvalue().splitlines()]
