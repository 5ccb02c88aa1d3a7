"""What a client has sent that waits for its turn."""

from collections import deque

MAX_WAITING = 512 * 1024
"""Bytes that may wait, about, before nothing more is read from the client, not even a ping."""

OVERHEAD = 64
"""Bytes that a message takes beside its characters."""


class Backlog:
    """Messages of one client, the first first."""

    __slots__ = ("_messages", "_size")

    def __init__(self) -> None:
        self._messages: deque[str] = deque()
        self._size = 0

    def __bool__(self) -> bool:
        return bool(self._messages)

    @property
    def is_full(self) -> bool:
        return self._size >= MAX_WAITING

    def append(self, message: str) -> None:
        self._messages.append(message)
        self._size += len(message) + OVERHEAD

    def popleft(self) -> str:
        message = self._messages.popleft()
        self._size -= len(message) + OVERHEAD
        return message
