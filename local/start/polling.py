"""Polls the queues of a gateway's event sources while it serves."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from typing import Any

from local.console import Console
from local.lambdas.pool import MAX_WORKERS, Pool
from local.queues.poller import Poller
from local.queues.sqs import Sqs
from local.stack.app import App

MAX_BATCHES = MAX_WORKERS // 2
"""Batches of one function that run at once, whatever the queues' MaximumConcurrency. Clients use the other workers."""

Run = Callable[[Coroutine[Any, Any, None]], None]
"""Runs a coroutine in the background."""


@contextlib.asynccontextmanager
async def polling(app: App, sqs: Sqs, pools: Mapping[str, Pool], run: Run, console: Console) -> AsyncIterator[None]:
    """
    Poll each event source while the context lasts. Batches that run at its end go on.

    Args:
        run: Runs the batches. The gateway waits for them when it stops.

    """
    workers: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(MAX_BATCHES))
    pollers = [
        Poller(source, sqs, pools[source.function].invoke, workers[source.function], run, console)
        for source in app.event_sources
    ]
    tasks = [asyncio.create_task(poller.poll()) for poller in pollers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
