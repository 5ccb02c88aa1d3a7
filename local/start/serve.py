"""Start → serve → shut down: everything that ``python -m local`` runs, in order."""

from collections.abc import Callable

from local.console import Console
from local.endpoints import Endpoints
from local.options import Options
from local.stack.app import App
from local.start.prepare import prepare


async def serve(options: Options, console: Console, ready: Callable[[App, Endpoints], None]) -> None:
    """
    Run until cancelled, or until the embedded AWS has died: nothing works without its tables and secrets.

    Args:
        ready: Called once clients can connect.

    Raises:
        TemplateError: If the template cannot be served.
        CannotListen: If a port cannot be had.

    """
    async with prepare(options, console) as prepared:
        from local.start import running

        if prepared.app.functions:
            console.say(f"Starting workers for {', '.join(prepared.app.functions)}")
        async with running.gateway(prepared, options, console):
            ready(prepared.app, prepared.endpoints)
            console.warn(f"{await prepared.aws.ended()} The gateway stops: start it again.")
