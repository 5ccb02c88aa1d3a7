"""What has the same time to end, and what is said of that which does not."""

import asyncio
import math
from collections.abc import Callable

import uvloop

from local.deadlines import Deadlines

SOON = 0.05
PATIENCE = 10


def late_ones(seconds: float, act: Callable[[Deadlines[str]], object]) -> list[str]:
    """Return what was late once ``last``, which never ends, is."""

    async def main() -> list[str]:
        late: list[str] = []
        all_said = asyncio.Event()

        def say(what: str) -> None:
            late.append(what)
            if what == "last":
                all_said.set()

        deadlines = Deadlines(seconds, say)
        act(deadlines)
        await asyncio.sleep(seconds / 2)
        deadlines.add("last")
        async with asyncio.timeout(PATIENCE):
            await all_said.wait()
        return late

    return asyncio.run(main())


def test_what_does_not_end_is_late_once_and_in_order() -> None:
    def act(deadlines: Deadlines[str]) -> None:
        deadlines.add("first")
        deadlines.add("second")

    assert late_ones(SOON, act) == ["first", "second", "last"]


def test_what_has_ended_is_never_late() -> None:
    def act(deadlines: Deadlines[str]) -> None:
        deadlines.add("first")
        deadlines.add("second")
        deadlines.discard("first")
        deadlines.discard("unknown")

    assert late_ones(SOON, act) == ["second", "last"]


def test_what_is_added_again_has_all_its_time_again() -> None:
    def act(deadlines: Deadlines[str]) -> None:
        deadlines.add("again")
        deadlines.add("other")
        deadlines.discard("again")
        deadlines.add("again")

    assert late_ones(SOON, act) == ["other", "again", "last"]


def test_who_may_take_forever_is_never_late() -> None:
    async def main() -> list[str]:
        late: list[str] = []
        deadlines = Deadlines(math.inf, late.append)
        deadlines.add("debugged")
        await asyncio.sleep(SOON)
        deadlines.discard("debugged")
        return late

    assert asyncio.run(main()) == uvloop.run(main()) == []
