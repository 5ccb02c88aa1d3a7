"""How fast one connection may send: a token bucket for each, in the memory of one function's environment."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from hub.errors import RateLimited

MAX_BUCKETS = 10_000
"""Connections remembered. The one that was quiet longest is forgotten, and starts again with a full bucket."""

ROUNDING = 0.001
"""Part of a message that may lack: floats round, and who waits as long as it was told must be taken."""


class RateLimit:
    """
    A token bucket a connection: ``burst`` messages at once, ``per_second`` in the long run.

    Nothing is stored, so it costs no request and is not exact: Lambda runs a connection's
    simultaneous messages in several environments, each with buckets of its own. A client
    that waits for its acks meets the rate as written; one that does not, up to as many
    times it as there are environments. A client that connects again starts with a full bucket.

    Args:
        per_second: 0 switches the limit off.
        clock: Returns seconds; only differences count.

    """

    def __init__(self, per_second: int, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = max(1, burst)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, connection_id: str) -> None:
        """
        Raises:
            RateLimited: If the bucket is empty; it says when there will be a token again.

        """
        if not self._per_second:
            return
        now = self._clock()
        tokens, filled_at = self._buckets.pop(connection_id, (float(self._burst), now))
        tokens = min(self._burst, tokens + (now - filled_at) * self._per_second)
        allowed = tokens >= 1 - ROUNDING
        self._buckets[connection_id] = (max(0, tokens - 1) if allowed else tokens, now)
        if len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)
        if not allowed:
            wait = math.ceil((1 - tokens) / self._per_second * 1000)
            raise RateLimited("This connection sends too fast.", wait)
