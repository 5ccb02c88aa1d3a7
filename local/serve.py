"""
Start → serve → shut down: everything that ``python -m local`` runs, in order.

What takes long to import is imported here where it is used: while the embedded AWS, which
takes as long to start, starts in its own process.

"""

import asyncio
import contextlib
import ssl
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from local import ports, welcome
from local.aws import embedded
from local.aws.embedded import Embedded
from local.console import Console
from local.endpoints import BUNDLE, Endpoints
from local.lambdas.surroundings import Surroundings
from local.options import Options
from local.ports import Sockets
from local.stack.app import App
from local.stack.names import execute_api_host


@dataclass(frozen=True)
class Prepared:
    """What a function can run in: the application, its services running, and sockets nobody listens on yet."""

    app: App
    endpoints: Endpoints
    sockets: Sockets
    tls: ssl.SSLContext
    surroundings: Surroundings
    aws: Embedded


async def serve(options: Options, console: Console) -> None:
    """
    Run until cancelled, or until the embedded AWS has died: nothing works without its tables and secrets.

    Raises:
        TemplateError: If the template cannot be served.
        CannotListen: If a port cannot be had.

    """
    async with prepare(options, console) as prepared:
        from local import running

        if prepared.app.functions:
            console.say(f"Starting workers for {', '.join(prepared.app.functions)}")
        async with running.gateway(prepared, options, console):
            welcome.say(prepared.app, prepared.endpoints, options, console)
            console.warn(f"{await prepared.aws.ended()} The gateway stops: start it again.")


@contextlib.asynccontextmanager
async def prepare(options: Options, console: Console) -> AsyncIterator[Prepared]:
    """
    Read the template, bind the ports, and run the services while the context lasts.

    Raises:
        TemplateError: If the template cannot be served.
        CannotListen: If a port cannot be had.

    """
    with (
        ports.bind(options.host, options.port) as sockets,
        tempfile.TemporaryDirectory(prefix="local-gateway-") as folder,
    ):
        console.say(f"Reading {options.template}, and starting the embedded AWS")
        async with embedded.run(sockets.aws, ports.names_of_machine(options.host)) as aws:
            from local.aws.provision import names, provision
            from local.wire import tls

            app, endpoints = _load(options, sockets, Path(folder))
            sockets.aws.close()  # the process has it: once that has died, calls are refused, and do not wait
            for note in app.notes:
                console.warn(note)
            hosts = (execute_api_host(app.api_id), *app.domains)
            context = tls.make([*ports.names(options.host), *hosts], Path(folder))
            await aws.ready()
            if stored := names(app.store):
                console.say(f"Creating {', '.join(stored)}")
            await asyncio.to_thread(provision, app.store, endpoints.dynamodb, endpoints.aws, console)
            if options.aws_endpoint:
                console.say(f"DynamoDB is the one at {options.aws_endpoint}; every other service is the embedded AWS.")
            here = ports.reachable(options.host, sockets.tls)
            surroundings = surroundings_of(endpoints, console, dict.fromkeys(hosts, here), options.debug)
            yield Prepared(app, endpoints, sockets, context, surroundings, aws)


def surroundings_of(
    endpoints: Endpoints, console: Console, hosts: Mapping[str, tuple[str, int]], debug: bool
) -> Surroundings:
    scratch = Path(endpoints.bundle).parent
    return Surroundings(endpoints.environment(), console.logged, hosts, debug, scratch)


def _load(options: Options, sockets: Sockets, folder: Path) -> tuple[App, Endpoints]:
    """Read the template, with our own management API as its parameter WebSocketEndpoint, if it has one."""
    from local.stack.loading import load

    page = f"http://{ports.address(options.host, sockets.page)}"
    aws = f"http://{ports.address(options.host, sockets.aws)}"
    app = load(options.template, options.parameters, options.api, page)

    def variable(name: str) -> str:
        values = (function.environment.get(name) for function in app.functions.values())
        return next(filter(None, values), "")

    return app, Endpoints(
        page=page,
        websocket=f"{page.replace('http', 'ws')}/{app.stage}",
        management=f"{page}/{app.stage}",
        tls=f"https://{ports.address(options.host, sockets.tls)}",
        bundle=str(folder / BUNDLE),
        aws=aws,
        dynamodb=options.aws_endpoint or aws,
        auth_mode=variable("AUTH_MODE"),
        signing_secret=variable("SIGNING_SECRET_NAME"),
    )
