"""Items with the same time to end, and the callback for those that do not end in time."""

import asyncio
import math
from collections.abc import Callable

import uvloop

from local.deadlines import Deadlines
from tests.support.gateway import PATIENCE

SOON = 0.05
"""Seconds that the items have."""


def expired(act: Callable[[Deadlines[str]], object]) -> list[str]:
    """Return the items that expire, until the item "last", which nobody discards, has expired."""

    async def main() -> list[str]:
        items: list[str] = []
        last_expired = asyncio.Event()

        def on_expired(item: str) -> None:
            items.append(item)
            if item == "last":
                last_expired.set()

        deadlines = Deadlines(SOON, on_expired)
        act(deadlines)
        await asyncio.sleep(SOON / 2)
        deadlines.add("last")
        async with asyncio.timeout(PATIENCE):
            await last_expired.wait()
        return items

    return asyncio.run(main())


def test_items_that_do_not_end_expire_once_and_in_order() -> None:
    def act(deadlines: Deadlines[str]) -> None:
        deadlines.add("first")
        deadlines.add("second")

    assert expired(act) == ["first", "second", "last"]


def test_a_discarded_item_never_expires() -> None:
    def act(deadlines: Deadlines[str]) -> None:
        deadlines.add("first")
        deadlines.add("second")
        deadlines.discard("first")
        deadlines.discard("unknown")

    assert expired(act) == ["second", "last"]


def test_an_item_that_is_added_again_has_all_its_time_again() -> None:
    def act(deadlines: Deadlines[str]) -> None:
        deadlines.add("again")
        deadlines.add("other")
        deadlines.discard("again")
        deadlines.add("again")

    assert expired(act) == ["other", "again", "last"]


def test_an_item_with_infinite_time_never_expires() -> None:
    async def main() -> list[str]:
        items: list[str] = []
        deadlines = Deadlines(math.inf, items.append)
        deadlines.add("debugged")
        await asyncio.sleep(SOON)
        deadlines.discard("debugged")
        return items

    assert asyncio.run(main()) == uvloop.run(main()) == []
