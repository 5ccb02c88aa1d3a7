"""
The program of the embedded AWS: moto's services on an inherited socket.

``embedded`` starts it, and writes a line to its standard input: what functions may do with queues. Then it serves. It
writes a line to standard output each second, as a sign of life, and ends when its standard input ends.

"""

import asyncio
import os
import socket
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable, Sequence
from queue import SimpleQueue

from aiohttp import web

from local.aws.callers import read
from local.aws.rights import Rights
from local.aws.wsgi import call
from local.console import Console
from local.http.guard import Guard
from local.http.server import admission, in_shape, protocols
from local.place import Place

MAX_BODY = 256 * 1024 * 1024
"""Bytes of a request's body. An object for S3 may be large."""

MAX_HEAD = 16 * 1024
"""Bytes of each line before the body."""


Services = Callable[[web.Request], Awaitable[web.Response]]
"""Answers all requests."""


def _main(fd: str, region: str, *hosts: str) -> None:
    lines: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_listen_to_the_gateway, args=[lines], daemon=True).start()
    os.environ["HOME"] = os.devnull  # before moto imports botocore, which would read the models in ~/.aws
    asyncio.run(_serve(socket.socket(fileno=int(fd)), region, hosts, lines))


def _listen_to_the_gateway(lines: SimpleQueue[str]) -> None:
    """Hand on the first line of standard input. End the process when standard input ends."""
    if line := sys.stdin.readline():
        lines.put(line)
        sys.stdin.read()
    os._exit(0)


async def _serve(sock: socket.socket, region: str, hosts: Sequence[str], lines: SimpleQueue[str]) -> None:
    console = Console(sys.stderr)
    admit = admission(Guard(hosts), lambda why: console.refused("(AWS)", f"The embedded AWS refuses {why}"))
    app = web.Application(client_max_size=MAX_BODY, middlewares=[in_shape(console.fault), admit])
    services = _services(region, console)  # imports moto: meanwhile the gateway reads the template
    rights = Rights(read(await asyncio.to_thread(lines.get)), Place(region, os.environ["MOTO_ACCOUNT_ID"]))
    app.router.add_route("*", "/{anything:.*}", _within(rights, services))
    signs = sys.stdout
    sys.stdout = open(os.devnull, "w")  # noqa: ASYNC230, SIM115 - open until the end; nobody reads what moto prints
    async with protocols(app, MAX_HEAD) as http:
        await asyncio.get_running_loop().create_server(http, sock=sock, backlog=1024)
        while True:
            print("here", file=signs, flush=True)
            await asyncio.sleep(1)


def _within(rights: Rights, services: Services) -> Services:
    """Return a handler that answers the calls that a caller may not make by itself, and hands on all others."""

    async def handle(request: web.Request) -> web.Response:
        return rights.refusal(request, await request.read()) or await services(request)

    return handle


def _services(region: str, console: Console) -> Services:
    from local.aws import services
    from local.aws.long_queues import speed_up
    from local.aws.turns import Turns

    speed_up()
    application = services.Services(region)

    def answer(request: web.Request, body: bytes) -> web.Response:
        try:
            return call(application, request, body)
        except Exception as error:  # noqa: BLE001 - an operation that moto lacks or fails at gets an answer, too
            return _not_implemented(error, console)

    return Turns(answer).answer


def _not_implemented(error: Exception, console: Console) -> web.Response:
    """Print that moto cannot do something, and return an answer after which no SDK tries again."""
    message = f"The embedded AWS (moto) cannot do that: {error or type(error).__name__}"
    if not isinstance(error, NotImplementedError):
        console.say("".join(traceback.format_exception(error)).rstrip())
    console.refused("(AWS)", message)
    headers = {"x-amzn-ErrorType": "NotImplemented"}
    return web.json_response({"__type": "NotImplemented", "message": message}, status=501, headers=headers)


if __name__ == "__main__":
    _main(*sys.argv[1:])
