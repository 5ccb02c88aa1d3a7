"""The gateway's end of the socket to a worker: orders and answers in turn, each a length in 4 bytes, then JSON."""

import asyncio
import json
import socket
from collections.abc import Callable
from typing import Any, cast

OnAnswer = Callable[[dict[str, Any] | None], None]
"""Called with each answer, and with None when the worker has closed its end."""


class WorkerChannel(asyncio.Protocol):
    """One channel. It calls back instead of using coroutines: every event passes here, and each task takes time."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._on_answer: OnAnswer | None = None
        self._has_ended = False

    @classmethod
    async def over(cls, sock: socket.socket) -> "WorkerChannel":
        _, channel = await asyncio.get_running_loop().create_connection(cls, sock=sock)
        return channel

    def send(self, order: bytes) -> None:
        """Send an order. If the worker has closed its end, the answer is None."""
        if self._transport.is_closing():
            self._end()
        else:
            self._transport.write(len(order).to_bytes(4, "big") + order)

    def expect(self, on_answer: OnAnswer | None) -> None:
        """Call back with each answer from now on. With None, answers are kept until the next call of ``expect``."""
        self._on_answer = on_answer
        self._deliver()

    def close(self) -> None:
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's transports are not asyncio's by inheritance

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._deliver()

    def eof_received(self) -> None:
        self._end()  # now, not in connection_lost: a later write would fail and log an error

    def connection_lost(self, _error: Exception | None) -> None:
        self._end()

    def _end(self) -> None:
        self._has_ended = True
        self._deliver()

    def _deliver(self) -> None:
        size = int.from_bytes(self._received[:4], "big")
        if self._on_answer is None:
            return
        if 4 <= 4 + size <= len(self._received):
            answer = self._received[4 : 4 + size].decode()
            del self._received[: 4 + size]
            self._on_answer(_parsed(answer))
        elif self._has_ended:
            on_answer, self._on_answer = self._on_answer, None
            on_answer(None)


def _parsed(answer: str) -> dict[str, Any]:
    try:
        parsed: dict[str, Any] = json.loads(answer)
    except (ValueError, RecursionError) as error:  # too long a number, too deep a list: Python writes both
        message = f"Unable to read the response: {error}"
        return {"error": {"errorType": "Runtime.MarshalError", "errorMessage": message}}
    return parsed
