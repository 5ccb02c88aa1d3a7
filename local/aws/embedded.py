"""
The services that functions call, in a process of their own: moto's server.

Run as a program, this is that process: it serves on the socket it inherits, says every second that it is
there, and ends when its standard input does. Imported, it starts that process.

"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from local.errors import CannotDo
from local.place import HERE, Place

if TYPE_CHECKING:
    from aiohttp import web

PATIENCE = 5.0
"""Seconds without a sign of life, twice, after which the process is taken for dead. It gives one each second."""

EXIT_TIMEOUT = 2.0
"""Seconds that the process has to exit, once nobody needs it."""

MAX_BODY = 256 * 1024 * 1024
"""Bytes of a request: an object for S3 may be large."""

MAX_HEAD = 16 * 1024
"""Bytes of each line before the body."""

ROOT = Path(__file__).parent.parent.parent
"""The folder from which the process finds this package."""


class Embedded:
    """The process, seen from the gateway."""

    def __init__(self, process: asyncio.subprocess.Process, patience: float) -> None:
        assert process.stdout
        self._process = process
        self._signs = process.stdout
        self._patience = patience
        self.pid = process.pid

    async def ready(self) -> None:
        """
        Wait until it serves.

        Raises:
            CannotDo: If it does not start.

        """
        if not await self._signs.readline():
            raise CannotDo("The embedded AWS (moto) did not start.")

    async def ended(self) -> str:
        """Wait until it has died, or hangs, and return a sentence that says which."""
        silences = 0
        while silences < 2:  # twice: after Ctrl-Z and fg, the first silence is the gateway's own
            try:
                async with asyncio.timeout(self._patience):
                    sign = await self._signs.readline()
            except TimeoutError:
                silences += 1
                continue
            if not sign:
                return f"The embedded AWS has ended ({_how(await self._process.wait())}), and what it held is lost."
            silences = 0
        self._process.kill()  # or each call to it would wait, while the gateway ends
        return f"The embedded AWS has not answered for {2 * self._patience:g} seconds."

    async def stop(self) -> None:
        """End it, whatever state it is in."""
        assert self._process.stdin
        self._process.stdin.close()
        try:
            async with asyncio.timeout(EXIT_TIMEOUT):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


@contextlib.asynccontextmanager
async def run(
    sock: socket.socket, place: Place = HERE, hosts: Sequence[str] = (), patience: float = PATIENCE
) -> AsyncIterator[Embedded]:
    """
    Run moto's server on a bound socket while the context lasts.

    Args:
        place: The region and the account that everything is in.
        hosts: Names that clients may call it by, beside those that ``wire.guard`` knows.
        patience: Seconds without a sign of life, twice, after which it is taken for dead.

    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "local.aws.embedded", str(sock.fileno()), place.region, *hosts),
        cwd=ROOT,
        pass_fds=[sock.fileno()],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ
        | {
            "MOTO_ACCOUNT_ID": place.account,
            "MOTO_ALLOW_NONEXISTENT_REGION": "true",
            "MOTO_DISABLE_GLOBAL_CORS": "true",  # it would let pages of any origin read its answers
        },
        start_new_session=True,  # Ctrl-C reaches the gateway alone
    )
    embedded = Embedded(process, patience)
    try:
        yield embedded
    finally:
        await embedded.stop()


def _how(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"status {status}"


def _cannot(error: Exception) -> "web.Response":
    """Say once that moto cannot do something, and answer so that no SDK tries again."""
    from aiohttp import web

    text = f"The embedded AWS (moto) cannot do that: {error or type(error).__name__}"
    _say("" if isinstance(error, NotImplementedError) else "".join(traceback.format_exception(error)), text)
    headers = {"x-amzn-ErrorType": "NotImplemented"}
    return web.json_response({"__type": "NotImplemented", "message": text}, status=501, headers=headers)


def _say(*texts: str) -> None:
    """Print texts for the developer, of which requests are a part: nothing steers the terminal, or stops the answer."""
    shown = "".join(each if each.isprintable() or each == "\n" else ascii(each)[1:-1] for each in "".join(texts))
    with contextlib.suppress(OSError):
        print(shown, file=sys.stderr, flush=True)


def _services(region: str) -> "Callable[[web.Request], Awaitable[web.Response]]":
    """Return what answers requests: moto, and one at a time. DynamoDB's transactions are atomic, and moto's are not."""
    from local.aws.services import Services
    from local.aws.wsgi import call

    services = Services(region)
    one_at_a_time = ThreadPoolExecutor(1)

    def answer(request: "web.Request", body: bytes) -> "web.Response":
        try:
            return call(services, request, body)
        except Exception as error:  # noqa: BLE001 - what moto lacks or fails at is an answer
            return _cannot(error)

    async def handle(request: "web.Request") -> "web.Response":
        return await asyncio.get_running_loop().run_in_executor(one_at_a_time, answer, request, await request.read())

    return handle


async def _serve(sock: socket.socket, region: str, hosts: Sequence[str]) -> None:
    from aiohttp import web

    from local.http.guard import Guard
    from local.http.server import admission, in_shape, protocols

    admit = admission(Guard(hosts), lambda why: _say(f"The embedded AWS refuses {why}"))
    app = web.Application(client_max_size=MAX_BODY, middlewares=[in_shape(traceback.print_exception), admit])
    app.router.add_route("*", "/{anything:.*}", _services(region))
    signs = sys.stdout
    sys.stdout = open(os.devnull, "w")  # noqa: ASYNC230, SIM115 - for as long as it runs; nobody reads what moto prints
    async with protocols(app, MAX_HEAD) as http:
        await asyncio.get_running_loop().create_server(http, sock=sock, backlog=1024)
        while True:
            print("here", file=signs, flush=True)
            await asyncio.sleep(1)


def _end_with_the_gateway() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_gateway, daemon=True).start()
    os.environ["HOME"] = os.devnull  # or botocore, which moto asks, would read the models in ~/.aws
    asyncio.run(_serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2], sys.argv[3:]))
