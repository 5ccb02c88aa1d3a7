"""One timer of the event loop for many deadlines of equal length."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Deadlines(Generic[Item]):
    """
    Items that must end within the same number of seconds. Nearly all of them do, and a timer for each would be slow.

    Args:
        seconds: The time that each item has, counted from ``add``; may be infinite.
        expired: Called with each item that nobody has discarded when its time is up.

    """

    def __init__(self, seconds: float, expired: Callable[[Item], None]) -> None:
        self._seconds = seconds
        self._expired = expired
        self._ends: dict[Item, float] = {}  # sorted by end, because every item has the same time
        self._timer: asyncio.TimerHandle | None = None

    def add(self, item: Item) -> None:
        loop = asyncio.get_running_loop()
        self._ends[item] = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._expire_overdue)

    def discard(self, item: Item) -> None:
        self._ends.pop(item, None)

    def _expire_overdue(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        while self._ends:
            item, end = next(iter(self._ends.items()))
            if end > loop.time():
                self._timer = loop.call_at(end, self._expire_overdue)
                return
            del self._ends[item]
            self._expired(item)
