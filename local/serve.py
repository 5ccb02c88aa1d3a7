"""Start → serve → shut down: everything that ``python -m local`` runs, in order."""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

from aiohttp import web

from local import ports, welcome
from local.api.gateway import Gateway
from local.api.integrations import INTEGRATION_TIMEOUT, Integrations
from local.aws import embedded
from local.aws.provision import names, provision
from local.console import Console
from local.endpoints import Endpoints
from local.lambdas.pool import STARTS_AT_ONCE, Pool
from local.lambdas.process import Result, Surroundings, access_key
from local.lambdas.watch import watch
from local.ports import Sockets
from local.stack.app import App, LambdaAuthorizer, LambdaIntegration
from local.stack.loading import load
from local.stack.names import execute_api_host
from local.wire import tls
from local.wire.http import application
from local.wire.invocations import Invocations
from local.wire.listener import Listener
from local.wire.management import ManagementApi
from local.wire.tls import Tls
from local.wire.websocket import Limits


@dataclass(frozen=True)
class Options:
    """
    Attributes:
        api: The logical id of the API to serve; None for the first.
        port: Of the sockets, the management API and the page; the next two are those of the same by TLS,
            and of the embedded AWS. 0 takes any three that are free.
        aws_endpoint: URL of another DynamoDB, or None for the embedded one.
        integration_timeout: Seconds that a route waits for its function.
        wss: Whether clients are told of TLS, too.
        debug: Whether ``breakpoint()`` waits for a debugger, and nothing times out.
        runs_disconnect: Whether ``$disconnect`` comes at all.

    """

    template: Path = Path("template.yaml")
    api: str | None = None
    host: str = "127.0.0.1"
    port: int = 3001
    parameters: dict[str, str] = field(default_factory=dict)
    aws_endpoint: str | None = None
    limits: Limits = field(default_factory=Limits)
    integration_timeout: float = INTEGRATION_TIMEOUT
    wss: bool = False
    debug: bool = False
    runs_disconnect: bool = True


@dataclass(frozen=True)
class Prepared:
    """What a function can run in: the application, its services running, and sockets nobody listens on yet."""

    app: App
    endpoints: Endpoints
    sockets: Sockets
    tls: Tls
    surroundings: Surroundings


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
        pools = await stack.enter_async_context(_running_pools(app, prepared.surroundings))
        gateway = Gateway(
            app,
            Integrations(
                invoke=lambda function, event: pools[function].invoke(event),
                console=console,
                timeout=float("inf") if options.debug else options.integration_timeout,
            ),
            domain_name=endpoints.tls.removeprefix("https://"),
            runs_disconnect=options.runs_disconnect,
        )
        await stack.enter_async_context(_listening(gateway, prepared, options.limits, pools, console))
        watching = asyncio.create_task(watch(options.template, app.functions, pools, console))
        stack.callback(watching.cancel)
        welcome.say(app, endpoints, prepared.tls, options, console)
        await watching
    raise AssertionError("cancellation is the only way out")


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
        async with embedded.run(sockets.aws) as aws_is_ready:
            app, endpoints = _load(options, sockets, Path(folder))
            for note in app.notes:
                console.warn(note)
            hosts = (execute_api_host(app.api_id), *app.domains)
            secure = tls.make([*ports.names(options.host), *hosts], Path(folder))
            await aws_is_ready
            if stored := names(app.store):
                console.say(f"Creating {', '.join(stored)}")
            await asyncio.to_thread(provision, app.store, endpoints.dynamodb, endpoints.aws, console)
            if options.aws_endpoint:
                console.say(f"DynamoDB is the one at {options.aws_endpoint}; every other service is the embedded AWS.")
            here = sockets.tls.getsockname()[:2]
            surroundings = surroundings_of(endpoints, console, dict.fromkeys(hosts, here), options.debug)
            yield Prepared(app, endpoints, sockets, secure, surroundings)


def surroundings_of(
    endpoints: Endpoints, console: Console, hosts: Mapping[str, tuple[str, int]], debug: bool
) -> Surroundings:
    return Surroundings(endpoints.environment(), console.logged, hosts, debug)


def _load(options: Options, sockets: Sockets, folder: Path) -> tuple[App, Endpoints]:
    """Read the template, with our own management API as its parameter WebSocketEndpoint, if it has one."""
    page = f"http://{ports.address(options.host, sockets.page)}"
    aws = f"http://{ports.address(options.host, sockets.aws)}"
    endpoints = Endpoints(
        page=page,
        websocket="",
        management="",
        tls=f"https://{ports.address(options.host, sockets.tls)}",
        bundle=str(folder / tls.BUNDLE),
        aws=aws,
        dynamodb=options.aws_endpoint or aws,
        auth_mode="",
        signing_secret="",
    )
    app = load(options.template, options.parameters, options.api, page)

    def variable(name: str) -> str:
        values = (function.environment.get(name) for function in app.functions.values())
        return next(filter(None, values), "")

    return app, replace(
        endpoints,
        websocket=f"{page.replace('http', 'ws')}/{app.stage}",
        management=f"{page}/{app.stage}",
        auth_mode=variable("AUTH_MODE"),
        signing_secret=variable("SIGNING_SECRET_NAME"),
    )


@contextlib.asynccontextmanager
async def _running_pools(app: App, surroundings: Surroundings) -> AsyncIterator[dict[str, Pool]]:
    """Run the workers of every function while the context lasts; one of each that the API itself calls, at once."""
    starts = asyncio.Semaphore(STARTS_AT_ONCE)
    pools = {name: Pool(each, surroundings, starts) for name, each in app.functions.items()}
    integrations = [each.integration for each in app.routes.values()]
    integrations += [each.authorizer.integration for each in app.routes.values()
                     if isinstance(each.authorizer, LambdaAuthorizer)]  # fmt: skip
    called = {each.function for each in integrations if isinstance(each, LambdaIntegration)}
    try:
        await asyncio.gather(*(pools[name].start_ahead() for name in called))
        yield pools
    finally:
        await asyncio.gather(*(pool.stop() for pool in pools.values()))


@contextlib.asynccontextmanager
async def _listening(
    gateway: Gateway, prepared: Prepared, limits: Limits, pools: Mapping[str, Pool], console: Console
) -> AsyncIterator[None]:
    async def invoke(name: str, event: Any) -> Result:
        started = time.perf_counter()
        result = await pools[name].invoke(event)
        status = result.error["errorType"] if result.error else "done"
        console.invoked("(invoke)", name, status, (time.perf_counter() - started) * 1000, result.cold)
        return result

    app = prepared.app
    management = ManagementApi(gateway, {access_key(each): each for each in app.functions.values()}, console)
    invocations = Invocations(app, invoke, later=lambda work: listener.run(work))
    runner = web.AppRunner(application(gateway, management, invocations, prepared.endpoints), access_log=None)
    await runner.setup()
    assert runner.server
    listener = Listener(gateway, limits, runner.server)
    try:
        async with listener.listen(prepared.sockets.page), listener.listen(prepared.sockets.tls, prepared.tls.context):
            yield
    finally:
        await runner.cleanup()
