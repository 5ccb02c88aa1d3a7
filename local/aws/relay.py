"""The embedded AWS by TLS, for handlers that name a service by its host on AWS."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator

CHUNK = 64 * 1024


@contextlib.asynccontextmanager
async def relay(sock: socket.socket, tls: ssl.SSLContext, address: tuple[str, int]) -> AsyncIterator[None]:
    """
    Carry what comes by TLS to an address while the context lasts, byte for byte.

    Args:
        sock: Bound; nobody listens on it yet.

    """
    running: set[asyncio.Task[None]] = set()

    def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(_carry(reader, writer, address))
        running.add(task)
        task.add_done_callback(running.discard)

    server = await asyncio.start_server(carry, sock=sock, ssl=tls)
    try:
        yield
    finally:
        server.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: tuple[str, int]) -> None:
    with contextlib.suppress(OSError), contextlib.closing(writer):
        there_reader, there_writer = await asyncio.open_connection(*address)
        with contextlib.closing(there_writer):
            # Whichever end closes, that is the end of both: HTTP has no use for half a connection.
            ways = {asyncio.create_task(_copy(reader, there_writer)), asyncio.create_task(_copy(there_reader, writer))}
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK):
        writer.write(data)
        await writer.drain()
