"""Start → serve → shut down: everything that ``python -m local`` runs, in order."""

import asyncio
import contextlib
import errno
import ipaddress
import os
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from aiohttp import web

from local.api.gateway import INTEGRATION_TIMEOUT, Gateway
from local.aws import embedded
from local.aws.provision import provision
from local.console import BOLD, Console
from local.endpoints import Endpoints
from local.lambdas.pool import STARTS_AT_ONCE, Pool
from local.stack.app import App, load
from local.wire import management
from local.wire.sockets import Limits, Listener


@dataclass(frozen=True)
class Options:
    """
    Attributes:
        port: Of the sockets and the page; the next two are the management API's and
            the embedded AWS's. 0 takes any three that are free.
        aws_endpoint: URL of another DynamoDB, or None for the embedded one.
        integration_timeout: Seconds that a route waits for its function.

    """

    template: Path = Path("template.yaml")
    host: str = "127.0.0.1"
    port: int = 3001
    parameters: dict[str, str] = field(default_factory=dict)
    aws_endpoint: str | None = None
    limits: Limits = field(default_factory=Limits)
    integration_timeout: float = INTEGRATION_TIMEOUT


class CannotListen(Exception):
    """A port cannot be had. The text says which, and what to do."""


@dataclass(frozen=True)
class Sockets:
    """Bound before anything starts, so that a taken port costs nobody a wait."""

    page: socket.socket
    management: socket.socket
    aws: socket.socket


@dataclass(frozen=True)
class Prepared:
    """What a function can run in: the application, its services running, and sockets nobody listens on yet."""

    app: App
    endpoints: Endpoints
    sockets: Sockets


async def serve(options: Options, console: Console) -> NoReturn:
    """
    Run until cancelled.

    Raises:
        TemplateError: If the template cannot be served.
        CannotListen: If a port cannot be had.

    """
    async with prepare(options, console) as prepared, contextlib.AsyncExitStack() as stack:
        app, endpoints = prepared.app, prepared.endpoints
        console.say(f"Starting workers for {', '.join(app.functions)}")
        pools = await stack.enter_async_context(_running_pools(app, endpoints, console))
        gateway = Gateway(
            app,
            invoke=lambda function, event: pools[function].invoke(event),
            domain_name=endpoints.page.removeprefix("http://"),
            console=console,
            integration_timeout=options.integration_timeout,
        )
        await stack.enter_async_context(_management(gateway, prepared.sockets.management))
        listener = Listener(gateway, options.limits, vars(endpoints))
        await stack.enter_async_context(listener.listen(prepared.sockets.page))

        _welcome(endpoints, options, console)
        await asyncio.Event().wait()
    raise AssertionError("cancellation is the only way out")


@contextlib.asynccontextmanager
async def prepare(options: Options, console: Console) -> AsyncIterator[Prepared]:
    """
    Read the template, bind the ports, and run the services while the context lasts.

    Raises:
        TemplateError: If the template cannot be served.
        CannotListen: If a port cannot be had.

    """
    console.say(f"Reading {options.template}")
    app = load(options.template, options.parameters)
    with _bind(options.host, options.port) as sockets:
        endpoints = _endpoints(options, sockets, app)
        app = load_with(options, endpoints)
        console.say("Starting the embedded AWS")
        async with embedded.run(sockets.aws):
            console.say(f"Creating {_names(app)}")
            await asyncio.to_thread(provision, app, endpoints.dynamodb, endpoints.aws, console)
            if options.aws_endpoint:
                console.say(f"DynamoDB is the one at {options.aws_endpoint}; every other service is the embedded AWS.")
            yield Prepared(app, endpoints, sockets)


def load_with(options: Options, endpoints: Endpoints) -> App:
    """Read the template, with our own management API as its parameter WebSocketEndpoint, if it has one."""
    app = load(options.template, options.parameters)
    if "WebSocketEndpoint" not in app.parameters:
        return app
    return load(options.template, {"WebSocketEndpoint": endpoints.management} | options.parameters)


@contextlib.asynccontextmanager
async def _running_pools(app: App, endpoints: Endpoints, console: Console) -> AsyncIterator[dict[str, Pool]]:
    """Run the workers of every function while the context lasts."""
    starts = asyncio.Semaphore(STARTS_AT_ONCE)
    environment = endpoints.environment()
    pools = {name: Pool(each, environment, console.logged, starts) for name, each in app.functions.items()}
    try:
        await asyncio.gather(*(pool.start_ahead() for pool in pools.values()))
        yield pools
    finally:
        await asyncio.gather(*(pool.stop() for pool in pools.values()))


