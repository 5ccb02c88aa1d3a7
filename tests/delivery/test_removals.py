"""The removal of rows, beside a delivery: no row is forgotten, and after a failure nobody waits for further ones."""

import asyncio
import io

import pytest

from delivery.dynamodb_answers import DynamoDBError
from delivery.removals import AT_ONCE, Removals
from hub.connection import Connection
from tests.support.fan_outs import lines, row

ROWS = [row("s1", f"{number}=") for number in range(3 * AT_ONCE)]


class Table:
    """A table whose removals wait at a gate."""

    def __init__(self) -> None:
        self.asked: list[Connection] = []
        self.removed: list[Connection] = []
        self.gate = asyncio.Event()
        self.error: DynamoDBError | None = None

    async def remove(self, connection: Connection) -> None:
        self.asked.append(connection)
        await self.gate.wait()
        if self.error:
            raise self.error
        self.removed.append(connection)


async def some_steps() -> None:
    """Let every task go on as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_a_few_rows_are_removed_at_a_time() -> None:
    async def run() -> None:
        removals = Removals((table := Table()).remove)
        for connection in ROWS:
            removals.add(connection)
        await some_steps()
        assert len(table.asked) == AT_ONCE
        table.gate.set()
        await removals.finish()
        assert sorted(table.removed, key=ROWS.index) == ROWS

    asyncio.run(run())


def test_a_row_that_comes_while_the_last_removals_end_is_removed() -> None:
    async def run() -> None:
        table = Table()
        ended: list[Connection] = []

        async def remove(connection: Connection) -> None:
            await table.remove(connection)
            ended.append(connection)
            if len(ended) == 1:  # the loop calls ``add`` after all removals have ended, and before their callbacks
                asyncio.get_running_loop().call_soon(removals.add, ROWS[-1])

        removals = Removals(remove)
        for connection in ROWS[:AT_ONCE]:
            removals.add(connection)
        await some_steps()
        table.gate.set()
        await some_steps()
        await removals.finish()
        assert table.removed == [*ROWS[:AT_ONCE], ROWS[-1]]

    asyncio.run(run())


def test_after_a_row_that_cannot_be_removed_no_other_is_tried(log: io.StringIO) -> None:
    async def run() -> None:
        removals = Removals((table := Table()).remove)
        table.error = DynamoDBError("DynamoDB throttles the requests")
        table.gate.set()
        removals.add(ROWS[0])
        await some_steps()
        for connection in ROWS[1:]:
            removals.add(connection)
        await removals.finish()
        await removals.stop()
        assert table.asked == ROWS[:1]

    asyncio.run(run())
    (line,) = lines(log)
    assert (line["message"], line["rows"]) == ("rows of gone connections not removed", len(ROWS))


def test_removals_under_way_go_on_for_a_moment_when_the_time_is_up() -> None:
    async def run() -> None:
        removals = Removals((table := Table()).remove)
        removals.add(ROWS[0])
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await removals.finish()
        asyncio.get_running_loop().call_soon(table.gate.set)
        await removals.finish_within(60)
        assert table.removed == ROWS[:1]

    asyncio.run(run())


def test_no_removal_starts_after_the_end() -> None:
    async def run() -> None:
        removals = Removals((table := Table()).remove)
        removals.add(ROWS[0])
        await some_steps()
        await removals.stop()
        removals.add(ROWS[1])
        await some_steps()
        assert (table.asked, table.removed) == (ROWS[:1], [])
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())


def test_a_removal_that_fails_unexpectedly_is_not_hidden() -> None:
    async def remove(connection: Connection) -> None:
        await asyncio.sleep(0)
        raise RuntimeError("not expected")

    async def run() -> None:
        removals = Removals(remove)
        removals.add(ROWS[0])
        with pytest.raises(RuntimeError, match="not expected"):
            await removals.finish()

    asyncio.run(run())
