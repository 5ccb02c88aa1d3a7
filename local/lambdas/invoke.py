"""One function, once, with an event from a file."""

import contextlib
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from local.console import Console
from local.endpoints import Endpoints, of_running_gateway
from local.lambdas.process import Result, Worker, WorkerFailed
from local.serve import Options, load_with, prepare
from local.stack.app import App


class CannotInvoke(Exception):
    """The function or the event is not there. The text is a whole sentence."""


async def invoke(function: str, event: str, options: Options, console: Console) -> Result:
    """
    Run a function once.

    It finds the table, the secret and the sockets of the gateway that runs on the same
    port, if one does; else an embedded AWS of its own, empty, for as long as it runs.

    Args:
        function: Its id in the template.
        event: Path of a JSON file; ``-`` for standard input.

    Raises:
        CannotInvoke: If there is no such function, or no such event.

    """
    payload = _read(event)
    async with _surroundings(options, console) as (app, endpoints):
        if function not in app.functions:
            raise CannotInvoke(f"The template has no function {function}; it has {', '.join(app.functions)}.")
        what = app.functions[function]
        try:
            worker = await Worker.start(what, endpoints.environment(), console.logged)
            try:
                return await worker.run(payload, what.timeout)
            finally:
                await worker.stop()
        except WorkerFailed as error:
            return Result(error=error.args[0])


@contextlib.asynccontextmanager
async def _surroundings(options: Options, console: Console) -> AsyncIterator[tuple[App, Endpoints]]:
    if running := of_running_gateway(options.host, options.port):
        console.say(f"Using the gateway that runs at {running.page}/")
        yield load_with(options, running), running
        return
    console.say("No gateway runs here, so the function gets an AWS of its own, with an empty table")
    async with prepare(replace(options, port=0), console) as prepared:
        yield prepared.app, prepared.endpoints


def _read(path: str) -> Any:
    try:
        return json.loads(sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise CannotInvoke(f"The event {path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise CannotInvoke(f"The event {path} is not JSON: {error}.") from error
