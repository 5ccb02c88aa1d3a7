"""How connections end: refused with an HTTP answer, or closed with a WebSocket close code."""

import asyncio
import http.client
import json

from websockets.datastructures import Headers
from websockets.http11 import Response
from websockets.server import ServerProtocol

CLOSE_TIMEOUT = 2
"""Seconds that a client has to answer a close frame, or to read a refusal."""


class _Lingering(asyncio.Protocol):
    """
    Discards what a client still sends after it was answered.

    Closing a socket with unread data resets the connection, and the client may lose the answer.

    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._timer = asyncio.get_running_loop().call_later(CLOSE_TIMEOUT, transport.abort)

    def connection_lost(self, error: Exception | None) -> None:
        self._timer.cancel()


def linger(transport: asyncio.Transport) -> None:
    """Close a transport when the client has closed its end, or after CLOSE_TIMEOUT."""
    if transport.is_closing():
        return
    transport.set_protocol(_Lingering(transport))
    transport.resume_reading()
    if transport.can_write_eof():
        transport.write_eof()


def refusal(status: int) -> bytes:
    """Return an HTTP answer after which the connection ends."""
    phrase = http.client.responses.get(status, "Refused")  # a function may answer with any number
    headers = Headers()
    headers["Connection"] = "close"
    if status == http.HTTPStatus.NOT_MODIFIED:  # never has a body (RFC 9110)
        return Response(status, phrase, headers).serialize()
    body = json.dumps({"message": phrase}).encode()
    headers["Content-Type"] = "application/json"
    headers["Content-Length"] = str(len(body))
    return Response(status, phrase, headers, body).serialize()


def close_of(protocol: ServerProtocol) -> tuple[int, str]:
    """Return the close code and the reason that ``$disconnect`` reports."""
    if protocol.close_sent and not protocol.close_rcvd_then_sent:
        return protocol.close_sent.code, protocol.close_sent.reason
    if protocol.close_rcvd is None:
        return 1006, ""  # unsure: AWS does not document the code of a broken connection
    if protocol.close_rcvd.code == 1005:
        return 1005, "Client-side close frame status not set"
    return protocol.close_rcvd.code, protocol.close_rcvd.reason
