"""Serves from start to end: prepares the gateway, runs it, and stops it."""

from collections.abc import Callable

from local.console import Console
from local.endpoints import Endpoints
from local.options import Options
from local.stack.app import App
from local.start.prepare import prepare


async def serve(options: Options, console: Console, ready: Callable[[App, Endpoints], None]) -> None:
    """
    Serve until cancelled, or until the embedded AWS ends: no function works without its tables and secrets.

    Args:
        ready: Called when clients can connect.

    Raises:
        TemplateError: If the template cannot be served.
        CannotListen: If a port cannot be bound.

    """
    async with prepare(options, console) as prepared:
        from local.start import running

        if prepared.app.functions:
            console.say(f"Starting workers for {', '.join(prepared.app.functions)}")
        async with running.gateway(prepared, options, console):
            ready(prepared.app, prepared.endpoints)
            console.warn(f"{await prepared.aws.ended()} The gateway stops: start it again.")
