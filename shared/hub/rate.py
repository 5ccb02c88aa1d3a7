"""How fast one connection may send: a token bucket for each connection, in the memory of one environment of Lambda."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from hub.errors import RateLimited

MAX_BUCKETS = 10_000
"""Connections whose buckets are kept. The connection that was quiet longest loses its bucket, and gets a full one."""

TOLERANCE = 0.001
"""In tokens. Without it, rounding could refuse a message that waited exactly ``retry_after_ms``."""


class RateLimit:
    """
    A token bucket for each connection: ``burst`` messages at once, ``per_second`` in the long run.

    The buckets are not stored anywhere else, so the limit costs no request, and it is not exact. Lambda handles
    messages that one connection sends at the same time in several environments, and each environment has buckets of
    its own. A client that waits for its acks is held to the rate. A client that does not wait may send as many times
    the rate as there are environments. A client that connects again starts with a full bucket.

    Args:
        per_second: 0: no limit.
        clock: Returns seconds. Only differences count.
        max_buckets: See MAX_BUCKETS.

    """

    def __init__(
        self,
        per_second: int,
        burst: int,
        clock: Callable[[], float] = time.monotonic,
        max_buckets: int = MAX_BUCKETS,
    ) -> None:
        self._per_second = per_second
        self._burst = max(1, burst)
        self._clock = clock
        self._max_buckets = max_buckets
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, and when they were counted

    def take(self, connection_id: str) -> None:
        """
        Take a token from the bucket of a connection.

        Raises:
            RateLimited: If the bucket is empty. ``retry_after_ms`` says when the bucket has a token again.

        """
        if not self._per_second:
            return
        now = self._clock()
        tokens, counted_at = self._buckets.pop(connection_id, (float(self._burst), now))
        tokens = min(self._burst, tokens + (now - counted_at) * self._per_second)
        allowed = tokens >= 1 - TOLERANCE
        self._buckets[connection_id] = (max(0, tokens - 1) if allowed else tokens, now)
        if len(self._buckets) > self._max_buckets:
            self._buckets.popitem(last=False)
        if not allowed:
            wait = math.ceil((1 - tokens) / self._per_second * 1000)
            raise RateLimited("This connection sends too fast", wait)
