"""The conversation with a worker: questions and answers in turn, each a length in 4 bytes, then JSON."""

import asyncio
import json
import socket
from collections.abc import Callable
from typing import Any, cast

Answered = Callable[[dict[str, Any] | None], None]
"""Called with an answer, or with None if the other end has closed."""


class Channel(asyncio.Protocol):
    """The gateway's end. Callbacks, not coroutines: every event of every function passes here, and hops cost."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._answered: Answered | None = None
        self._has_ended = False

    @classmethod
    async def over(cls, sock: socket.socket) -> "Channel":
        _, channel = await asyncio.get_running_loop().create_connection(cls, sock=sock)
        return channel

    def ask(self, question: dict[str, Any], answered: Answered) -> None:
        """Send a question, and call back once it is answered."""
        data = json.dumps(question).encode()
        self._transport.write(len(data).to_bytes(4, "big") + data)
        self._answered = answered
        if self._has_ended:
            self._deliver()

    def expect(self, answered: Answered | None) -> None:
        """Call back with the next answer; None expects no more."""
        self._answered = answered
        self._deliver()

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
        if self._answered is None:
            return
        answer = None
        size = int.from_bytes(self._received[:4], "big")
        if 4 <= 4 + size <= len(self._received):
            answer = json.loads(self._received[4 : 4 + size].decode())
            del self._received[: 4 + size]
        elif not self._has_ended:
            return
        answered, self._answered = self._answered, None
        answered(answer)
