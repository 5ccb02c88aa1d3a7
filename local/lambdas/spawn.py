"""Starts the process of a worker: its code, its environment and its command line."""

import asyncio
import dataclasses
import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

from local.lambdas.archives import unpacked
from local.lambdas.worker_environment import WorkerEnvironment, environment_of, task_root
from local.stack.app import Function

ROOT = str(Path(__file__).parents[2])

WORKER = f"import sys; sys.path.insert(0, {ROOT!r}); from local.lambdas import worker; worker.main()"
"""The code that a worker's Python runs. With ``-m``, the function would look for its modules in our folder, too."""


class CannotStart(Exception):
    """
    A worker could not start.

    Attributes:
        error: In Lambda's shape, for the caller of the function.
        because: The reason as a sentence, for the terminal.

    """

    def __init__(self, error: dict[str, Any], because: str) -> None:
        super().__init__(error)
        self.error = error
        self.because = because


async def spawn(function: Function, environment: WorkerEnvironment, channel: int) -> asyncio.subprocess.Process:
    """
    Start a process that will import the handler of a function.

    Args:
        channel: The file descriptor of the process's end of the socket to the gateway.

    Raises:
        CannotStart: If the code cannot be unpacked, or the process cannot start.

    """
    function = await asyncio.to_thread(_unpacked, function, environment.scratch)
    try:
        return await asyncio.create_subprocess_exec(
            # -B: no bytecode. It would hide the second of two edits within a second. Lambda writes none either.
            *(sys.executable, "-P", "-u", "-B", "-c", WORKER, _instructions(function, environment, channel)),
            env=environment_of(function, environment.variables, environment.place),
            cwd=task_root(function),
            pass_fds=[channel],
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches the gateway alone, which then ends the workers
        )
    except OSError as error:
        raise _not_spawned(error, task_root(function)) from error


def _instructions(function: Function, environment: WorkerEnvironment, channel: int) -> str:
    """Return what ``worker.main`` reads, as JSON."""
    return json.dumps(
        {
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
    )


def _unpacked(function: Function, scratch: Path) -> Function:
    try:
        return dataclasses.replace(function, path=tuple(unpacked(folder, scratch) for folder in function.path))
    except (OSError, zipfile.BadZipFile) as error:
        reason = f"its code cannot be unpacked: {error}"
        raise CannotStart({"errorType": "Runtime.StartError", "errorMessage": reason}, f"{reason}.") from error


def _not_spawned(error: OSError, root: Path) -> CannotStart:
    reason = str(error) if root.is_dir() else f"there is no folder {root}."
    return CannotStart(
        {"errorType": "Runtime.StartError", "errorMessage": f"The worker could not start: {reason}"}, reason
    )
