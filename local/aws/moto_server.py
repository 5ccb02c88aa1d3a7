"""
The program of the embedded AWS: moto's services on an inherited socket.

``embedded`` starts it. It writes a line to standard output each second, as a sign of life, and ends when its standard
input ends.

"""

import asyncio
import os
import socket
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from local.aws.wsgi import call
from local.console import Console
from local.http.guard import Guard
from local.http.server import admission, in_shape, protocols

MAX_BODY = 256 * 1024 * 1024
"""Bytes of a request's body. An object for S3 may be large."""

MAX_HEAD = 16 * 1024
"""Bytes of each line before the body."""


def _main(fd: str, region: str, *hosts: str) -> None:
    threading.Thread(target=_end_with_the_gateway, daemon=True).start()
    os.environ["HOME"] = os.devnull  # before moto imports botocore, which would read the models in ~/.aws
    asyncio.run(_serve(socket.socket(fileno=int(fd)), region, hosts))


def _end_with_the_gateway() -> None:
    sys.stdin.read()
    os._exit(0)


async def _serve(sock: socket.socket, region: str, hosts: Sequence[str]) -> None:
    console = Console(sys.stderr)
    admit = admission(Guard(hosts), lambda why: console.refused("(AWS)", f"The embedded AWS refuses {why}"))
    app = web.Application(client_max_size=MAX_BODY, middlewares=[in_shape(console.fault), admit])
    app.router.add_route("*", "/{anything:.*}", _services(region, console))
    signs = sys.stdout
    sys.stdout = open(os.devnull, "w")  # noqa: ASYNC230, SIM115 - open until the end; nobody reads what moto prints
    async with protocols(app, MAX_HEAD) as http:
        await asyncio.get_running_loop().create_server(http, sock=sock, backlog=1024)
        while True:
            print("here", file=signs, flush=True)
            await asyncio.sleep(1)


def _services(region: str, console: Console) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return the handler of all requests."""
    from local.aws.long_queues import speed_up
    from local.aws.services import Services
    from local.aws.turns import Turns

    speed_up()
    services = Services(region)

    def answer(request: web.Request, body: bytes) -> web.Response:
        try:
            return call(services, request, body)
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
