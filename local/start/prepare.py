"""
Prepares the gateway: binds the ports, reads the template, and starts the embedded AWS with the template's resources.

Modules that take long to import are imported inside the functions that use them. The embedded AWS takes as long to
start, and starts in its own process meanwhile.

"""

import asyncio
import contextlib
import socket
import ssl
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from local.aws import embedded
from local.aws.callers import Caller
from local.aws.embedded import Embedded
from local.console import Console
from local.endpoints import AUTHORITY, BUNDLE, Endpoints
from local.lambdas.hosts import hosts_of
from local.lambdas.worker_environment import WorkerEnvironment, access_key
from local.options import Options
from local.stack.app import App
from local.stack.permissions import user_of
from local.start import ports
from local.start.ports import Sockets


@dataclass(frozen=True)
class Prepared:
    """The application with its running services, and the sockets, which accept no connection yet."""

    app: App
    endpoints: Endpoints
    sockets: Sockets
    tls: ssl.SSLContext
    worker_environment: WorkerEnvironment
    aws: Embedded


@contextlib.asynccontextmanager
async def prepare(options: Options, console: Console) -> AsyncIterator[Prepared]:
    """
    Read the template, bind the ports, and run the services while the context lasts.

    Raises:
        TemplateError: If the template cannot be served.
        CannotListen: If a port cannot be bound.

    """
    with (
        ports.bind(options.host, options.port) as sockets,
        socket.create_server(("127.0.0.1", 0)) as relayed,
        tempfile.TemporaryDirectory(prefix="local-gateway-") as folder,
    ):
        console.say(f"Reading {options.template}, and starting the embedded AWS")
        async with embedded.run(sockets.aws, options.place, ports.names_of_machine(options.host)) as aws:
            from local.aws.provision import names, provision
            from local.aws.relay import relay
            from local.wire import tls

            app, endpoints = _load(options, sockets, relayed, Path(folder))
            aws_address = ports.reachable(options.host, sockets.aws)
            sockets.aws.close()  # the process of the embedded AWS has it: once that ends, calls fail and do not hang
            for note in app.notes:
                console.warn(note)
            context = tls.make([*ports.certificate_names(options.host), *app.domains], Path(folder))
            await aws.ready(_callers(app))
            if stored := names(app.store):
                console.say(f"Creating {', '.join(stored)}")
            await asyncio.to_thread(provision, app.store, endpoints.dynamodb, endpoints.aws, console, app.place)
            if options.aws_endpoint:
                console.say(f"DynamoDB is at {options.aws_endpoint}. The embedded AWS serves every other service.")
            async with relay(relayed, context, aws_address):
                worker_environment = worker_environment_of(app, endpoints, console, options.debug)
                yield Prepared(app, endpoints, sockets, context, worker_environment, aws)


def _callers(app: App) -> dict[str, Caller]:
    """Return the functions whose roles are in the template, by their access keys."""
    return {
        access_key(function): Caller(user_of(function, app.place), function.policy)
        for function in app.functions.values()
        if function.policy is not None
    }


def worker_environment_of(app: App, endpoints: Endpoints, console: Console, debug: bool) -> WorkerEnvironment:
    """Return the environment in which workers reach a gateway's endpoints and print to a console."""
    folder = Path(endpoints.bundle).parent
    return WorkerEnvironment(
        variables=endpoints.environment(),
        output=console.logged,
        hosts=hosts_of(app, endpoints),
        authority=folder / AUTHORITY,
        debug=debug,
        scratch=folder,
        place=app.place,
    )


def _load(options: Options, sockets: Sockets, relayed: socket.socket, folder: Path) -> tuple[App, Endpoints]:
    """
    Read the template.

    If the template has the parameter WebSocketEndpoint, set it to the URL of the gateway's management API.

    """
    from local.stack.loading import load

    page = f"http://{ports.address(options.host, sockets.page)}"
    aws = f"http://{ports.address(options.host, sockets.aws)}"
    app = load(options.template, options.parameters, options.api, page, options.place)

    def variable(name: str) -> str:
        values = (function.environment.get(name) for function in app.functions.values())
        return next(filter(None, values), "")

    has_provider = bool(variable("JWKS_URL"))
    return app, Endpoints(
        page=page,
        websocket=f"{page.replace('http', 'ws')}/{app.stage}",
        management=f"{page}/{app.stage}",
        tls=f"https://{ports.address(options.host, sockets.tls)}",
        bundle=str(folder / BUNDLE),
        aws=aws,
        aws_tls=f"https://{ports.address('127.0.0.1', relayed)}",
        dynamodb=options.aws_endpoint or aws,
        auth_mode=variable("AUTH_MODE"),
        signing_secret=variable("SIGNING_SECRET_NAME"),
        provider=variable("JWT_ISSUER") if has_provider else "",
        session_claim=variable("JWT_SESSION_CLAIM") if has_provider else "session_id",
        region=app.place.region,
        account=app.place.account,
    )
