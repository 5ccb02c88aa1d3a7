"""Worker processes: several for each function, one event at a time each, as Lambda's environments."""

import asyncio
import math
import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from local.deadlines import Deadlines
from local.lambdas.process import UNQUALIFIED, CannotStart, Invocation, Result, Worker
from local.lambdas.worker_environment import WorkerEnvironment
from local.stack.app import Function

MAX_WORKERS = 16
"""Workers of one function. An event that finds all busy waits for the first that is free."""

KEPT = 2
"""Idle workers of a function that stay: one for the next event, one for the event beside it."""

KEEP_SECONDS = 10
"""Seconds that the others may be idle."""

BUSY_SECONDS = 0.1
"""Seconds that an event waits for a busy worker before another is started for it."""

STARTS_AT_ONCE = os.cpu_count() or 1
"""Workers that start side by side: more would only slow each other down."""


@dataclass(eq=False, slots=True)
class _Job:
    event: str
    done: Callable[[Result], None]
    since: float
    invocation: Invocation


class Pool:
    """
    The workers of one function: warm ones first, another when all are busy.

    Args:
        starts: Held while a worker starts; pools of one machine share it.

    """

    def __init__(self, function: Function, worker_environment: WorkerEnvironment, starts: asyncio.Semaphore) -> None:
        self._function = function
        self._timeout = math.inf if worker_environment.debug else function.timeout
        self._deadlines: Deadlines[Worker] = Deadlines(self._timeout, lambda worker: worker.time_out(self._timeout))
        self._worker_environment = worker_environment
        self._starts = starts
        self._stopped = False
        self._has_started = False
        self._generation = 0
        self._said = ""
        self._idle: list[Worker] = []
        self._waiting: deque[_Job] = deque()
        self._workers: dict[Worker, int] = {}
        self._starting: set[asyncio.Task[None]] = set()
        self._retiring: set[asyncio.Task[None]] = set()
        self._reaper: asyncio.TimerHandle | None = None
        self._looking: asyncio.TimerHandle | None = None

    async def start_ahead(self) -> None:
        """Start the first worker. A handler that cannot be imported has printed why; events will find out too."""
        self._start_one()
        await asyncio.gather(*self._starting)

    def renew(self) -> None:
        """Let no event that comes from now on meet a worker that has started before: the code has changed."""
        self._generation += 1
        self._said = ""
        for worker in self._idle:
            self._retire(worker)
        self._idle.clear()
        if self._has_started:
            self._start_one()

    async def invoke(self, event: str, invocation: Invocation = UNQUALIFIED) -> Result:
        """Run the handler once with an event, as JSON, in the first worker that is free. Errors are in the result."""
        result: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self.submit(event, lambda answer: None if result.done() else result.set_result(answer), invocation)
        return await result

    def submit(self, event: str, done: Callable[[Result], None], invocation: Invocation = UNQUALIFIED) -> None:
        """Do the same, and call back with the result."""
        job = _Job(event, done, time.monotonic(), invocation)
        if self._idle:
            self._run(job, self._idle.pop())
            if len(self._workers) + len(self._starting) < KEPT:
                self._start_one()  # the next event should not wait either
            return
        self._waiting.append(job)
        self._look_soon()

    async def stop(self) -> None:
        """End every process; no other starts."""
        self._stopped = True
        for timer in (self._reaper, self._looking):
            if timer:
                timer.cancel()
        for task in self._starting:
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        await asyncio.gather(*(worker.stop() for worker in self._workers), *self._retiring)

    def _run(self, job: _Job, worker: Worker, *, cold: bool = False) -> None:
        def done(result: Result, is_usable: bool) -> None:
            self._deadlines.discard(worker)
            if is_usable:
                self._give(worker)
            else:
                self._workers.pop(worker, None)
                self._start_for_waiting()
            job.done(replace(result, cold=True) if cold else result)

        self._deadlines.add(worker)
        worker.run(job.event, job.invocation, self._timeout, done)

    def _look_soon(self) -> None:
        # Starting one takes as long as many events, and CPU from those that run: wait a moment for one of them.
        if self._looking is None:
            seconds = BUSY_SECONDS if self._workers or self._starting else 0
            self._looking = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        """Start a worker for each event that has waited long enough for one that is busy."""
        self._looking = None
        latest = time.monotonic() - BUSY_SECONDS if self._workers else math.inf
        for _ in [job for job in self._waiting if job.since <= latest]:
            self._start_for_waiting()
        if self._waiting:
            self._look_soon()

    def _give(self, worker: Worker, *, is_new: bool = False) -> None:
        if self._workers[worker] != self._generation:
            self._retire(worker)
            self._start_for_waiting()
        elif self._waiting:
            self._run(self._waiting.popleft(), worker, cold=is_new)
        else:
            worker.idle_since = time.monotonic()
            self._idle.append(worker)
            self._end_spare_ones_later()

    def _end_spare_ones_later(self) -> None:
        if self._reaper is None and len(self._idle) > KEPT:
            self._reaper = asyncio.get_running_loop().call_later(KEEP_SECONDS, self._end_spare_ones)

    def _end_spare_ones(self) -> None:
        self._reaper = None
        long_ago = time.monotonic() - KEEP_SECONDS
        while len(self._idle) > KEPT and self._idle[0].idle_since <= long_ago:
            self._retire(self._idle.pop(0))  # the last given back is the next taken, so the first has been idle longest
        self._end_spare_ones_later()

    def _lost(self, worker: Worker) -> None:
        """Forget a worker that has died between two events, or the next would wait for it."""
        if worker in self._idle:
            self._idle.remove(worker)
            self._retire(worker)

    def _retire(self, worker: Worker) -> None:
        del self._workers[worker]
        task = asyncio.create_task(worker.stop())
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    def _start_for_waiting(self) -> None:
        if len(self._starting) < len(self._waiting):
            self._start_one()

    def _start_one(self) -> None:
        if not self._stopped and len(self._workers) + len(self._starting) < MAX_WORKERS:
            self._has_started = True
            self._starting.add(asyncio.create_task(self._start()))

    async def _start(self) -> None:
        generation = self._generation
        try:
            async with self._starts:
                generation = self._generation
                worker = await Worker.start(self._function, self._worker_environment, self._lost)
            self._said = ""
        except CannotStart as failed:
            if failed.because != self._said and generation == self._generation:  # once, however many events find out
                self._said = failed.because
                self._worker_environment.cannot_start(self._function, failed.because)
            # All who wait would meet the same failure, unless the code has changed. The next event tries again.
            while self._waiting and generation == self._generation:
                job = self._waiting.popleft()
                job.done(Result(error=failed.error, cold=True))
            return
        finally:
            # Not in a callback of the task: that runs after an event that waited has failed and another has come.
            self._starting -= {asyncio.current_task()}
            if generation != self._generation:
                self._start_for_waiting()
        self._workers[worker] = generation
        self._give(worker, is_new=True)
