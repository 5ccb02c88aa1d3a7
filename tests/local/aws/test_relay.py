"""The embedded AWS by TLS."""

import asyncio
import socket
import ssl

import trustme

from local.aws.relay import relay
from tests.support.gateway import PATIENCE


def test_a_client_that_does_not_begin_tls_is_cut_off() -> None:
    async def main() -> bytes:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
        with socket.create_server(("127.0.0.1", 0)) as sock:
            async with asyncio.timeout(PATIENCE), relay(sock, context, ("127.0.0.1", 1), patience=0.1):
                reader, writer = await asyncio.open_connection(*sock.getsockname())
                try:
                    return await reader.read()
                finally:
                    writer.close()

    assert asyncio.run(main()) == b""
