"""
Simulates many clients that connect at once, second by second.

A client whose connection closes, or whose attempt is refused, waits and tries again, as docs/protocol.md says. It waits
for a random time, and the longest possible wait doubles with each failure.

"""

import random
from dataclasses import dataclass, field

from bench import limits

WAITS = (1, 2, 4, 8, 16, 30)
"""Longest wait in seconds, by the client's failures in a row.
Source: docs/protocol.md, "Close codes and reconnecting"."""

GROUPS = 20
"""Number of groups that a crowd is divided into. The clients of a group choose the same second, which saves memory."""


@dataclass(frozen=True)
class Clients:
    """
    Clients of one kind.

    Attributes:
        count: Number of clients.
        arriving: Clients that try to connect for the first time in each second.
        jitter: Whether a client waits for a random part of the time in WAITS, or for the whole time.
        early: Seconds. A client closes its connection at a random time up to so long before API Gateway would close it,
            and connects again.

    """

    count: int
    arriving: int
    jitter: bool = True
    early: int = 0


@dataclass
class Rush:
    """What happened in each second. ``open`` and ``waiting`` are the numbers of clients at the end of the second."""

    attempts: list[int] = field(default_factory=list)
    opened: list[int] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    open: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)

    def minutes(self, series: list[int]) -> list[float]:
        """Return the averages of the minutes of a series."""
        return [sum(series[start : start + 60]) / 60 for start in range(0, len(series), 60)]

    @property
    def refused(self) -> int:
        """Number of attempts that API Gateway refused with 429."""
        return sum(self.attempts) - sum(self.opened)

    def open_after(self, count: float) -> int | None:
        """Return the seconds until so many connections are open, or None if that never happens."""
        return next((second + 1 for second, connections in enumerate(self.open) if connections >= count), None)


class Crowd:
    """Numbers of clients that will act, by the second of the act and by their failures so far."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._at: dict[int, list[int]] = {}

    def add(self, count: int, failures: int, least: int, most: int) -> None:
        """Let clients act at random seconds from ``least`` to ``most``, in up to GROUPS groups."""
        for group in range(min(count, GROUPS)):
            part = (count + group) // min(count, GROUPS)
            second = self._chance.randint(least, most)
            self._at.setdefault(second, [0] * len(WAITS))[failures] += part

    def due(self, second: int) -> list[int]:
        """Return the numbers of clients that act in a second, by failures, and forget them."""
        return self._at.pop(second, [0] * len(WAITS))


def admitted(trying: list[int], quota: int) -> list[int]:
    """Return how many clients may connect, by failures. Together they are at most the quota, shared in proportion."""
    left, room = sum(trying), min(quota, sum(trying))
    entered = []
    for count in trying:
        taken = room * count // left if left else 0
        entered.append(taken)
        room, left = room - taken, left - count
    return entered


class Simulation:
    """The state of the clients at one second."""

    def __init__(self, clients: Clients, quota: int, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - no secret
        self._clients = clients
        self._quota = quota
        self._outside = clients.count
        self._trying, self._closing = Crowd(chance), Crowd(chance)
        self._open = self._waiting = 0
        self.rush = Rush()

    def step(self, second: int) -> None:
        """Simulate one second."""
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
    """Return what happens in so many seconds. The quota is the number of connections that may open in one second."""
    simulation = Simulation(clients, quota, seed)
    for second in range(seconds):
        simulation.step(second)
    return simulation.rush
