"""Requests that come byte by byte are cut off, and other clients do not wait for them."""

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
from tests.support.fakes import OfflineApi
from tests.support.gateway import PATIENCE
from tests.support.handshakes import UPGRADE

SHORT = 2.0
"""Seconds that the server waits for the head of a request, and for its body. Complete requests need much less."""

HOST = "Host: localhost\r\n"
UPGRADING = "".join(f"{name}: {value}\r\n" for name, value in UPGRADE.items())
POST = f"POST /echo HTTP/1.1\r\n{HOST}Content-Length: {{}}\r\n\r\n"


@dataclass
class Client:
    """A connection that sends as slowly as a test wants."""

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
        """Send the bytes of a text one by one, again and again, until the server closes the connection."""
        with contextlib.suppress(ConnectionError):
            for byte in itertools.cycle(text.encode()):
                self.writer.write(bytes([byte]))
                await self.writer.drain()
                await asyncio.sleep(SHORT / 20)


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[Callable[[], Awaitable[Client]]]:
    """Run a listener with little patience and an application that echoes bodies. Gives a function that connects."""

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
            listener = Listener(OfflineApi(Result(), ()).api, Limits(), Guard([]), http, patience=SHORT)
            async with listener.listen(sock):
                try:
                    yield connect
                finally:
                    for client in clients:
                        client.writer.close()
                        with contextlib.suppress(ConnectionError):
                            await client.writer.wait_closed()


SLOW_REQUESTS = {
    "request-line": ("GET /", "x"),
    "head": (f"GET /x HTTP/1.1\r\n{HOST}X: ", "x"),
    "head-of-a-handshake": (f"GET /prod HTTP/1.1\r\n{HOST}{UPGRADING}X: ", "x"),
    "body": (POST.format(900), "x"),
    "body-in-chunks": (f"POST /x HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"),
    "no-body-at-all": (POST.format(900), ""),
}
"""The start of each request, and the text that follows byte by byte."""


async def cut_off(client: Client, start: str, dripped: str, *, is_first: bool) -> int:
    """Send a slow request as the first or the second of a connection, until it is closed. Return the status."""
    if not is_first:
        assert await client.ask(POST.format(0)) == 200
    client.writer.write(start.encode())
    dripping = asyncio.create_task(client.drip(dripped))
    status = await client.status()
    with contextlib.suppress(ConnectionError):
        assert await client.reader.read() == b""
    await dripping
    return status


@pytest.fixture(scope="module")
def statuses() -> dict[tuple[str, bool], int]:
    """The status with which each slow request was cut off. All were sent at the same time."""

    async def main() -> dict[tuple[str, bool], int]:
        async with serving() as connect:
            cases = list(itertools.product(SLOW_REQUESTS, (True, False)))
            requests = [cut_off(await connect(), *SLOW_REQUESTS[name], is_first=first) for name, first in cases]
            return dict(zip(cases, await asyncio.gather(*requests), strict=True))

    return asyncio.run(main())


@pytest.mark.parametrize("name", SLOW_REQUESTS)
@pytest.mark.parametrize("is_first", [pytest.param(True, id="first"), pytest.param(False, id="second")])
def test_a_request_that_comes_byte_by_byte_is_cut_off(
    statuses: dict[tuple[str, bool], int], name: str, is_first: bool
) -> None:
    assert statuses[name, is_first] == 408


def test_a_client_may_pause_between_requests_and_others_are_served_meanwhile() -> None:
    async def main() -> list[int]:
        async with serving() as connect:
            pausing, slow = await connect(), await connect()
            statuses = [await pausing.ask(POST.format(0))]
            statuses += [await slow.ask(POST.format(900))]
            return [*statuses, await pausing.ask(POST.format(2) + "ab")]

    assert asyncio.run(main()) == [200, 408, 200]


@contextlib.asynccontextmanager
async def silent_connection(factory: Callable[[], asyncio.Protocol]) -> AsyncIterator[Client]:
    """Connect to a server of a factory's protocols, and send nothing."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        server = await asyncio.get_running_loop().create_server(factory, sock=sock)
        client = Client(*await asyncio.open_connection(*sock.getsockname()))
        try:
            yield client
        finally:
            client.writer.close()
            server.close()


def test_a_connection_without_a_byte_is_cut_off() -> None:
    async def main() -> int:
        app = web.Application(middlewares=[admission(Guard([]), lambda why: None)])
        async with (
            asyncio.timeout(PATIENCE),
            protocols(app, MAX_HEAD, patience=SHORT) as http,
            silent_connection(http) as client,
        ):
            return await client.status()

    assert asyncio.run(main()) == 408


def test_a_body_that_is_too_long_is_refused() -> None:
    async def main() -> int:
        async with serving() as connect:
            return await (await connect()).ask(POST.format(2000) + "x" * 2000)

    assert asyncio.run(main()) == 413
