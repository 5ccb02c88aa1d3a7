"""
Many clients that want to connect at once, second by second.

A client whose connection closes, or whose attempt is refused, waits and tries again, as docs/protocol.md
tells it to: a random time up to a limit that doubles with each failure.

"""

import random
from dataclasses import dataclass, field

from bench import limits

WAITS = (1, 2, 4, 8, 16, 30)
"""Seconds that a client waits at most, by its failures in a row.
Source: docs/protocol.md, "Close codes and reconnecting"."""

GROUPS = 20
"""Parts of a crowd that choose their second together: what keeps 3.6 M clients countable."""


@dataclass(frozen=True)
class Clients:
    """
    Attributes:
        count: All of them.
        arriving: Of them, how many want to connect for the first time in each second.
        jitter: Whether they wait a random part of the time in WAITS, or all of it.
        early: Seconds: each closes its connection by itself up to so long before API Gateway would, and connects again.

    """

    count: int
    arriving: int
    jitter: bool = True
    early: int = 0


@dataclass
class Rush:
    """What happened, one number a second."""

    attempts: list[int] = field(default_factory=list)
    opened: list[int] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    open: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)

    def minutes(self, series: list[int]) -> list[float]:
        """Return the average of each minute."""
        return [sum(series[start : start + 60]) / 60 for start in range(0, len(series), 60)]

    @property
    def refused(self) -> int:
        """Attempts that were refused with 429."""
        return sum(self.attempts) - sum(self.opened)

    def open_after(self, count: float) -> int | None:
        """Return the seconds until so many are open, or None if they never are."""
        return next((second + 1 for second, each in enumerate(self.open) if each >= count), None)


class Crowd:
    """Who will do something, and when: counts by second, and by failures so far."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._at: dict[int, list[int]] = {}

    def add(self, count: int, failures: int, least: int, most: int) -> None:
        """Have each act in a second of its own between the two, both possible, in at most GROUPS groups."""
        for group in range(min(count, GROUPS)):
            part = (count + group) // min(count, GROUPS)
            second = self._chance.randint(least, most)
            self._at.setdefault(second, [0] * len(WAITS))[failures] += part

    def due(self, second: int) -> list[int]:
        """Return and forget those of a second, by failures."""
        return self._at.pop(second, [0] * len(WAITS))


def admitted(trying: list[int], quota: int) -> list[int]:
    """Return who gets in, by failures: as many as the quota allows, of each kind its share."""
    left, room = sum(trying), min(quota, sum(trying))
    entered = []
    for count in trying:
        taken = room * count // left if left else 0
        entered.append(taken)
        room, left = room - taken, left - count
    return entered


class Simulation:
    """The clients, at one second."""

    def __init__(self, clients: Clients, quota: int, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - no secret
        self._clients = clients
        self._quota = quota
        self._outside = clients.count
        self._trying, self._closing = Crowd(chance), Crowd(chance)
        self._open = self._waiting = 0
        self.rush = Rush()

    def step(self, second: int) -> None:
        """Let one second pass."""
        closed, arriving = sum(self._closing.due(second)), min(self._outside, self._clients.arriving)
        self._trying.add(closed, 0, second + 1, second + 1)
        trying = self._trying.due(second)
        trying[0] += arriving
        opened = self._connect(second, trying)
        self._outside -= arriving
        self._open += opened - closed
        self._waiting += arriving + closed - opened
        self._write_down(sum(trying), opened, closed)

    def _connect(self, second: int, trying: list[int]) -> int:
        entered = admitted(trying, self._quota)
        end = second + limits.CONNECTION_SECONDS
        self._closing.add(sum(entered), 0, end - self._clients.early, end)
        for failures, (count, accepted) in enumerate(zip(trying, entered, strict=True)):
            most = WAITS[failures]
            least = 1 if self._clients.jitter else most
            self._trying.add(count - accepted, min(failures + 1, len(WAITS) - 1), second + least, second + most)
        return sum(entered)

    def _write_down(self, attempts: int, opened: int, closed: int) -> None:
        rush, now = self.rush, (attempts, opened, closed, self._open, self._waiting)
        for series, value in zip((rush.attempts, rush.opened, rush.closed, rush.open, rush.waiting), now, strict=True):
            series.append(value)


def simulate(clients: Clients, seconds: int, quota: int = limits.CONNECTS, seed: int = 1) -> Rush:
    """Return what happens in so many seconds if so many connections may open in each."""
    simulation = Simulation(clients, quota, seed)
    for second in range(seconds):
        simulation.step(second)
    return simulation.rush
