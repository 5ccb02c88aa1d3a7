"""``python -m local invoke``: one function, once, with an event from a file."""

import argparse
import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from local.cli.arguments import options_of
from local.cli.output import print_json
from local.console import Console
from local.endpoints import of_running_gateway
from local.errors import CannotDo
from local.lambdas.pool import Pool
from local.lambdas.process import Result
from local.lambdas.worker_environment import WorkerEnvironment
from local.options import Options
from local.stack.app import App
from local.stack.loading import load
from local.start.prepare import prepare, worker_environment_of


class CannotInvoke(CannotDo):
    """The template has no such function, or the event cannot be read."""


def run(arguments: argparse.Namespace) -> int:
    """Run a function once, and print its answer or its error as JSON. Returns 1 for an error."""
    result = asyncio.run(invoke(arguments.function, arguments.event, options_of(arguments), Console(sys.stderr)))
    print_json(result.value if result.error is None else result.error)
    return 0 if result.error is None else 1


async def invoke(function: str, event: str, options: Options, console: Console) -> Result:
    """
    Run a function once.

    If a gateway runs on the same host and port, the function uses that gateway's table, secret and sockets.
    Otherwise it gets an embedded AWS of its own, with an empty table, which ends with the invocation.

    Args:
        function: Its logical id in the template.
        event: Path of a JSON file; ``-`` for standard input.

    Raises:
        CannotInvoke: If the template has no such function, or the event cannot be read as JSON.

    """
    payload = _read(event)
    async with _worker_environment(options, console) as (app, worker_environment):
        if function not in app.functions:
            raise CannotInvoke(f"The template has no function {function}; it has {', '.join(app.functions)}.")
        pool = Pool(app.functions[function], worker_environment, asyncio.Semaphore())
        try:
            return await pool.invoke(payload)
        finally:
            await pool.stop()


@contextlib.asynccontextmanager
async def _worker_environment(options: Options, console: Console) -> AsyncIterator[tuple[App, WorkerEnvironment]]:
    if running := of_running_gateway(options.host, options.port):
        console.say(f"Using the gateway that runs at {running.page}/")
        app = load(options.template, options.parameters, options.api, running.page, running.place)
        yield app, worker_environment_of(app, running, console, debug=False)
        return
    console.say("No gateway runs on this port, so the function gets an embedded AWS of its own, with an empty table.")
    async with prepare(replace(options, port=0), console) as prepared:
        yield prepared.app, prepared.worker_environment


def _read(path: str) -> str:
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
        json.loads(text)
    except OSError as error:
        raise CannotInvoke(f"The event {path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise CannotInvoke(f"The event {path} is not JSON: {error}.") from error
    return text
