"""One worker process, seen from the gateway: start it, run events in it, read what it prints, end it."""

import asyncio
import contextlib
import dataclasses
import functools
import json
import math
import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.lambdas.output import lines
from local.lambdas.spawn import CannotStart, spawn
from local.lambdas.worker_channel import WorkerChannel
from local.lambdas.worker_environment import WorkerEnvironment
from local.stack.app import MAX_TIMEOUT, Function

EXIT_TIMEOUT = 1.0
"""Seconds that a process has to exit, and its output to end, after it has closed its channel or was killed."""


@dataclass(frozen=True)
class Result:
    """
    The result of one invocation.

    Attributes:
        value: What the handler returned, if ``error`` is None.
        error: In Lambda's shape: ``errorType``, ``errorMessage``, perhaps ``stackTrace``.
        cold: Whether the event waited for a worker to start.

    """

    value: Any = None
    error: dict[str, Any] | None = None
    cold: bool = False


@dataclass(frozen=True)
class Invocation:
    """
    The parameters of an invocation, except the event.

    Attributes:
        qualifier: The alias or the version of the function; empty for neither.
        client_context: JSON, or empty for none.
        tenant_id: None for a function without tenants.

    """

    qualifier: str = ""
    client_context: str = ""
    tenant_id: str | None = None


UNQUALIFIED = Invocation()

Finished = Callable[[Result, bool], None]
"""Called once with the result of an event, and with whether the worker can run another event."""


class Worker:
    """One process of one function."""

    def __init__(
        self, process: asyncio.subprocess.Process, channel: WorkerChannel, on_exit: Callable[["Worker"], None]
    ) -> None:
        self._process = process
        self._channel = channel
        self._on_exit = on_exit
        self._finished: Finished | None = None
        self._output: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self.idle_since = 0.0

    @classmethod
    async def start(
        cls, function: Function, environment: WorkerEnvironment, on_exit: Callable[["Worker"], None]
    ) -> "Worker":
        """
        Start a process and wait until it has imported its handler.

        Args:
            on_exit: Called if the process ends while it runs no event.

        Raises:
            CannotStart: If the process does not start, or cannot import the handler in time.

        """
        ours, theirs = socket.socketpair()
        with theirs:
            channel = await WorkerChannel.over(ours)
            try:
                process = await spawn(function, environment, theirs.fileno())
            except BaseException:
                channel.close()
                raise
        worker = cls(process, channel, on_exit)
        worker._output = asyncio.create_task(worker._read_output(function.name, environment.output))
        try:
            await worker._import_handler(math.inf if environment.debug else environment.init_timeout)
        except BaseException:
            await worker.stop()
            raise
        return worker

    async def _import_handler(self, seconds: float) -> None:
        imported: asyncio.Future[dict[str, Any] | None] = asyncio.get_running_loop().create_future()
        self._channel.expect(lambda answer: None if imported.done() else imported.set_result(answer))
        try:
            async with asyncio.timeout(None if seconds == math.inf else seconds):
                answer = await imported
        except TimeoutError:
            because = f"importing its handler takes longer than {seconds:g} seconds."
            raise CannotStart(_timed_out("Init", seconds), because) from None
        if answer is None:
            error = await self._exit_error()
            raise CannotStart(error, f"importing its handler ends the process: {error['errorMessage']}.")
        if "init_error" in answer:
            raise CannotStart(answer["init_error"], answer["because"])
        self._channel.expect(self._on_answer)

    def run(self, event: str, invocation: Invocation, seconds: float, finished: Finished) -> None:
        """
        Run the handler once.

        Args:
            event: JSON.
            seconds: The function's timeout. The handler can ask how much of it is left; the caller must call
                ``time_out`` when it has passed.
            finished: Called with the result. The worker cannot run another event if the process has died, or was
                killed because its time was up.

        """
        self._finished = finished
        deadline_ms = int((time.time() + min(seconds, MAX_TIMEOUT)) * 1000)
        order = f'{{"deadline_ms": {deadline_ms}, "invocation": {_as_json(invocation)}, "event": {event}}}'
        self._channel.send(order.encode())

    def _on_answer(self, answer: dict[str, Any] | None) -> None:
        finished, self._finished = self._finished, None
        if finished is None:
            self._on_exit(self)
        elif answer is None:
            self._end(None, finished)
        else:
            finished(Result(answer.get("result"), answer.get("error")), True)

    def time_out(self, seconds: float) -> None:
        """Kill the process, because the event that it runs has used up its time."""
        finished, self._finished = self._finished, None
        if finished:
            self._end(_timed_out("Task", seconds), finished)

    def _end(self, error: dict[str, Any] | None, finished: Finished) -> None:
        """End the process and finish the event with an error: this one, or else how the process exited."""

        async def end() -> None:
            reason = error or await self._exit_error()
            await self.stop()
            finished(Result(error=reason), False)

        self._channel.expect(None)
        self._ending = asyncio.create_task(end())

    async def stop(self) -> None:
        """Kill the process and every process that it has started, and read the rest of its output."""
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: all of them are zombies
            os.killpg(self._process.pid, signal.SIGKILL)
        self._channel.close()
        if not await self._has_ended():
            # A child that has left the process group lives on and may hold the output open. Nobody reads it any more.
            self._process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001 - there is no public way
            await self._process.wait()

    async def _exit_error(self) -> dict[str, Any]:
        """Return the error of a process that has closed its channel by itself."""
        await self._has_ended()
        await self.stop()
        message = f"Runtime exited with {_exit_reason(self._process.returncode)}"
        return {"errorType": "Runtime.ExitError", "errorMessage": message}

    async def _has_ended(self) -> bool:
        """Wait at most EXIT_TIMEOUT until the process has exited and all its output is read. Return whether it has."""
        ending = [asyncio.ensure_future(self._process.wait()), *([self._output] if self._output else [])]
        _, pending = await asyncio.wait(ending, timeout=EXIT_TIMEOUT)
        return not pending

    async def _read_output(self, name: str, output: Callable[[str, str], None]) -> None:
        assert self._process.stdout
        async for line in lines(self._process.stdout):
            output(name, line)


@functools.lru_cache(maxsize=100)
def _as_json(invocation: Invocation) -> str:
    return json.dumps(dataclasses.asdict(invocation))


def _timed_out(phase: str, seconds: float) -> dict[str, str]:
    return {"errorType": "Sandbox.Timedout", "errorMessage": f"{phase} timed out after {seconds:.2f} seconds"}


def _exit_reason(returncode: int | None) -> str:
    """Return how a process ended, in Lambda's words: "exit status 1", "signal: SIGKILL"."""
    if returncode is not None and returncode < 0:
        is_known = -returncode in {known.value for known in signal.Signals}
        return f"signal: {signal.Signals(-returncode).name if is_known else -returncode}"
    return f"exit status {returncode}"
