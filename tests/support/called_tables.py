"""A delivery's table of connections, called without ``await``."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import uvloop

from delivery.dynamodb import DynamoDB
from delivery.http.endpoint import Endpoint
from delivery.http.service import DYNAMODB
from delivery.http.timing import Timing
from delivery.table import ConnectionsTable
from hub.connection import Connection
from tests.support.fan_outs import PLENTY, access

PATIENT = DYNAMODB.timing._replace(connect=PLENTY, response=PLENTY)
"""For answers that all come: however slow the machine is, no answer is overdue."""


@dataclass
class CalledTable:
    """A table, and the event loop in which its methods run."""

    table: ConnectionsTable
    runner: asyncio.Runner

    def find(self, connection_id: str, seconds: float = PLENTY) -> Connection | None:
        return self.runner.run(self.table.find(connection_id, seconds))

    def pages(self, session_id: str) -> list[list[Connection]]:
        """Return all pages of a session."""

        async def read() -> list[list[Connection]]:
            pages: list[list[Connection]] = []
            start: dict[str, Any] | None = {}
            while start is not None:
                page = await self.table.page(session_id, start)
                pages.append(page.rows)
                start = page.next
            return pages

        return self.runner.run(read())

    def rows(self, session_id: str) -> list[Connection]:
        return [row for page in self.pages(session_id) for row in page]

    def remove(self, connection: Connection) -> None:
        self.runner.run(self.table.remove(connection))


@contextlib.contextmanager
def table_at(
    url: str, name: str = "t", timing: Timing = PATIENT, within: float = PLENTY, **options: Any
) -> Iterator[CalledTable]:
    """Yield a table in the DynamoDB at a URL. A retry hardly waits."""
    dynamodb = DynamoDB(Endpoint(DYNAMODB._replace(timing=timing), url, access()), name, chance=lambda: 0.04)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            yield CalledTable(ConnectionsTable(dynamodb, within=within, **options), runner)
        finally:
            runner.run(dynamodb.endpoint.close())
