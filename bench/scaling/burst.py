"""Simulates one message to a large session with the account's quota: posts, 429s and retries, in steps of 10 ms."""

import random
from collections import deque
from dataclasses import dataclass, field

from bench import limits
from delivery.backoff import backoff
from delivery.fan_out import MAX_WAITING
from delivery.opening import LEAST_TIME
from hub.connection_requests import PAGE

STEP = 0.01
"""Seconds."""


@dataclass
class Bucket:
    """API Gateway's token bucket. Source: "Protect your WebSocket APIs in API Gateway", API Gateway developer guide."""

    rate: float = limits.REQUESTS
    size: float = limits.REQUEST_BURST
    tokens: float = limits.REQUEST_BURST

    def pass_time(self, seconds: float) -> None:
        self.tokens = min(self.size, self.tokens + self.rate * seconds)

    def take(self) -> bool:
        """Return whether one more request passes."""
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass
class Outcome:
    """
    How the message ended.

    Attributes:
        delivered: Connections that took the message.
        failed: Connections that the ack counts as failed.
        throttled: Posts that API Gateway answered with 429.
        seconds: Time until the last post ended.
        progress: Number of deliveries until the end of each step.

    """

    delivered: int = 0
    failed: int = 0
    throttled: int = 0
    seconds: float = 0.0
    progress: list[int] = field(default_factory=list)


class Sending:
    """The queue of delivery/http/endpoint.py, with the retries of delivery/retries.py."""

    def __init__(self, recipients: int, answer: float, seed: int) -> None:
        self.unread = recipients
        self.answer = answer
        self.under_way = 0
        self.outcome = Outcome()
        self._chance = random.Random(seed)  # noqa: S311 - no secret
        self._queue: deque[int] = deque()  # for each waiting post, its attempts so far
        self._again: dict[int, list[int]] = {}

    def read(self, step: int) -> None:
        """Add the retries that are due. Add pages of rows until more than MAX_WAITING posts wait."""
        self._queue.extend(self._again.pop(step, ()))
        while self.unread and len(self._queue) <= MAX_WAITING:
            page = min(PAGE, self.unread)
            self._queue.extend([0] * page)
            self.unread -= page
            self.under_way += page

    def post(self, step: int, most: int, bucket: Bucket) -> None:
        """Make up to ``most`` posts."""
        for _ in range(min(most, len(self._queue))):
            attempts = self._queue.popleft()
            if bucket.take():
                self.outcome.delivered += 1
                self.under_way -= 1
            else:
                self.outcome.throttled += 1
                self._try_again(step, attempts)

    def _try_again(self, step: int, attempts: int) -> None:
        now = step * STEP + self.answer
        left = limits.DELIVERY_SECONDS - now
        if left < LEAST_TIME:
            self.outcome.failed += 1
            self.under_way -= 1
            return
        delay = backoff(attempts, left, self._chance.random)
        self._again.setdefault(max(step + 1, round((now + delay) / STEP)), []).append(attempts + 1)


def deliver(recipients: int, pace: float, answer: float, seed: int = 1) -> Outcome:
    """
    Simulate the delivery of one message.

    Args:
        recipients: Connections of the session.
        pace: Posts a second that the function makes.
        answer: Seconds until API Gateway answers a post.
        seed: Of the random delays.

    """
    sending, bucket, made = Sending(recipients, answer, seed), Bucket(), 0
    for step in range(round(limits.DELIVERY_SECONDS / STEP)):
        sending.read(step)
        allowed = round(pace * STEP * (step + 1), 6) // 1
        sending.post(step, int(allowed) - made, bucket)
        made = int(allowed)
        bucket.pass_time(STEP)
        sending.outcome.progress.append(sending.outcome.delivered)
        sending.outcome.seconds = (step + 1) * STEP + answer
        if not (sending.unread or sending.under_way):
            return sending.outcome
    sending.outcome.failed += sending.under_way + sending.unread
    sending.outcome.seconds = limits.DELIVERY_SECONDS
    return sending.outcome
