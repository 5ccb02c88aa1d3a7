"""The messages of a client that wait because too many of its messages are running."""

from collections import deque

MAX_WAITING = 512 * 1024
"""How much may wait, in bytes and roughly. Beyond it the gateway reads nothing from the client, not even a ping."""

OVERHEAD = 64
"""Bytes that a message takes in memory, in addition to its characters."""


class Backlog:
    """The waiting messages of one client, the oldest first."""

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
