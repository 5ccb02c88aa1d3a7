"""The worker processes of one function. Each runs one event at a time, as Lambda's environments do."""

import asyncio
import math
import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from local.deadlines import Deadlines
from local.lambdas.process import UNQUALIFIED, Invocation, Result, Worker
from local.lambdas.spawn import CannotStart
from local.lambdas.worker_environment import WorkerEnvironment
from local.stack.app import Function

MAX_WORKERS = 16
"""Workers of one function. If all are busy, an event waits for the first that is free."""

KEPT = 2
"""Idle workers of a function that the pool keeps: one for the next event, one for an event at the same time."""

KEEP_SECONDS = 10
"""Seconds after which any further idle worker ends."""

BUSY_SECONDS = 0.1
"""Seconds that an event waits for a busy worker before the pool starts another worker for it."""

STARTS_AT_ONCE = os.cpu_count() or 1
"""Workers that start at the same time. More would slow each other down."""


@dataclass(eq=False, slots=True)
class _Job:
    """An event that runs, or waits for a worker since ``since`` (a time of the monotonic clock)."""

    event: str
    on_result: Callable[[Result], None]
    since: float
    invocation: Invocation


class Pool:
    """
    The workers of one function. An event gets an idle worker if there is one.

    Args:
        starts: Held while a worker starts. All pools of a gateway share it.

    """

    def __init__(self, function: Function, worker_environment: WorkerEnvironment, starts: asyncio.Semaphore) -> None:
        self._function = function
        self._timeout = math.inf if worker_environment.debug else function.timeout
        self._deadlines: Deadlines[Worker] = Deadlines(self._timeout, lambda worker: worker.time_out(self._timeout))
        self._worker_environment = worker_environment
        self._starts = starts
        self._stopped = False
        self._has_started = False
        self._generation = 0  # counts the changes of the code
        self._printed_reason = ""
        self._idle: list[Worker] = []
        self._waiting: deque[_Job] = deque()
        self._workers: dict[Worker, int] = {}  # idle and busy ones, with the generation of their code
        self._starting: set[asyncio.Task[None]] = set()
        self._retiring: set[asyncio.Task[None]] = set()
        self._reaper: asyncio.TimerHandle | None = None
        self._growth: asyncio.TimerHandle | None = None

    async def start_ahead(self) -> None:
        """Start the first worker. If its handler cannot be imported, the pool prints why and events fail later."""
        self._start_one()
        await asyncio.gather(*self._starting)

    def renew(self) -> None:
        """Replace all workers, because the code has changed. Later events do not run in workers of the old code."""
        self._generation += 1
        self._printed_reason = ""
        for worker in self._idle:
            self._retire(worker)
        self._idle.clear()
        if self._has_started:
            self._start_one()

    async def invoke(self, event: str, invocation: Invocation = UNQUALIFIED) -> Result:
        """Run the handler once, in the first worker that is free. The event is JSON. Errors are in the result."""
        result: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self.submit(event, lambda answer: None if result.done() else result.set_result(answer), invocation)
        return await result

    def submit(self, event: str, on_result: Callable[[Result], None], invocation: Invocation = UNQUALIFIED) -> None:
        """Do what ``invoke`` does, without a task: call back with the result."""
        job = _Job(event, on_result, time.monotonic(), invocation)
        if self._idle:
            self._run(job, self._idle.pop())
            if len(self._workers) + len(self._starting) < KEPT:
                self._start_one()  # the next event should not wait either
            return
        self._waiting.append(job)
        self._grow_soon()

    async def stop(self) -> None:
        """End every worker, and start no other."""
        self._stopped = True
        for timer in (self._reaper, self._growth):
            if timer:
                timer.cancel()
        for task in self._starting:
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        await asyncio.gather(*(worker.stop() for worker in self._workers), *self._retiring)

    def _run(self, job: _Job, worker: Worker, *, cold: bool = False) -> None:
        def finished(result: Result, is_usable: bool) -> None:
            self._deadlines.discard(worker)
            if is_usable:
                self._assign(worker)
            else:
                self._workers.pop(worker, None)
                self._start_for_waiting()
            job.on_result(replace(result, cold=True) if cold else result)

        self._deadlines.add(worker)
        worker.run(job.event, job.invocation, self._timeout, finished)

    def _grow_soon(self) -> None:
        # A start takes as long as many events, and takes CPU time from those that run. So wait for a busy worker first.
        if self._growth is None:
            seconds = BUSY_SECONDS if self._workers or self._starting else 0
            self._growth = asyncio.get_running_loop().call_later(seconds, self._grow)

    def _grow(self) -> None:
        """Start a worker for each event that has waited BUSY_SECONDS for a busy one."""
        self._growth = None
        latest = time.monotonic() - BUSY_SECONDS if self._workers else math.inf
        for _ in [job for job in self._waiting if job.since <= latest]:
            self._start_for_waiting()
        if self._waiting:
            self._grow_soon()

    def _assign(self, worker: Worker, *, is_new: bool = False) -> None:
        """Give a free worker the next event, or let it idle. A worker of old code ends."""
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
            self._retire(self._idle.pop(0))  # _idle is a stack, so its first worker has been idle longest
        self._end_spare_ones_later()

    def _forget_dead(self, worker: Worker) -> None:
        """Remove a worker that has died while idle. Otherwise the next event would go to it."""
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
                worker = await Worker.start(self._function, self._worker_environment, self._forget_dead)
            self._printed_reason = ""
        except CannotStart as failure:
            self._fail_waiting(failure, generation)
            return
        finally:
            # Here, and not in a done callback: it would run after the waiting events have failed and the next has come.
            self._starting -= {asyncio.current_task()}
            if generation != self._generation:
                self._start_for_waiting()
        self._workers[worker] = generation
        self._assign(worker, is_new=True)

    def _fail_waiting(self, failure: CannotStart, generation: int) -> None:
        """
        Fail every event that waits: another start would fail, too. The next event tries again.

        If the code has changed since the start, the events go on waiting. The reason is printed once for many events.

        """
        if failure.because != self._printed_reason and generation == self._generation:
            self._printed_reason = failure.because
            self._worker_environment.cannot_start(self._function, failure.because)
        while self._waiting and generation == self._generation:
            self._waiting.popleft().on_result(Result(error=failure.error, cold=True))
