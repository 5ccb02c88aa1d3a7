"""Deadlines of much that runs side by side, nearly all of which ends in time."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

Late = TypeVar("Late")


class Deadlines(Generic[Late]):
    """
    Looks after everything that may take equally long with one timer of the loop, where each had cost one.

    Args:
        seconds: That each has from when it is added; infinite for all the time in the world.
        late: Called with what has not been discarded by then.

    """

    def __init__(self, seconds: float, late: Callable[[Late], None]) -> None:
        self._seconds = seconds
        self._late = late
        self._due: dict[Late, float] = {}  # in the order of their ends, as all have as long
        self._timer: asyncio.TimerHandle | None = None

    def add(self, what: Late) -> None:
        loop = asyncio.get_running_loop()
        self._due[what] = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._look)

    def discard(self, what: Late) -> None:
        self._due.pop(what, None)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        while self._due:
            what, end = next(iter(self._due.items()))
            if end > loop.time():
                self._timer = loop.call_at(end, self._look)
                return
            del self._due[what]
            self._late(what)