@contextlib.contextmanager
def _bind(host: str, port: int) -> Iterator[Sockets]:
    with contextlib.ExitStack() as stack:

        def bind(number: int, purpose: str) -> socket.socket:
            try:
                family = socket.getaddrinfo(host, number)[0][0]
                return stack.enter_context(socket.create_server((host, number), family=family, backlog=1024))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    advice = "Stop what is using it, or choose three others with --port (in make: ARGS='--port 3999')."
                    raise CannotListen(f"Port {number}, {purpose}, is taken. {advice}") from error
                raise CannotListen(f"Cannot listen on {host} port {number}: {error.strerror or error}.") from error

        yield Sockets(
            page=bind(port, "for the page and the sockets"),
            management=bind(port and port + 1, "for the management API"),
            aws=bind(port and port + 2, "for the embedded AWS"),
        )


def _endpoints(options: Options, sockets: Sockets, app: App) -> Endpoints:
    def at(sock: socket.socket) -> str:
        host = "127.0.0.1" if _is_any(options.host) else options.host
        return f"{f'[{host}]' if ':' in host else host}:{sock.getsockname()[1]}"

    def variable(name: str) -> str:
        values = (function.environment.get(name) for function in app.functions.values())
        return next(filter(None, values), "")

    aws = f"http://{at(sockets.aws)}"
    return Endpoints(
        page=f"http://{at(sockets.page)}",
        websocket=f"ws://{at(sockets.page)}/{app.stage}",
        management=f"http://{at(sockets.management)}/{app.stage}",
        aws=aws,
        dynamodb=options.aws_endpoint or aws,
        auth_mode=variable("AUTH_MODE"),
        signing_secret=variable("SIGNING_SECRET_NAME"),
    )


@contextlib.asynccontextmanager
async def _management(gateway: Gateway, sock: socket.socket) -> AsyncIterator[None]:
    runner = web.AppRunner(management.application(gateway), access_log=None)
    await runner.setup()
    await web.SockSite(runner, sock).start()
    try:
        yield
    finally:
        await runner.cleanup()


def _welcome(endpoints: Endpoints, options: Options, console: Console) -> None:
    console.say()
    console.say(console.paint("The hub is ready.", BOLD))
    console.say(f"  Page         {endpoints.page}/")
    console.say(f"  WebSocket    {endpoints.websocket}")
    console.say(f"  Management   {endpoints.management}/@connections/{{id}}")
    console.say(f"  AWS          {endpoints.aws}")
    if endpoints.dynamodb != endpoints.aws:
        console.say(f"  DynamoDB     {endpoints.dynamodb}")
    console.say()
    console.say("Open the page in two windows, or in another terminal join the session me, and send it a message:")
    console.say(f'  {_client()} "{_example_url(endpoints, options)}"')
    console.say('  {"action": "sendMessage", "sessions": ["me"], "message": "hello"}')
    console.say()
    if endpoints.auth_mode == "none":
        console.warn("AUTH_MODE is none: whoever knows or guesses a session id can join that session and listen to it.")
    if not _is_loopback(options.host):
        console.warn(f"Listening on {options.host}: every machine that reaches this one can connect.")
    console.say("Press Ctrl-C to stop.")
    console.say()


def _example_url(endpoints: Endpoints, options: Options) -> str:
    python = os.path.relpath(sys.executable)
    where = "" if options.port == Options.port else f" --port {urlsplit(endpoints.page).port}"
    if endpoints.auth_mode == "jwt":
        return f"{endpoints.websocket}?token=$({python} -m local token --session me{where})"
    if endpoints.auth_mode == "signature":
        return f"$({python} -m local sign --session me --url{where})"
    return f"{endpoints.websocket}?session_id=me"


def _client() -> str:
    """Return how to start the websockets library's own client from here: it is installed beside this Python."""
    command = Path(sys.executable).with_name("websockets")
    return os.path.relpath(command) if command.exists() else f"{sys.executable} -m websockets"


def _names(app: App) -> str:
    return ", ".join([table["TableName"] for table in app.tables] + [secret["Name"] for secret in app.secrets])


def _is_any(host: str) -> bool:
    return host in {"", "0.0.0.0", "::"}  # noqa: S104 - recognised, not bound


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
