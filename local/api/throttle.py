"""Throttles handshakes and messages by token buckets, as API Gateway does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from local.stack.app import Route, Throttle


@dataclass
class Bucket:
    """Holds at most ``burst`` tokens, and gets ``rate`` new ones each second."""

    throttle: Throttle
    clock: Callable[[], float]
    _tokens: float = field(init=False)
    _filled_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._tokens = self.throttle.burst
        self._filled_at = self.clock()

    def take(self) -> bool:
        """Take a token, and return whether there was one."""
        now = self.clock()
        gained = max(0.0, now - self._filled_at) * self.throttle.rate
        self._tokens, self._filled_at = min(self.throttle.burst, self._tokens + gained), now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Throttles:
    """The buckets of a stage: one for each route that has its own limits, and one that all other routes share."""

    def __init__(self, routes: Mapping[str, Route], shared: Throttle | None, clock: Callable[[], float]) -> None:
        self._shared = Bucket(shared, clock) if shared else None
        self._own = {key: Bucket(route.throttle, clock) for key, route in routes.items() if route.throttle}

    def admit(self, route_key: str) -> bool:
        """Return whether a handshake or a message for this route may go on; if so, take a token for it."""
        bucket = self._own.get(route_key, self._shared)
        return bucket is None or bucket.take()
