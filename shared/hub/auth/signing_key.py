"""The keys that credentials are verified with: which keys are tried, and when the secret is read again."""

import math
import time
from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from hub.auth.signing_secret import KeyUnusable, SigningSecret, is_withdrawn
from hub.errors import HubError
from hub.log import logger

CACHE_TIME = 300
"""Seconds for which keys are used without reading the secret again. A withdrawn key works for up to this long."""

MIN_REFETCH_TIME = 3
"""Seconds between two reads of the secret that happen because no key fits. After a forged credential, a new key may be
refused for up to this long."""

MIN_RETRY_TIME = 10
"""Seconds after a failed read in which the secret is not read, and the hub uses the keys that it has."""

T = TypeVar("T")


class WrongKey(Exception):
    """
    A signature was made with another key.

    Attributes:
        refusal: The answer if no other key fits either.

    """

    def __init__(self, refusal: HubError) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


class SigningKeys:
    """
    The current key and, during a rotation, the key before it.

    Args:
        clock: Returns epoch seconds. Python's other clocks may stand still while Lambda stops an environment between
            two events.

    """

    def __init__(self, secret: SigningSecret, clock: Callable[[], float] = time.time) -> None:
        self._secret = secret
        self._clock = clock
        self._keys: tuple[bytes, ...] = ()
        self._read_at = float("-inf")
        self._refetched_at = float("-inf")
        self._failed_at = float("-inf")

    def verified(self, verify: Callable[[bytes], T]) -> T:
        """
        Return what ``verify`` returns for the first key that fits.

        If no key fits, the secret is read once more, because it may have been rotated. If the secret cannot be read,
        the hub uses the keys that it has.

        Args:
            verify: Raises WrongKey if a key does not fit.

        Raises:
            HubError: What WrongKey carries, if no key fits; or any other refusal that ``verify`` raises.
            KeyUnusable: If the hub has no key, and the secret holds none or the answer is not a secret.
            botocore.exceptions.ClientError: If the hub has no key and the secret cannot be read; or if the keys are
                older than CACHE_TIME and the error withdraws them.
            botocore.exceptions.BotoCoreError: If the hub has no key, and Secrets Manager does not answer.

        """
        outdated = self._age(self._read_at) > CACHE_TIME
        if not self._keys:
            self._read()
        elif outdated:
            self._read_again()
        try:
            return _try_keys(self._keys, verify)
        except WrongKey as wrong:
            if outdated or self._age(self._refetched_at) < MIN_REFETCH_TIME:
                raise wrong.refusal from None
        self._refetched_at = self._clock()  # before the read, which may fail
        self._read_again()
        try:
            return _try_keys(self._keys, verify)
        except WrongKey as wrong:
            raise wrong.refusal from None

    def _age(self, moment: float) -> float:
        """Return the seconds since a moment, or infinity if the clock has been set back."""
        age = self._clock() - moment
        return age if age >= 0 else float("inf")

    def _key_age(self) -> int | None:
        """Return the seconds since both versions were read, or None if that is not known."""
        age = self._age(self._read_at)
        return round(age) if math.isfinite(age) else None

    def _read_again(self) -> None:
        """Read the keys, unless a read has just failed. If the read fails, log that and keep the keys."""
        if self._age(self._failed_at) < MIN_RETRY_TIME:
            return
        try:
            self._read()
        except (BotoCoreError, ClientError, KeyUnusable) as error:
            self._failed_at = self._clock()
            if is_withdrawn(error) and self._age(self._read_at) > CACHE_TIME:
                self._keys = ()
                raise
            logger.exception("signing key not read again", seconds=self._key_age())

    def _read(self) -> None:
        """
        Read the current key and, during a rotation, the key before it.

        If the key before it cannot be read, log that, and use the current key together with the keys from before. The
        keys then keep their age, so the secret is read again after MIN_RETRY_TIME.

        """
        deadline = self._secret.deadline()
        current = self._secret.current(deadline)
        try:
            previous = self._secret.previous(deadline)
        except (BotoCoreError, ClientError, KeyUnusable) as error:
            self._failed_at = self._clock()
            kept = () if is_withdrawn(error) and self._age(self._read_at) > CACHE_TIME else self._keys
            self._keys = tuple(dict.fromkeys((current, *kept)))
            logger.exception("previous signing key not read")
            return
        self._keys = tuple(key for key in (current, previous) if key)
        self._read_at = self._clock()


def _try_keys(keys: tuple[bytes, ...], verify: Callable[[bytes], T]) -> T:
    """
    Return what ``verify`` returns for the first key that fits.

    Raises:
        WrongKey: If no key fits.

    """
    for key in keys[:-1]:
        try:
            return verify(key)
        except WrongKey:
            continue
    return verify(keys[-1])
