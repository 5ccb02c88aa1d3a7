"""How old keys are that were read from elsewhere, and when they are read again."""

import math
import time
from collections.abc import Callable

CACHE_TIME = 300
"""Seconds for which keys are used without reading them again. A withdrawn key works for up to this long."""

MIN_REFETCH_TIME = 3
"""Seconds between two reads that happen because no key fits. After a forged credential, a new key may be refused for up
to this long."""

MIN_RETRY_TIME = 10
"""Seconds after a failed read in which the keys are not read, and the hub uses the keys that it has."""


class Freshness:
    """
    When keys were read, read because none fitted, and not read although they should have been.

    Args:
        clock: Returns epoch seconds. Python's other clocks may stand still while Lambda stops an environment between
            two events.

    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._read_at = self._refetched_at = self._failed_at = float("-inf")

    def read(self) -> None:
        """Note that the keys have just been read."""
        self._read_at = self._clock()

    def refetched(self) -> None:
        """Note that the keys are being read because none fits."""
        self._refetched_at = self._clock()

    def failed(self) -> None:
        """Note that the keys could not be read."""
        self._failed_at = self._clock()

    @property
    def is_outdated(self) -> bool:
        """Whether the keys must be read before they are used."""
        return self._since(self._read_at) > CACHE_TIME

    @property
    def has_just_been_refetched(self) -> bool:
        return self._since(self._refetched_at) < MIN_REFETCH_TIME

    @property
    def has_just_failed(self) -> bool:
        return self._since(self._failed_at) < MIN_RETRY_TIME

    @property
    def seconds(self) -> int | None:
        """The seconds since the keys were read, or None if that is not known."""
        age = self._since(self._read_at)
        return round(age) if math.isfinite(age) else None

    def _since(self, moment: float) -> float:
        """Return the seconds since a moment, or infinity if the clock has been set back."""
        age = self._clock() - moment
        return age if age >= 0 else float("inf")
