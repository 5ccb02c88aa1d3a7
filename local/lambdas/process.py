"""One worker process, seen from the gateway: start it, give it events, read what it prints, end it."""

import asyncio
import contextlib
import dataclasses
import functools
import json
import math
import os
import signal
import socket
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.lambdas.archives import unpacked
from local.lambdas.output import lines
from local.lambdas.worker_channel import WorkerChannel
from local.lambdas.worker_environment import WorkerEnvironment, environment_of, task_root
from local.stack.app import MAX_TIMEOUT, Function

INIT_TIMEOUT = 30.0
"""Seconds to import a handler in. Lambda gives 10; laptops are slower."""

EXIT_TIMEOUT = 1.0
"""Seconds that a process has to exit after its last word, and its output to end after its exit."""

ROOT = str(Path(__file__).parents[2])

WORKER = f"import sys; sys.path.insert(0, {ROOT!r}); from local.lambdas import worker; worker.main()"
"""What a worker's Python runs. ``-m`` would leave the gateway's folder where the function looks for modules."""


@dataclass(frozen=True)
class Result:
    """
    How one invocation ended.

    Attributes:
        value: What the handler returned, if ``error`` is None.
        error: In Lambda's shape: ``errorType``, ``errorMessage``, perhaps ``stackTrace``.
        cold: Whether a worker had to be started for it.

    """

    value: Any = None
    error: dict[str, Any] | None = None
    cold: bool = False


@dataclass(frozen=True)
class Invocation:
    """
    What a caller says beside the event.

    Attributes:
        qualifier: The alias or the version of the function; empty for neither.
        client_context: JSON, or empty for none.
        tenant_id: None for a function without tenants.

    """

    qualifier: str = ""
    client_context: str = ""
    tenant_id: str | None = None


UNQUALIFIED = Invocation()


class CannotStart(Exception):
    """
    The process could not start.

    Attributes:
        error: In Lambda's shape.
        because: A sentence.

    """

    def __init__(self, error: dict[str, Any], because: str) -> None:
        super().__init__(error)
        self.error = error
        self.because = because


class Worker:
    """One process of one function."""

    def __init__(
        self, process: asyncio.subprocess.Process, channel: WorkerChannel, lost: Callable[["Worker"], None]
    ) -> None:
        self._process = process
        self._channel = channel
        self._lost = lost
        self._done: Callable[[Result, bool], None] | None = None
        self._output: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self.idle_since = 0.0

    @classmethod
    async def start(
        cls, function: Function, environment: WorkerEnvironment, lost: Callable[["Worker"], None]
    ) -> "Worker":
        """
        Start a process and wait until it has imported its handler.

        Args:
            lost: Called if the process ends while it runs no event.

        Raises:
            CannotStart: If the handler could not be imported.

        """
        function = await asyncio.to_thread(_unpacked, function, environment.scratch)
        ours, theirs = socket.socketpair()
        with theirs:
            channel = await WorkerChannel.over(ours)
            try:
                process = await _spawn(function, environment, theirs.fileno())
            except BaseException as error:
                channel.close()
                if isinstance(error, OSError):
                    raise _not_spawned(error, function) from error
                raise
        worker = cls(process, channel, lost)
        worker._output = asyncio.create_task(worker._read_output(function.name, environment.output))
        try:
            await worker._import(math.inf if environment.debug else INIT_TIMEOUT)
        except BaseException:
            await worker.stop()
            raise
        return worker

    async def _import(self, seconds: float) -> None:
        imported: asyncio.Future[dict[str, Any] | None] = asyncio.get_running_loop().create_future()
        self._channel.expect(lambda answer: None if imported.done() else imported.set_result(answer))
        try:
            async with asyncio.timeout(None if seconds == math.inf else seconds):
                answer = await imported
        except TimeoutError:
            because = f"its handler is not imported within {seconds:g} seconds."
            raise CannotStart(_timed_out("Init", seconds), because) from None
        if answer is None:
            error = await self._why_it_ended()
            raise CannotStart(error, f"importing its handler ends the process: {error['errorMessage']}.")
        if "init_error" in answer:
            raise CannotStart(answer["init_error"], answer["because"])
        self._channel.expect(self._answered)

    def run(self, event: str, invocation: Invocation, seconds: float, done: Callable[[Result, bool], None]) -> None:
        """
        Run the handler once.

        Args:
            event: JSON.
            seconds: The function's timeout, as the handler may ask for it; ``time_out`` is for the caller to say.
            done: Called with what came of it, and with False if the worker cannot run another event:
                the process died, or was killed when its time was up.

        """
        self._done = done
        deadline_ms = int((time.time() + min(seconds, MAX_TIMEOUT)) * 1000)
        said = _members(invocation)
        self._channel.ask(f'{{"deadline_ms": {deadline_ms}, "invocation": {said}, "event": {event}}}'.encode())

    def _answered(self, answer: dict[str, Any] | None) -> None:
        done, self._done = self._done, None
        if done is None:
            self._lost(self)
        elif answer is None:
            self._end(None, done)
        else:
            done(Result(answer.get("result"), answer.get("error")), True)

    def time_out(self, seconds: float) -> None:
        """End the process, and what it runs: its time is up."""
        done, self._done = self._done, None
        if done:
            self._end(_timed_out("Task", seconds), done)

    def _end(self, error: dict[str, Any] | None, done: Callable[[Result, bool], None]) -> None:
        async def end() -> None:
            why = error or await self._why_it_ended()
            await self.stop()
            done(Result(error=why), False)

        self._channel.expect(None)
        self._ending = asyncio.create_task(end())

    async def stop(self) -> None:
        """Kill the process and whatever it has started, and wait until all it printed is read."""
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: all of it are zombies
            os.killpg(self._process.pid, signal.SIGKILL)
        self._channel.close()
        if not await self._has_ended():
            # What left the process's session lives on, and may hold its output open. Nobody reads it any more.
            self._process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001 - there is no public way
            await self._process.wait()

    async def _why_it_ended(self) -> dict[str, Any]:
        """Return the error of a process that has closed its channel by itself."""
        await self._has_ended()
        await self.stop()
        text = f"Runtime exited with {_describe(self._process.returncode)}"
        return {"errorType": "Runtime.ExitError", "errorMessage": text}

    async def _has_ended(self) -> bool:
        """Wait until the process has exited and all it printed is read, but not for long."""
        ending = [asyncio.ensure_future(self._process.wait()), *([self._output] if self._output else [])]
        _, pending = await asyncio.wait(ending, timeout=EXIT_TIMEOUT)
        return not pending

    async def _read_output(self, name: str, output: Callable[[str, str], None]) -> None:
        assert self._process.stdout
        async for line in lines(self._process.stdout):
            output(name, line)


