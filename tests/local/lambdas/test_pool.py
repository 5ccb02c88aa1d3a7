"""Pools of workers: how many run, and what survives from event to event."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from local.api.results import Malformed, read_result
from local.lambdas.pool import MAX_WORKERS
from local.lambdas.process import Result
from tests.support.gateway import wait_until
from tests.support.pools import RunningPool, run


@dataclass
class Meeting:
    """A port that workers connect to, and wait at until the test closes their connections."""

    port: int = 0
    arrived: asyncio.Queue[tuple[int, asyncio.StreamWriter]] = field(default_factory=asyncio.Queue)

    @classmethod
    @contextlib.asynccontextmanager
    async def hold(cls) -> AsyncIterator["Meeting"]:
        meeting = cls()

        async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            meeting.arrived.put_nowait((int(await reader.read(16)), writer))

        async with await asyncio.start_server(welcome, "127.0.0.1") as server:
            meeting.port = server.sockets[0].getsockname()[1]
            yield meeting

    async def guests(self, count: int) -> dict[int, asyncio.StreamWriter]:
        """Wait until this number of workers has connected, and return their connections by process id."""
        return dict([await self.arrived.get() for _ in range(count)])


def test_simultaneous_events_run_at_the_same_time_in_different_processes() -> None:
    async def work(running: RunningPool) -> None:
        async with Meeting.hold() as meeting:
            events = [asyncio.create_task(running.order("meet", port=meeting.port)) for _ in range(3)]
            guests = await meeting.guests(3)
            for writer in guests.values():
                writer.close()
            results = await asyncio.gather(*events)
        assert {result.value for result in results} == guests.keys()
        assert len(guests) == 3
        # The first event gets the worker that was started ahead. The others wait for a worker to start.
        assert [result.cold for result in results] == [False, True, True]

    run(work)


def test_an_event_waits_for_the_first_free_worker_when_all_are_busy() -> None:
    async def work(running: RunningPool) -> None:
        async with Meeting.hold() as meeting:
            events = [asyncio.create_task(running.order("meet", port=meeting.port)) for _ in range(MAX_WORKERS + 1)]
            guests = await meeting.guests(MAX_WORKERS)
            assert len(guests) == MAX_WORKERS
            assert meeting.arrived.empty()

            free, writer = guests.popitem()
            writer.close()
            last = await meeting.guests(1)
            assert last.keys() == {free}

            for writer in [*guests.values(), *last.values()]:
                writer.close()
            results = await asyncio.gather(*events)
            assert sorted(result.value for result in results) == sorted([*guests, free, free])
            assert not results[-1].cold  # it waited for a busy worker, not for a start

    run(work)


def test_the_state_of_a_module_survives_from_event_to_event_in_one_worker() -> None:
    async def work(running: RunningPool) -> None:
        seen = [await running.value("look") for _ in range(3)]
        assert seen == [{"pid": seen[0]["pid"], "events": number} for number in (1, 2, 3)]

    run(work)


def is_running(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def test_a_worker_that_dies_between_two_events_fails_neither() -> None:
    async def work(running: RunningPool) -> None:
        dying = await running.value("die_soon")
        await asyncio.to_thread(wait_until, lambda: not is_running(dying))
        assert (await running.value("look"))["pid"] != dying

    run(work)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param([1], "malformed result: a list instead of an object", id="a-list"),
        pytest.param("text", "malformed result: a str instead of an object", id="a-string"),
        pytest.param({"data": 1}, "malformed result: unknown keys data", id="an-unknown-key"),
        pytest.param(None, None, id="nothing"),
    ],
)
def test_a_result_that_the_route_rejects_does_not_end_the_worker(value: Any, reason: str | None) -> None:
    async def work(running: RunningPool) -> None:
        before = await running.value("look")
        result = await running.order("answer", **{"with": value})
        assert result == Result(value=value)
        if reason is not None:
            with pytest.raises(Malformed, match=f"^{reason}$"):
                read_result(result)
        assert await running.value("look") == {"pid": before["pid"], "events": 3}

    run(work)
