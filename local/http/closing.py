"""How connections end: refused with an answer, or closed with a code."""

import asyncio
import http.client
import json

from websockets.datastructures import Headers
from websockets.http11 import Response
from websockets.server import ServerProtocol

CLOSE_TIMEOUT = 2
"""Seconds that a client has to answer a close."""


class _Lingering(asyncio.Protocol):
    """
    Reads and forgets what a client still sends after its answer.

    Closed at once, a socket with unread data is reset, and the client may lose the answer.

    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._timer = asyncio.get_running_loop().call_later(CLOSE_TIMEOUT, transport.abort)

    def connection_lost(self, error: Exception | None) -> None:
        self._timer.cancel()


def linger(transport: asyncio.Transport) -> None:
    """Close a transport once the client has read what was written, or soon."""
    if transport.is_closing():
        return
    transport.set_protocol(_Lingering(transport))
    transport.resume_reading()
    if transport.can_write_eof():
        transport.write_eof()


def refusal(status: int) -> bytes:
    """Return an HTTP answer that ends the connection."""
    phrase = http.client.responses.get(status, "Refused")  # functions may answer any number
    headers = Headers()
    headers["Connection"] = "close"
    if status == http.HTTPStatus.NOT_MODIFIED:  # has no body, by definition
        return Response(status, phrase, headers).serialize()
    body = json.dumps({"message": phrase}).encode()
    headers["Content-Type"] = "application/json"
    headers["Content-Length"] = str(len(body))
    return Response(status, phrase, headers, body).serialize()


def close_of(protocol: ServerProtocol) -> tuple[int, str]:
    """Return code and reason as ``$disconnect`` reports them."""
    if protocol.close_sent and not protocol.close_rcvd_then_sent:
        return protocol.close_sent.code, protocol.close_sent.reason
    if protocol.close_rcvd is None:
        return 1006, ""  # unsure: AWS guarantees nothing for a socket that breaks
    if protocol.close_rcvd.code == 1005:
        return 1005, "Client-side close frame status not set"
    return protocol.close_rcvd.code, protocol.close_rcvd.reason