@functools.lru_cache(maxsize=100)
def _members(invocation: Invocation) -> str:
    return json.dumps(dataclasses.asdict(invocation))


async def _spawn(function: Function, environment: WorkerEnvironment, channel: int) -> asyncio.subprocess.Process:
    what = {
        "fd": channel,
        "arn": environment.place.function_arn(function.aws_name),
        "aliases": dict(function.aliases),
        "handler": function.handler,
        "inline": function.inline,
        "path": [str(folder) for folder in function.path],
        "hosts": [dataclasses.astuple(host) for host in environment.hosts],
        "authority": environment.authority and str(environment.authority),
        "debug": environment.debug,
        "home": os.getcwd(),
    }
    return await asyncio.create_subprocess_exec(
        # Without bytecode of its own (-B): two edits within a second look alike to it, and Lambda's is read-only.
        *(sys.executable, "-P", "-u", "-B", "-c", WORKER, json.dumps(what)),
        env=environment_of(function, environment.variables, environment.place),
        cwd=task_root(function),
        pass_fds=[channel],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C reaches the gateway alone, which then ends the workers
    )


def _unpacked(function: Function, scratch: Path) -> Function:
    try:
        return dataclasses.replace(function, path=tuple(unpacked(each, scratch) for each in function.path))
    except (OSError, zipfile.BadZipFile) as error:
        text = f"its code cannot be unpacked: {error}"
        raise CannotStart({"errorType": "Runtime.StartError", "errorMessage": text}, f"{text}.") from error


def _not_spawned(error: OSError, function: Function) -> CannotStart:
    root = task_root(function)
    text = str(error) if root.is_dir() else f"there is no folder {root}."
    what = {"errorType": "Runtime.StartError", "errorMessage": f"The worker could not start: {text}"}
    return CannotStart(what, text)


def _timed_out(what: str, seconds: float) -> dict[str, str]:
    return {"errorType": "Sandbox.Timedout", "errorMessage": f"{what} timed out after {seconds:.2f} seconds"}


def _describe(returncode: int | None) -> str:
    if returncode is not None and returncode < 0:
        known = -returncode in {each.value for each in signal.Signals}
        return f"signal: {signal.Signals(-returncode).name if known else -returncode}"
    return f"exit status {returncode}"
