"""The keys that credentials are verified with: which keys are tried, and when the secret is read again."""

import time
from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from hub.auth.freshness import Freshness
from hub.auth.signing_secret import KeyUnusable, SigningSecret, is_withdrawn
from hub.errors import HubError
from hub.log import logger

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
        self._freshness = Freshness(clock)
        self._keys: tuple[bytes, ...] = ()

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
        outdated = self._freshness.is_outdated
        if not self._keys:
            self._read()
        elif outdated:
            self._read_again()
        try:
            return _try_keys(self._keys, verify)
        except WrongKey as wrong:
            if outdated or self._freshness.has_just_been_refetched:
                raise wrong.refusal from None
        self._freshness.refetched()  # before the read, which may fail
        self._read_again()
        try:
            return _try_keys(self._keys, verify)
        except WrongKey as wrong:
            raise wrong.refusal from None

    def _read_again(self) -> None:
        """Read the keys, unless a read has just failed. If the read fails, log that and keep the keys."""
        if self._freshness.has_just_failed:
            return
        try:
            self._read()
        except (BotoCoreError, ClientError, KeyUnusable) as error:
            self._freshness.failed()
            if is_withdrawn(error) and self._freshness.is_outdated:
                self._keys = ()
                raise
            logger.exception("signing key not read again", seconds=self._freshness.seconds)

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
            self._freshness.failed()
            kept = () if is_withdrawn(error) and self._freshness.is_outdated else self._keys
            self._keys = tuple(dict.fromkeys((current, *kept)))
            logger.exception("previous signing key not read")
            return
        self._keys = tuple(key for key in (current, previous) if key)
        self._freshness.read()


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
