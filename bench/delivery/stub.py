"""Stubs of ``@connections`` and of the DynamoDB requests of a delivery, on loopback, as fast as Python can be."""

import asyncio
import json
import multiprocessing
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import cast

import trustme
import uvloop

from bench.delivery.pages import page
from bench.delivery.pin import pin
from bench.delivery.stored import BEGINNING, Stored

TAKEN = (
    b"HTTP/1.1 200 OK\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\nContent-Type: application/json\r\n"
    b"Content-Length: 0\r\nx-amzn-RequestId: 8b1f7a1e-0000-4000-8000-000000000000\r\n\r\n"
)


@dataclass(frozen=True)
class Stub:
    """The URLs of the two stubs, and the file with the authority of their certificate."""

    endpoint: str
    dynamodb: str
    bundle: str


class Requests(asyncio.Protocol):
    """One HTTP connection to a stub. It answers requests in their order, each after a delay in seconds."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._received = b""
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end].lower()
            _, _, length = head.partition(b"content-length: ")
            end += 4 + int(length.partition(b"\r\n")[0])
            if len(self._received) < end:
                return
            body, self._received = self._received[end - int(length.partition(b"\r\n")[0]) : end], self._received[end:]
            self._loop.call_later(self._delay, self._answer, self.answer(body))

    def answer(self, body: bytes) -> bytes:
        """Return the answer to a request, by its body."""
        return TAKEN

    def _answer(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)


class Queries(Requests):
    """
    DynamoDB: the table of history, and a table of connections.

    In the latter, session ``s{number}`` has ``number`` connections, and the sender is in session ``s0``.

    """

    pages: dict[bytes, bytes]
    stored: Stored

    def answer(self, body: bytes) -> bytes:
        if body.startswith(BEGINNING):
            return self.stored.answer(json.loads(body))
        if body not in self.pages:
            self.pages[body] = page(json.loads(body))
        return self.pages[body]


def serve(pipe: Pipe, delay: float, tls: bool, folder: str) -> None:
    """Send the URLs through the pipe, and serve until the parent ends this process."""
    pin(1)
    context = None
    bundle = Path(folder) / "ca.pem"
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(bundle))
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        Queries.pages, Queries.stored = {}, Stored()
        posts = await loop.create_server(lambda: Requests(delay), "127.0.0.1", 0, ssl=context, backlog=1024)
        queries = await loop.create_server(lambda: Queries(0.004), "127.0.0.1", 0, ssl=context)
        scheme, host = ("https", "localhost") if tls else ("http", "127.0.0.1")
        ports = [server.sockets[0].getsockname()[1] for server in (posts, queries)]
        pipe.send(Stub(f"{scheme}://{host}:{ports[0]}/prod", f"{scheme}://{host}:{ports[1]}", str(bundle)))
        await asyncio.Event().wait()

    uvloop.run(run())


@contextmanager
def running_stub(delay: float, tls: bool) -> Iterator[Stub]:
    """
    Run the stubs in a process of their own.

    They answer a post after ``delay`` seconds, and DynamoDB's requests after 4 ms.

    Args:
        tls: Whether clients need TLS, for both stubs.

    """
    with tempfile.TemporaryDirectory() as folder:
        spawning = multiprocessing.get_context("spawn")
        ours, theirs = spawning.Pipe()
        process = spawning.Process(target=serve, args=(theirs, delay, tls, folder), daemon=True)
        process.start()
        try:
            yield ours.recv()
        finally:
            process.terminate()
            process.join()
