"""Deletes the history of one session, for an operator."""

import time
from collections.abc import Callable

from delivery.together import together
from history.items import HEAD
from history.table import HistoryTable

AT_ONCE = 16
"""Messages that are deleted at the same time."""

LEAST_TIME = 1.0
"""Seconds. With less time left, no further page is begun."""


async def purge(
    table: HistoryTable, session_id: str, seconds: float, clock: Callable[[], float] = time.time
) -> tuple[int, bool]:
    """
    Delete the messages of a session, oldest first.

    Before, the head notes that they are purged. From then on, a question for what came after one of them is not
    recovered, even if DynamoDB still has some. A message that has its number already, but is not stored yet, may stay
    in the table. Tombstones stay: without them, a slow message could still get a number that a client has passed.

    Args:
        seconds: Time for it.

    Returns:
        How many messages were deleted, and whether there are more.

    """
    end = clock() + seconds
    last = await table.mark_purged(session_id, clock())
    purged, following = 0, HEAD + 1
    while end - clock() > LEAST_TIME:
        numbers, rest = await table.messages(session_id, following, last)
        for first in range(0, len(numbers), AT_ONCE):
            if end - clock() <= LEAST_TIME:
                return purged, True
            some = numbers[first : first + AT_ONCE]
            await together([table.delete(session_id, number) for number in some], end - clock())
            purged += len(some)
        if rest is None:
            return purged, False
        following = rest
    return purged, True
