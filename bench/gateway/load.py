"""The clients of ``bench.gateway``: many WebSockets in one event loop, and the times that they measure."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Iterable, Sequence

from websockets.asyncio.client import ClientConnection, connect

from bench.report import percentiles

Figures = dict[str, float]

ASKING = 5.0
"""Seconds of the two periods in which round trips are counted: the first, while workers start, and a later one."""

WARMING = 8.0
"""Seconds from the first round trip until the later period."""

RATE, STEADY_CLIENTS, STEADY = 200, 50, 10
"""Messages a second of all clients together, number of clients, and seconds."""

CONNECTS, AT_ONCE = 500, 20
"""Connects of each of two series, and how many run at once."""


async def round_trips(url: str, clients: int) -> Figures:
    """
    Return the figures of clients that each send the next message when the answer to the last message arrives.

    ``first_per_second`` is for the first period, while workers start. ``per_second``, ``p50_ms`` and ``p99_ms`` are for
    the later period.

    """
    async with opened([url] * clients) as sockets:
        first, later = time.perf_counter(), time.perf_counter() + WARMING
        asked = await asyncio.gather(*(_ask(socket, later + ASKING) for socket in sockets))
    trips = [trip for trips_of_client in asked for trip in trips_of_client]
    at_first = sum(sent + seconds < first + ASKING for sent, seconds in trips)
    times = [seconds for sent, seconds in trips if sent >= later]
    return {"first_per_second": at_first / ASKING, "per_second": len(times) / ASKING, **percentiles(times)}


async def _ask(socket: ClientConnection, end: float) -> list[tuple[float, float]]:
    """Send messages until a moment. Return for each the moment of sending and the seconds of its round trip."""
    message = json.dumps({"n": 1})
    trips = []
    while (sent := time.perf_counter()) < end:
        await socket.send(message)
        answer = await socket.recv()
        assert answer == message, f"{address_of(socket)} does not echo: it answered {answer!r}"
        trips.append((sent, time.perf_counter() - sent))
    return trips


async def steady(url: str) -> Figures:
    """
    Return ``p50_ms`` and ``p99_ms`` of messages that are sent on schedule, without waiting for answers.

    The time of an answer counts from the moment at which its message was due. So a slow gateway cannot hide its delays.

    """
    async with opened([url] * STEADY_CLIENTS) as sockets:
        start = time.perf_counter() + 0.1
        due = [start + n / RATE for n in range(RATE * STEADY)]
        receiving = [asyncio.create_task(_receive(socket, due)) for socket in sockets]
        for n, moment in enumerate(due):
            await asyncio.sleep(moment - time.perf_counter())
            await sockets[n % STEADY_CLIENTS].send(json.dumps({"n": n}))
        received = await asyncio.gather(*receiving)
    return percentiles([seconds for times in received for seconds in times])


async def _receive(socket: ClientConnection, due: Sequence[float]) -> list[float]:
    """Return the seconds from the due time of each message of one client to its answer. Answers come in any order."""
    times = []
    for _ in range(len(due) // STEADY_CLIENTS):
        answer = json.loads(await socket.recv())
        times.append(time.perf_counter() - due[answer["n"]])
    return times


async def connects(url: str) -> Figures:
    """
    Return connects a second to the hub, each to a session of its own.

    ``cold_per_second`` is for the first series, while workers start. ``per_second`` is for the second series.

    """
    begun = time.perf_counter()
    async with opened((f"{url}?session_id=cold-{n}" for n in range(CONNECTS)), AT_ONCE):
        between = time.perf_counter()
        async with opened((f"{url}?session_id=warm-{n}" for n in range(CONNECTS)), AT_ONCE):
            end = time.perf_counter()
    return {"cold_per_second": CONNECTS / (between - begun), "per_second": CONNECTS / (end - between)}


@contextlib.asynccontextmanager
async def opened(urls: Iterable[str], at_once: int = 50) -> AsyncIterator[list[ClientConnection]]:
    """Keep a socket open to each URL while the context lasts. ``at_once`` handshakes run at the same time."""
    gate = asyncio.Semaphore(at_once)
    sockets = await asyncio.gather(*(_open(url, gate) for url in urls))
    try:
        yield sockets
    finally:
        await asyncio.gather(*(socket.close() for socket in sockets))


async def _open(url: str, gate: asyncio.Semaphore) -> ClientConnection:
    async with gate:
        return await connect(url, compression=None, proxy=None, ping_interval=None, open_timeout=60)


def address_of(socket: ClientConnection) -> str:
    return ":".join(map(str, socket.remote_address))
