"""
How fast one message reaches many connections: ``make bench``.

Posts to a stub of ``@connections`` on loopback, in a process of its own, that answers
after 10 ms: through boto3 one after another, and through the hub's own fan-out. Prints
medians of several runs, and the ratio of the two within the same run.

"""

import asyncio
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.connection import Connection as Pipe

import boto3
from aiohttp import web

from hub import delivery
from hub.connection import Connection
from hub.connections import Connections
from hub.envelope import Envelope
from hub.fan_out import FanOut

RUNS = 5
DELAY = 0.010
"""Seconds until the stub answers."""

SEQUENTIAL, FANNED_OUT = 50, 1_000
"""Connections posted to in a run. The sequential one would take too long with more."""


def serve_stub(pipe: Pipe) -> None:
    """Answer every post with 200 after DELAY, and tell the pipe on which port."""

    async def post(request: web.Request) -> web.Response:
        await request.read()
        await asyncio.sleep(DELAY)
        return web.Response()

    async def run() -> None:
        app = web.Application()
        app.router.add_post("/{path:.*}", post)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        pipe.send(runner.addresses[0][1])
        await asyncio.to_thread(pipe.recv)

    asyncio.run(run())


class Rows(Connections):
    """A session with many connections, without a table."""

    def __init__(self, count: int) -> None:
        self._rows = [Connection("s1", f"{number:014}A=", 0, 2**53) for number in range(count)]

    def of_session(self, session_id: str) -> Iterator[Connection]:
        return iter(self._rows)


def rate(send: Callable[[], object], count: int) -> tuple[float, float]:
    """Return posts per second and CPU milliseconds per post, medians of RUNS."""
    rates, costs = [], []
    for _ in range(RUNS):
        wall, cpu = time.perf_counter(), time.process_time()
        send()
        rates.append(count / (time.perf_counter() - wall))
        costs.append((time.process_time() - cpu) * 1000 / count)
    return statistics.median(rates), statistics.median(costs)


def main() -> None:
    """Measure and print."""
    ours, theirs = multiprocessing.Pipe()
    stub = multiprocessing.Process(target=serve_stub, args=[theirs], daemon=True)
    stub.start()
    os.environ |= {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_DEFAULT_REGION": "us-east-1"}
    api = boto3.client(
        "apigatewaymanagementapi", endpoint_url=f"http://127.0.0.1:{ours.recv()}/prod", config=delivery.CONFIG
    )
    envelope = Envelope("bench", "s0", "2026-01-01T00:00:00.000Z", "x" * 150)
    fan_out = FanOut(Rows(FANNED_OUT), partial(delivery.post, api), partial(delivery.close, api), needs_proof=False)

    def sequential() -> None:
        for row in Rows(SEQUENTIAL).of_session("s1"):
            delivery.post(api, row.connection_id, envelope.addressed_to("s1"))

    slow, slow_cost = rate(sequential, SEQUENTIAL)
    fast, fast_cost = rate(lambda: fan_out.send(envelope, ("s1",), None), FANNED_OUT)
    print(f"{os.cpu_count()} cores, stub answers after {DELAY * 1000:.0f} ms, medians of {RUNS} runs")
    print(f"one after another  {slow:8.0f} posts/s  {slow_cost:6.2f} ms CPU a post")
    print(f"the hub's fan-out  {fast:8.0f} posts/s  {fast_cost:6.2f} ms CPU a post  ({fast / slow:.1f} times)")
    ours.send(None)
    stub.join()


if __name__ == "__main__":
    main()
