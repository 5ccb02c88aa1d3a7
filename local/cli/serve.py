"""``python -m local`` without a command: the gateway, until a signal ends it."""

import argparse
import asyncio
import contextlib
import resource
import signal
from collections.abc import Coroutine
from functools import partial
from typing import Any

import uvloop

from local.cli import welcome
from local.cli.arguments import options_of
from local.console import Console
from local.start.serve import serve


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal comes. Returns 0 after a signal, and 1 if the embedded AWS ends by itself."""
    console = Console()
    options = options_of(arguments)
    _allow_many_sockets()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_until_signalled(serve(options, console, partial(welcome.show, options, console))))
    except asyncio.CancelledError:
        console.say("Stopped.")
        return 0
    finally:
        console.end()
    return 1


def _allow_many_sockets() -> None:
    """Raise the soft limit of open files: each client takes one. 1,024 is usual on Linux, 256 on macOS."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for files in (65_536, 10_240):  # macOS takes 10,240 at most
        wanted = files if hard == resource.RLIM_INFINITY else min(files, hard)
        if soft in (resource.RLIM_INFINITY, max(soft, wanted)):
            return
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            return


async def _until_signalled(serving: Coroutine[Any, Any, None]) -> None:
    task = asyncio.current_task()
    assert task
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    await serving
