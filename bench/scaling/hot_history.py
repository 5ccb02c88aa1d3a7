"""Simulates one session that gets more messages than its history can store: writes, throttles and retries."""

import heapq
import random
from dataclasses import dataclass, field
from itertools import count

from bench import limits
from delivery.backoff import backoff
from history.history import WITHIN

SECONDS = 40
"""Seconds in which messages come."""

SETTLED = 10
"""Seconds after which messages are counted: the first retries have ended."""

ANSWER = limits.DYNAMODB_SECONDS
"""Seconds until DynamoDB answers a write, throttled or not."""


@dataclass
class Partition:
    """
    The write units of one partition, at first none. AWS documents the units a second, but not how they are counted.

    Attributes:
        may_owe: Whether a write passes if any unit is left, and the partition then owes the rest. If not, a write
            passes only if all its units are there. So writes of one unit pass more often than larger writes.

    """

    may_owe: bool
    units: float = 0.0
    at: float = 0.0

    def take(self, now: float, units: int) -> bool:
        """Return whether a write passes."""
        gained = (now - self.at) * limits.PARTITION_WRITES
        self.units, self.at = min(self.units + gained, limits.PARTITION_WRITES), now
        if self.units < (1 if self.may_owe else units):
            return False
        self.units -= units
        return True


@dataclass
class Outcome:
    """
    What became of the messages.

    Attributes:
        stored: Messages that were stored.
        unstored: Messages that were not stored within their time.
        unused: Numbers that were taken for the latter.
        times: Seconds until a message was stored or given up.

    """

    stored: int = 0
    unstored: int = 0
    unused: int = 0
    times: list[float] = field(default_factory=list)


@dataclass
class Message:
    """A message on its way: first it needs a number, then it is stored."""

    began: float
    attempt: int = 0
    has_number: bool = False


def store(rate: int, units: int, may_owe: bool, seed: int = 1) -> Outcome:
    """
    Simulate messages to one session.

    Args:
        rate: Messages a second, at random times.
        units: Write units of a message, without the unit of its number.
        may_owe: See ``Partition``.
        seed: Of the random times and delays.

    """
    chance = random.Random(seed)  # noqa: S311 - no secret
    partition, outcome, order = Partition(may_owe), Outcome(), count()
    due = [(began, next(order), Message(began)) for began in (chance.random() * SECONDS for _ in range(rate * SECONDS))]
    heapq.heapify(due)
    while due:
        now, _, message = heapq.heappop(due)
        left = message.began + WITHIN - now - ANSWER
        if left < 0:
            _end(outcome, message, WITHIN, is_stored=False)
        elif not partition.take(now, units if message.has_number else 1):
            again = now + ANSWER + backoff(message.attempt, left, chance.random)
            message.attempt += 1
            heapq.heappush(due, (again, next(order), message))
        elif message.has_number:
            _end(outcome, message, now + ANSWER - message.began, is_stored=True)
        else:
            message.has_number, message.attempt = True, 0
            heapq.heappush(due, (now + ANSWER, next(order), message))
    return outcome


def _end(outcome: Outcome, message: Message, seconds: float, is_stored: bool) -> None:
    if message.began < SETTLED:
        return
    outcome.times.append(seconds)
    outcome.stored += is_stored
    outcome.unstored += not is_stored
    outcome.unused += not is_stored and message.has_number
