"""The conversation with a worker: questions and answers in turn, each a length in 4 bytes, then JSON."""

import asyncio
import json
import math
import socket
from typing import Any, cast


class Channel(asyncio.Protocol):
    """The gateway's end. No streams, tasks or context managers: every event of every function passes here."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._awaited: asyncio.Future[dict[str, Any]] | None = None
        self._has_ended = False

    @classmethod
    async def over(cls, sock: socket.socket) -> "Channel":
        _, channel = await asyncio.get_running_loop().create_connection(cls, sock=sock)
        return channel

    def ask(self, question: dict[str, Any]) -> None:
        """Send a question. Its answer is the next that ``answer`` returns."""
        data = json.dumps(question).encode()
        self._transport.write(len(data).to_bytes(4, "big") + data)

    async def answer(self, seconds: float = math.inf) -> dict[str, Any]:
        """
        Wait for an answer.

        Raises:
            TimeoutError: If it does not come within ``seconds``.
            ConnectionError: If the other end closes before.

        """
        loop = asyncio.get_running_loop()
        awaited = self._awaited = loop.create_future()
        timer = None if seconds == math.inf else loop.call_later(seconds, _time_out, awaited)
        self._deliver()
        try:
            answer: dict[str, Any] = await awaited
            return answer
        finally:
            self._awaited = None
            if timer:
                timer.cancel()

    def close(self) -> None:
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's have no such base

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._deliver()

    def connection_lost(self, _error: Exception | None) -> None:
        self._has_ended = True
        self._deliver()

    def _deliver(self) -> None:
        if self._awaited is None or self._awaited.done():
            return
        size = int.from_bytes(self._received[:4], "big")
        if 4 <= 4 + size <= len(self._received):
            answer = json.loads(self._received[4 : 4 + size].decode())
            del self._received[: 4 + size]
            self._awaited.set_result(answer)
        elif self._has_ended:
            self._awaited.set_exception(ConnectionResetError("the other end has closed"))


def _time_out(awaited: "asyncio.Future[Any]") -> None:
    if not awaited.done():
        awaited.set_exception(TimeoutError())
