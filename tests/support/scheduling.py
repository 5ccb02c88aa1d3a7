"""An event loop in virtual time. Whenever all tasks wait, it lets a scheduler decide what happens next."""

import asyncio
import selectors
from collections.abc import Callable
from typing import Any


class Stuck(AssertionError):
    """All tasks wait, and nothing can happen any more."""


class SchedulingLoop(asyncio.SelectorEventLoop):
    """
    An event loop without sockets.

    Args:
        happen: Lets something happen, and returns True; or returns False, and the next timer is due. Its argument is
            the time until then in seconds, or None if there is no timer.

    Attributes:
        now: The loop's time in seconds, which the scheduler may move on.

    """

    def __init__(self, happen: Callable[[float | None], bool]) -> None:
        self.now = 0.0
        super().__init__(_Idle(self, happen))

    def time(self) -> float:
        return self.now


class _Idle(selectors.SelectSelector):
    """The loop asks it to wait for sockets until the next timer."""

    def __init__(self, loop: SchedulingLoop, happen: Callable[[float | None], bool]) -> None:
        super().__init__()
        self._loop = loop
        self._happen = happen

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout == 0 or self._happen(timeout):
            return []
        if timeout is None:
            raise Stuck
        self._loop.now += timeout
        return []
