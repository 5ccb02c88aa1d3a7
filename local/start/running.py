"""Runs a prepared gateway: its workers, its listeners, and the task that watches the code for changes."""

import asyncio
import contextlib
import json
import math
import time
from collections.abc import AsyncIterator, Mapping

import aiohttp

from local.api.integrations import IntegrationCalls
from local.api.websocket_api import WebSocketApi
from local.console import Console
from local.http.guard import Guard
from local.http.server import protocols
from local.lambdas.pool import STARTS_AT_ONCE, Pool
from local.lambdas.process import Invocation, Result
from local.lambdas.watch import watch
from local.lambdas.worker_environment import WorkerEnvironment, access_key
from local.options import Limits, Options
from local.queues.sqs import Sqs
from local.stack.app import App, LambdaAuthorizer
from local.stack.integration_types import LambdaIntegration
from local.start import ports
from local.start.polling import Run, polling
from local.start.prepare import Prepared
from local.wire.http_application import application
from local.wire.lambda_api import LambdaApi
from local.wire.listener import MAX_HEAD, Listener
from local.wire.management_api import ManagementApi


@contextlib.asynccontextmanager
async def gateway(prepared: Prepared, options: Options, console: Console) -> AsyncIterator[None]:
    """Serve while the context lasts. Clients can connect from its start."""
    app = prepared.app
    async with aiohttp.ClientSession() as session, _running_pools(app, prepared.worker_environment) as pools:
        served = WebSocketApi(
            app,
            IntegrationCalls(
                submit=lambda integration, event, on_result: pools[integration.function].submit(
                    json.dumps(event), on_result, Invocation(integration.qualifier)
                ),
                console=console,
                timeout=math.inf if options.debug else options.integration_timeout,
            ),
            domain_name=prepared.endpoints.tls.removeprefix("https://"),
            runs_disconnect=options.runs_disconnect,
        )
        guard = Guard([*ports.names_of_machine(options.host), *app.domains])
        async with (
            _listening(served, prepared, options.limits, guard, pools, console) as run,
            polling(app, Sqs(session, prepared.endpoints.aws, app.place), pools, run, console),
        ):
            watching = asyncio.create_task(watch(options.template, app.functions, pools, console))
            try:
                yield
            finally:
                watching.cancel()


@contextlib.asynccontextmanager
async def _running_pools(app: App, worker_environment: WorkerEnvironment) -> AsyncIterator[dict[str, Pool]]:
    """Run a pool for each function while the context lasts. Functions of routes and of queues have a worker ahead."""
    starts = asyncio.Semaphore(STARTS_AT_ONCE)
    pools = {name: Pool(function, worker_environment, starts) for name, function in app.functions.items()}
    try:
        await asyncio.gather(*(pools[name].start_ahead() for name in _functions_with_callers(app)))
        yield pools
    finally:
        await asyncio.gather(*(pool.stop() for pool in pools.values()))


def _functions_with_callers(app: App) -> set[str]:
    """Return the names of the functions that routes, authorizers and queues call."""
    routes = app.routes.values()
    integrations = [route.integration for route in routes]
    integrations += [route.authorizer.integration for route in routes if isinstance(route.authorizer, LambdaAuthorizer)]
    called = {integration.function for integration in integrations if isinstance(integration, LambdaIntegration)}
    return called | {source.function for source in app.event_sources}


@contextlib.asynccontextmanager
async def _listening(
    api: WebSocketApi,
    prepared: Prepared,
    limits: Limits,
    guard: Guard,
    pools: Mapping[str, Pool],
    console: Console,
) -> AsyncIterator[Run]:
    """Accept clients while the context lasts. Yields what runs a coroutine that the gateway waits for at its end."""

    async def invoke(name: str, event: str, invocation: Invocation) -> Result:
        started = time.perf_counter()
        result = await pools[name].invoke(event, invocation)
        status = result.error["errorType"] if result.error else "done"
        console.invoked("(invoke)", name, status, (time.perf_counter() - started) * 1000, result.cold)
        return result

    app = prepared.app
    management = ManagementApi(api, {access_key(function): function for function in app.functions.values()}, console)
    lambda_api = LambdaApi(app, invoke, run=lambda work: listener.serving.run(work))
    answers = application(api, management, lambda_api, prepared.endpoints, guard)
    async with protocols(answers, MAX_HEAD) as http:
        listener = Listener(api, limits, guard, http)
        async with listener.listen(prepared.sockets.page), listener.listen(prepared.sockets.tls, prepared.tls):
            yield listener.serving.run
