"""Connections that take nothing: how patient a delivery is with them, and when it closes them."""

from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

MAX_FAILURES = 8
"""Messages in a row that a connection did not take, after which it is closed: after 10 s at least, 3 for the first
message and 1 for each further one. Measured at the local gateway: a client that reads 100 KB/s of a flood stays."""

FORGIVEN_AFTER = 60.0
"""Seconds after its last failure in which a connection is remembered. Other environments may have reached it since."""

MAX_REMEMBERED = 10_000
"""Connections that are remembered, about 2 MB. The one whose last failure is oldest is forgotten first."""


class Own(NamedTuple):
    """
    What a post gets that its connection does not take.

    Attributes:
        delay: Seconds before the second attempt, doubled for each further one. Without a random part: the post waits
            for its own client, and competes with no other.
        seconds: Seconds for all of it: under way and between attempts, not waiting for an HTTP connection.

    """

    delay: float
    seconds: float


class Patience(NamedTuple):
    """
    How long a delivery waits for one connection, if the invocation has so much time.

    Attributes:
        first: For a connection that took the last message, or was never tried.
        stuck: For a connection that did not.
        opening: Seconds after its row is stored in which a connection may be opening still. API Gateway answers 410
            until $connect has returned, so a 410 this early does not mean gone.
        clocks: Seconds by which a row may look older than it is: the clocks of two environments differ, and
            storing the row may have needed a second attempt.

    """

    first: Own = Own(delay=0.2, seconds=3.0)
    stuck: Own = Own(delay=1.0, seconds=1.0)
    opening: float = 3.0
    clocks: float = 1.0


PATIENCE = Patience()


class Stuck:
    """
    How many messages in a row each connection did not take, as far as this environment knows.

    Args:
        clock: Returns epoch seconds. A monotonic clock may stand still while Lambda freezes the environment.

    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def failures(self, connection_id: str) -> int:
        """Return how many messages in a row a connection did not take."""
        count, last = self._failures.get(connection_id, (0, 0.0))
        return count if self._clock() - last < FORGIVEN_AFTER else 0

    def failed(self, connection_id: str) -> int:
        """Count a message that a connection did not take, and return how many there are in a row."""
        count = self.failures(connection_id) + 1
        self._failures[connection_id] = (count, self._clock())
        self._failures.move_to_end(connection_id)
        if len(self._failures) > MAX_REMEMBERED:
            self._failures.popitem(last=False)
        return count

    def took(self, connection_id: str) -> None:
        """Forget what a connection did not take before: it has taken a message, or is gone."""
        self._failures.pop(connection_id, None)
