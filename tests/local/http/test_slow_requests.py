"""Requests that come drop by drop are cut off, and nobody else waits for them."""

import asyncio
import contextlib
import itertools
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
from aiohttp import web

from local.http.guard import Guard
from local.http.server import admission, in_shape, protocols
from local.lambdas.process import Result
from local.options import Limits
from local.wire.listener import MAX_HEAD, Listener
from tests.support.fakes import World
from tests.support.gateway import PATIENCE
from tests.support.handshakes import UPGRADE

SHORT = 0.2
"""Seconds that these servers wait for the head of a request, and for its body."""

HOST = "Host: localhost\r\n"
UPGRADING = "".join(f"{name}: {value}\r\n" for name, value in UPGRADE.items())
POST = f"POST /echo HTTP/1.1\r\n{HOST}Content-Length: {{}}\r\n\r\n"


@dataclass
class Client:
    """A connection that may be slow."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, text: str) -> int:
        """Send a text, and return the status of the next answer."""
        self.writer.write(text.encode())
        return await self.status()

    async def status(self) -> int:
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"Content-Length: (\d+)", head)
        await self.reader.readexactly(int(length[1]) if length else 0)
        return int(head.split()[1])

    async def drip(self, text: str) -> None:
        """Send a text byte by byte, again and again, for as long as somebody listens."""
        with contextlib.suppress(ConnectionError):
            for byte in itertools.cycle(text.encode()):
                self.writer.write(bytes([byte]))
                await self.writer.drain()
                await asyncio.sleep(SHORT / 20)


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[Callable[[], Awaitable[Client]]]:
    """Run a listener, and what stands behind it, with little patience. Gives what connects to it."""

    async def echo(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    def report(error: Exception) -> None:
        raise error

    admit = admission(Guard([]), lambda why: None, patience=SHORT)
    app = web.Application(client_max_size=1000, middlewares=[in_shape(report), admit])
    app.router.add_route("*", "/{anything:.*}", echo)
    clients: list[Client] = []

    async def connect() -> Client:
        clients.append(Client(*await asyncio.open_connection(*sock.getsockname())))
        return clients[-1]

    with socket.create_server(("127.0.0.1", 0)) as sock:
        async with asyncio.timeout(PATIENCE), protocols(app, MAX_HEAD, patience=SHORT) as http:
            listener = Listener(World(Result(), ()).gateway, Limits(), Guard([]), http, patience=SHORT)
            async with listener.listen(sock):
                try:
                    yield connect
                finally:
                    for each in clients:
                        each.writer.close()
                        with contextlib.suppress(ConnectionError):
                            await each.writer.wait_closed()


@pytest.mark.parametrize(
    ("before", "dripped"),
    [
        pytest.param("GET /", "x", id="the-line"),
        pytest.param(f"GET /x HTTP/1.1\r\n{HOST}X: ", "x", id="the-head"),
        pytest.param(f"GET /prod HTTP/1.1\r\n{HOST}{UPGRADING}X: ", "x", id="the-head-of-a-handshake"),
        pytest.param(POST.format(900), "x", id="the-body"),
        pytest.param(
            f"POST /x HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", id="a-body-in-chunks"
        ),
        pytest.param(POST.format(900), "", id="a-body-that-does-not-come"),
    ],
)
@pytest.mark.parametrize("first", [pytest.param(True, id="first"), pytest.param(False, id="second")])
def test_a_request_that_comes_drop_by_drop_is_cut_off(before: str, dripped: str, first: bool) -> None:
    async def main() -> int:
        async with serving() as connect:
            client = await connect()
            if not first:
                assert await client.ask(POST.format(0)) == 200
            client.writer.write(before.encode())
            dripping = asyncio.create_task(client.drip(dripped))
            status = await client.status()
            with contextlib.suppress(ConnectionError):
                assert await client.reader.read() == b""
            await dripping
            return status

    assert asyncio.run(main()) == 408


def test_a_client_may_rest_between_requests_and_others_are_served_meanwhile() -> None:
    async def main() -> list[int]:
        async with serving() as connect:
            resting, slow = await connect(), await connect()
            statuses = [await resting.ask(POST.format(0))]
            statuses += [await slow.ask(POST.format(900))]
            return [*statuses, await resting.ask(POST.format(2) + "ab")]

    assert asyncio.run(main()) == [200, 408, 200]


def test_a_body_that_is_too_long_is_refused() -> None:
    async def main() -> int:
        async with serving() as connect:
            return await (await connect()).ask(POST.format(2000) + "x" * 2000)

    assert asyncio.run(main()) == 413
