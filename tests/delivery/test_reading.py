"""How many sessions are stored at the same time, and that a session is read after it is stored."""

import asyncio

from delivery.reading import MAX_STORED_AT_ONCE, Reading
from delivery.table import Page
from hub.connection import Connection
from hub.connection_requests import Arguments
from tests.support.fan_outs import Rows


class NotedRows(Rows):
    """A table that notes which sessions are read."""

    def __init__(self) -> None:
        super().__init__([])
        self.read: list[str] = []

    async def page(self, session_id: str, start: Arguments) -> Page:
        self.read.append(session_id)
        return await super().page(session_id, start)


def take(session_id: str, rows: list[Connection]) -> None:
    """These sessions have no connections."""


def test_some_sessions_are_stored_at_the_same_time_and_then_read() -> None:
    table, storing, most = NotedRows(), set[str](), list[int]()
    sessions = tuple(f"s{number}" for number in range(3 * MAX_STORED_AT_ONCE))

    async def store(session_id: str) -> bool:
        assert session_id not in table.read
        storing.add(session_id)
        most.append(len(storing))
        await asyncio.sleep(0)
        storing.remove(session_id)
        return session_id != "s7"

    async def main() -> set[str]:
        reading = Reading(table, sessions, take, frozenset(sessions), store)
        await asyncio.sleep(0)
        assert most == []  # nothing is stored before there is room
        reading.room.set()
        await reading.finish()
        return reading.complete

    assert asyncio.run(main()) == set(sessions) - {"s7"}
    assert set(table.read) == set(sessions) - {"s7"}
    assert max(most) == MAX_STORED_AT_ONCE
