"""Receives the messages of a queue, and runs a function with each batch of them."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from local.console import Console
from local.errors import faults
from local.lambdas.process import Invocation, Result
from local.queues.records import event, failed_ids
from local.queues.sqs import Message, Sqs, SqsError
from local.stack.event_source_types import EventSource

SHORTEST_PAUSE, LONGEST_PAUSE = 0.05, 0.5
"""Seconds between two looks into an empty queue. Each pause is twice the one before it."""

CONCURRENCY = 5
"""Batches that run at once if the template does not say: as many as Lambda starts with."""

Invoke = Callable[[str, Invocation], Awaitable[Result]]
"""Runs the function with an event in JSON."""


@dataclass
class Poller:
    """
    One event source at work. It receives messages only if their batch can run at once.

    Args:
        workers: Held by each batch. All event sources of a function share it, so that clients find workers too.
        run: Runs a coroutine that ends even if the poller is cancelled.

    """

    source: EventSource
    sqs: Sqs
    invoke: Invoke
    workers: asyncio.Semaphore
    run: Callable[[Coroutine[Any, Any, None]], None]
    console: Console
    _slots: asyncio.Semaphore = field(init=False)
    _problem: str = ""

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.source.concurrency or CONCURRENCY)

    async def poll(self) -> None:
        """Receive messages and start their batches, until cancelled."""
        pause = SHORTEST_PAUSE
        with faults(self.console.fault):
            while True:
                await self._slots.acquire()
                await self.workers.acquire()
                if batch := await self._batch():
                    self.run(self._process(batch))
                    pause = SHORTEST_PAUSE
                    continue
                self._release()
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    async def _batch(self) -> list[Message]:
        """Return the messages of one event. The first of them waits for others as long as the batching window lasts."""
        batch = await self._receive(self.source.batch_size)
        end = time.monotonic() + self.source.window
        while batch and len(batch) < self.source.batch_size and time.monotonic() < end:
            more = await self._receive(self.source.batch_size - len(batch))
            batch += more
            if not more:
                await asyncio.sleep(min(LONGEST_PAUSE, max(0, end - time.monotonic())))
        return batch

    async def _receive(self, count: int) -> list[Message]:
        try:
            messages = await self.sqs.receive(self.source.queue, count)
        except (SqsError, aiohttp.ClientError, TimeoutError) as error:
            self._report(error)
            return []
        self._problem = ""
        return messages

    async def _process(self, batch: list[Message]) -> None:
        """Run the function, and delete the records that it has processed. The others become visible again later."""
        try:
            started = time.perf_counter()
            records = event(batch, self.source.queue, self.sqs.place)
            result = await self.invoke(json.dumps(records), Invocation(self.source.qualifier))
            milliseconds = (time.perf_counter() - started) * 1000
            failed, status = self._outcome(result, {message["MessageId"] for message in batch})
            self.console.invoked(self.source.queue, self.source.function, status, milliseconds, result.cold)
            processed = [message for message in batch if message["MessageId"] not in failed]
            await self.sqs.delete(self.source.queue, processed)
        except (SqsError, aiohttp.ClientError, TimeoutError) as error:
            self._report(error)
        finally:
            self._release()

    def _outcome(self, result: Result, ids: set[str]) -> tuple[set[str], str]:
        """Return the ids of the failed records, and a text for the terminal."""
        if result.error:
            return ids, str(result.error["errorType"])
        failed = failed_ids(result.value, ids) if self.source.reports_failures else set()
        return failed, f"{len(failed)} of {len(ids)} failed" if failed else "done"

    def _release(self) -> None:
        self.workers.release()
        self._slots.release()

    def _report(self, error: Exception) -> None:
        """Print a problem, once for many calls. If the embedded AWS does not answer, the gateway says so and ends."""
        if isinstance(error, SqsError) and str(error) != self._problem:
            self._problem = str(error)
            self.console.refused(self.source.queue, self._problem)
