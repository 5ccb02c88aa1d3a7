"""Stuck connections, which take no messages: how long a delivery waits for them, and when it closes them."""

from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

MAX_FAILURES = 8
"""A connection is closed when it has not taken so many messages in a row, and ``Patience.closing`` has passed. Measured
with the local gateway: a client that reads 100 KB/s of a flood stays connected. See docs/performance.md."""

FORGIVEN_AFTER = 60.0
"""Seconds after which the failures of a connection are forgotten. Other environments may have reached it since."""

MAX_REMEMBERED = 10_000
"""Connections whose failures are remembered, in about 2 MB. The one with the oldest failure is forgotten first."""


class Budget(NamedTuple):
    """
    The time for a post that its recipient does not take.

    Attributes:
        delay: Seconds before the second attempt. They double with each further attempt. The delay does not have a
            random part: the post waits for its own recipient, and does not compete with other posts.
        seconds: Seconds for all attempts and the delays between them. Waiting for an HTTP connection does not count.

    """

    delay: float
    seconds: float


class Patience(NamedTuple):
    """
    How long a delivery waits for one connection, unless the invocation ends sooner.

    Attributes:
        first: For a connection that took the last message, or that has not had a message yet.
        stuck: For a connection that did not take the last message.
        closing: Seconds from the first post that a connection does not take until the connection may be closed. Eight
            messages take so long if each post uses its whole budget. A long ``Retry-After`` ends a post sooner.
        broken: Seconds that remain for a delivery after a callback of the event loop has failed.
        opening: Seconds for which a connection may still be opening after its row was stored. API Gateway answers
            with 410 until $connect has returned, so a 410 this early does not mean that the connection is gone.
        clocks: Seconds by which a row may look older than it is. The clocks of two environments differ, and
            storing the row may have needed a second attempt.

    """

    first: Budget = Budget(delay=0.2, seconds=3.0)
    stuck: Budget = Budget(delay=1.0, seconds=1.0)
    closing: float = 10.0
    broken: float = 2.0
    opening: float = 3.0
    clocks: float = 1.0


PATIENCE = Patience()


class Failures(NamedTuple):
    """
    The messages in a row that a connection did not take.

    Attributes:
        messages: How many there are.
        since: When the first post to the connection began. Epoch seconds, like ``last``.
        last: When the last post failed.
        tried: ``messages`` when the hub last tried to close the connection.

    """

    messages: int
    since: float
    last: float
    tried: int = 0


class Stuck:
    """
    How many messages in a row each connection did not take, as far as this environment knows.

    Args:
        clock: Returns epoch seconds. A monotonic clock may stand still while Lambda freezes the environment.
        max_remembered: Connections whose failures are remembered.

    """

    def __init__(self, clock: Callable[[], float], max_remembered: int = MAX_REMEMBERED) -> None:
        self._clock = clock
        self._max_remembered = max_remembered
        self._failures: OrderedDict[str, Failures] = OrderedDict()

    def failures(self, connection_id: str) -> int:
        """Return how many messages in a row a connection did not take."""
        known = self._known(connection_id)
        return known.messages if known else 0

    def failed(self, connection_id: str, spent: float = 0.0) -> None:
        """Count a message that a connection did not take, after so many seconds."""
        now, known = self._clock(), self._known(connection_id)
        if known:
            self._failures[connection_id] = known._replace(messages=known.messages + 1, last=now)
        else:
            self._failures[connection_id] = Failures(1, now - spent, now)
        self._failures.move_to_end(connection_id)
        if len(self._failures) > self._max_remembered:
            self._failures.popitem(last=False)

    def must_close(self, connection_id: str, closing: float) -> bool:
        """
        Return whether to close a connection now: True once, and again after MAX_FAILURES further messages.

        Args:
            closing: See ``Patience``.

        """
        known = self._known(connection_id)
        if not known or known.messages - known.tried < MAX_FAILURES:
            return False
        if round(known.last - known.since, 3) < closing:  # rounded: epoch seconds are not exact in a float
            return False
        self._failures[connection_id] = known._replace(tried=known.messages)
        return True

    def took(self, connection_id: str) -> None:
        """Forget the failures of a connection: it has taken a message, or it is gone."""
        self._failures.pop(connection_id, None)

    def _known(self, connection_id: str) -> Failures | None:
        known = self._failures.get(connection_id)
        return known if known and self._clock() - known.last < FORGIVEN_AFTER else None
