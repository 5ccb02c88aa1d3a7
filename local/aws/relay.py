"""Serves the embedded AWS by TLS, for handlers that call a service by its host name on AWS."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator

from local.http.server import REQUEST_TIMEOUT

CHUNK = 64 * 1024
"""Bytes that are read at once."""


@contextlib.asynccontextmanager
async def relay(
    sock: socket.socket, tls: ssl.SSLContext, address: tuple[str, int], patience: float = REQUEST_TIMEOUT
) -> AsyncIterator[None]:
    """
    Forward TLS connections, decrypted, to an address while the context lasts.

    Args:
        sock: A bound socket that does not listen yet.
        patience: Seconds that a client has for the TLS handshake.

    """
    running: set[asyncio.Task[None]] = set()

    def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(_forward(reader, writer, address))
        running.add(task)
        task.add_done_callback(running.discard)

    server = await asyncio.start_server(forward, sock=sock, ssl=tls, ssl_handshake_timeout=patience)
    try:
        yield
    finally:
        server.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: tuple[str, int]) -> None:
    with contextlib.suppress(OSError), contextlib.closing(writer):
        target_reader, target_writer = await asyncio.open_connection(*address)
        with contextlib.closing(target_writer):
            # If one end closes, the other is closed as well: HTTP does not use half-open connections.
            copies = [
                asyncio.create_task(_copy(reader, target_writer)),
                asyncio.create_task(_copy(target_reader, writer)),
            ]
            try:
                await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for copy in copies:
                    copy.cancel()
                await asyncio.gather(*copies, return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK):
        writer.write(data)
        await writer.drain()
