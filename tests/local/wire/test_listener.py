"""A client that connects and does not send a whole request is cut off. Its other tests are tests/local/behaviours/."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from local.http.guard import Guard
from local.lambdas.process import Result
from local.options import Limits
from local.wire import tls
from local.wire.listener import Listener
from tests.support.fakes import OfflineApi
from tests.support.gateway import PATIENCE

SHORT = 0.2
"""Seconds that these listeners wait for the head of a request."""


@contextlib.asynccontextmanager
async def listening(context: ssl.SSLContext | None) -> AsyncIterator[tuple[str, int]]:
    """Run a listener, by TLS if there is a context. Yield its address."""

    def http() -> asyncio.Protocol:
        raise AssertionError("a whole request has come")

    listener = Listener(OfflineApi(Result(), ()).api, Limits(), Guard([]), http, patience=SHORT)
    with socket.create_server(("127.0.0.1", 0)) as sock:
        async with asyncio.timeout(PATIENCE), listener.listen(sock, context):
            yield sock.getsockname()


async def answer_to(sent: bytes, context: ssl.SSLContext | None) -> bytes:
    """Connect without TLS, send bytes, and return what comes until the end of the connection."""
    async with listening(context) as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(sent)
        answer = b""
        with contextlib.suppress(ConnectionError):
            answer = await reader.read()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        return answer


@pytest.mark.parametrize(
    ("sent", "status_line"),
    [
        pytest.param(b"", b"", id="nothing"),
        pytest.param(b"GET /prod HTTP/1.1\r\nHost:", b"HTTP/1.1 408 Request Timeout", id="half-a-head"),
    ],
)
def test_a_client_that_does_not_send_a_whole_head_is_cut_off(sent: bytes, status_line: bytes) -> None:
    assert asyncio.run(answer_to(sent, None)).partition(b"\r\n")[0] == status_line


def test_a_client_that_does_not_begin_tls_is_cut_off(tmp_path: Path) -> None:
    assert asyncio.run(answer_to(b"", tls.make(["127.0.0.1"], tmp_path))) == b""
