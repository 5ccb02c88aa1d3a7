"""How long a retry waits."""

from collections.abc import Callable

BACKOFF, MAX_BACKOFF = 0.05, 5.0
"""Seconds. See ``backoff``."""


def backoff(attempt: int, left: float, chance: Callable[[], float]) -> float:
    """
    Return the seconds that a retry waits after a fault that any request could have met.

    The retry waits for a random part of BACKOFF, which doubles with each attempt up to MAX_BACKOFF.
    Source: "Exponential Backoff And Jitter", AWS architecture blog: full jitter.

    Args:
        attempt: 0 for the first retry.
        left: Seconds until the time is up. The retry does not wait longer.
        chance: Returns a random number from 0 to 1.

    """
    longest: float = min(BACKOFF * 2**attempt, MAX_BACKOFF, left)
    return chance() * longest
