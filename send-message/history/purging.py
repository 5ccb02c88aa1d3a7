"""Deletes the history of one session, for an operator."""

import time
from collections.abc import Callable

from delivery.together import together
from history.items import HEAD
from history.table import HistoryTable

AT_ONCE = 16
"""Items that are deleted at the same time."""

LEAST_TIME = 1.0
"""Seconds. With less time left, no further page is begun."""


async def purge(
    table: HistoryTable, session_id: str, seconds: float, clock: Callable[[], float] = time.time
) -> tuple[int, bool]:
    """
    Delete the messages and the tombstones of a session, oldest first.

    The head is raised before, so that all that is deleted has a number below it. So no client takes what has gone for
    something that it has seen: a question for what came after a deleted message is not recovered. A message that has
    its number already, but is not stored yet, may stay.

    Args:
        seconds: Time for it.

    Returns:
        How many items were deleted, and whether there are more.

    """
    end = clock() + seconds
    head = await table.raise_head(session_id, clock())
    purged = 0
    while end - clock() > LEAST_TIME:
        numbers, more = await table.numbers(session_id, HEAD + 1, head)
        for first in range(0, len(numbers), AT_ONCE):
            if end - clock() <= LEAST_TIME:
                return purged, True
            some = numbers[first : first + AT_ONCE]
            await together([table.delete(session_id, number) for number in some], end - clock())
            purged += len(some)
        if not more:
            return purged, False
    return purged, True
