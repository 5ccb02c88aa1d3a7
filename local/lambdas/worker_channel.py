"""The conversation with a worker: questions and answers in turn, each a length in 4 bytes, then JSON."""

import asyncio
import json
import socket
from collections.abc import Callable
from typing import Any, cast

Answered = Callable[[dict[str, Any] | None], None]
"""Called with each answer, and with None once the other end has closed."""


class WorkerChannel(asyncio.Protocol):
    """The gateway's end. Callbacks, not coroutines: every event of every function passes here, and hops cost."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._answered: Answered | None = None
        self._has_ended = False

    @classmethod
    async def over(cls, sock: socket.socket) -> "WorkerChannel":
        _, channel = await asyncio.get_running_loop().create_connection(cls, sock=sock)
        return channel

    def ask(self, question: bytes) -> None:
        """Send a question. If the other end has closed, that is the answer."""
        if self._transport.is_closing():
            self._end()
        else:
            self._transport.write(len(question).to_bytes(4, "big") + question)

    def expect(self, answered: Answered | None) -> None:
        """Call back with what comes from now on; None expects nothing more."""
        self._answered = answered
        self._deliver()

    def close(self) -> None:
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's have no such base

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._deliver()

    def eof_received(self) -> None:
        self._end()  # at once: the transport takes nothing any more, and says so with an error of its own

    def connection_lost(self, _error: Exception | None) -> None:
        self._end()

    def _end(self) -> None:
        self._has_ended = True
        self._deliver()

    def _deliver(self) -> None:
        size = int.from_bytes(self._received[:4], "big")
        if self._answered is None:
            return
        if 4 <= 4 + size <= len(self._received):
            answer = self._received[4 : 4 + size].decode()
            del self._received[: 4 + size]
            self._answered(_read(answer))
        elif self._has_ended:
            answered, self._answered = self._answered, None
            answered(None)


def _read(answer: str) -> dict[str, Any]:
    try:
        read: dict[str, Any] = json.loads(answer)
    except (ValueError, RecursionError) as error:  # numbers too long, lists too deep, which Python writes all the same
        text = f"Unable to read the response: {error}"
        return {"error": {"errorType": "Runtime.MarshalError", "errorMessage": text}}
    return read
