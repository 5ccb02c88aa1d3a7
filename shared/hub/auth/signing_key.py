"""The key that credentials are signed with. The only file that knows Secrets Manager."""

import contextlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from hub.asking import ask
from hub.errors import HubError
from hub.log import logger

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

CACHE_TIME = 300
"""Seconds that keys are used without asking again. So long a key works after it was withdrawn."""

MIN_REFETCH_TIME = 3
"""Seconds between two reads because nothing verified. So long a new key may be refused, after something forged."""

MIN_RETRY_TIME = 10
"""Seconds after a read that failed in which the keys that are there are used, and nothing is read."""

CONFIG = Config(connect_timeout=1, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 2})
"""For the client: seconds without a byte, and attempts."""

READ_WITHIN = 3.0
"""Seconds for one read of the secret, both versions and all attempts together."""

WITHDRAWN = {"ResourceNotFoundException", "InvalidRequestException", "AccessDeniedException", "DecryptionFailure"}
"""
Answers that the key may not be had: the secret is deleted, or this function may not read or decrypt it.
Any other failure says nothing about the key: no answer, throttling, a fault of the service.
Source: "GetSecretValue", Secrets Manager API reference.
"""

T = TypeVar("T")


class KeyUnusable(Exception):
    """The secret holds no text, so the deployment is at fault; or what was answered is not a secret."""


class WrongKey(Exception):
    """
    A signature was made with another key.

    Attributes:
        refusal: What to answer if no other key does either.

    """

    def __init__(self, refusal: HubError) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


class SigningKeys:
    """
    The current key and, while a rotation lasts, the one before.

    Args:
        clock: Returns epoch seconds. Lambda stops an environment between two events, and the other clocks of
            Python may stop with it.
        within: Seconds for one read.

    """

    def __init__(
        self,
        secrets: "SecretsManagerClient",
        secret_id: str,
        clock: Callable[[], float] = time.time,
        within: float = READ_WITHIN,
    ) -> None:
        self._secrets = secrets
        self._secret_id = secret_id
        self._clock = clock
        self._within = within
        self._keys: tuple[bytes, ...] = ()
        self._read_at = float("-inf")
        self._refetched_at = float("-inf")
        self._failed_at = float("-inf")

    def verified(self, verify: Callable[[bytes], T]) -> T:
        """
        Return what ``verify`` returns for the first key that fits.

        When none does, the secret is read once more: it may have been rotated. While it cannot be read, the keys
        that are there are used.

        Raises:
            HubError: What WrongKey carries, if no key fits; or whatever else ``verify`` raises.
            KeyUnusable: If there is no key, and the secret holds none.
            botocore.exceptions.ClientError: If there is no key, and the secret cannot be read; or if the keys are
                older than CACHE_TIME and the answer is in WITHDRAWN.
            botocore.exceptions.BotoCoreError: If there is no key, and Secrets Manager does not answer.

        """
        outdated = self._age(self._read_at) > CACHE_TIME
        if not self._keys:
            self._read()
        elif outdated:
            self._read_again()
        try:
            return _first(self._keys, verify)
        except WrongKey as wrong:
            if outdated or self._age(self._refetched_at) < MIN_REFETCH_TIME:
                raise wrong.refusal from None
        self._refetched_at = self._clock()  # whether or not it can be read
        self._read_again()
        try:
            return _first(self._keys, verify)
        except WrongKey as wrong:
            raise wrong.refusal from None

    def _age(self, moment: float) -> float:
        """Return the seconds since a moment: infinitely many if the clock was set back."""
        age = self._clock() - moment
        return age if age >= 0 else float("inf")

    def _read_again(self) -> None:
        """Read the keys, unless that has just failed. If it fails, keep the keys that are there, and log it."""
        if self._age(self._failed_at) < MIN_RETRY_TIME:
            return
        try:
            self._read()
        except (BotoCoreError, ClientError, KeyUnusable) as error:
            self._failed_at = self._clock()
            if _is_withdrawn(error) and self._age(self._read_at) > CACHE_TIME:
                self._keys = ()
                raise
            logger.exception("signing key not read again", seconds=round(self._age(self._read_at)))

    def _read(self) -> None:
        end = time.monotonic() + self._within
        current = self._version("AWSCURRENT", end)
        try:
            previous = self._version("AWSPREVIOUS", end)
        except self._secrets.exceptions.ResourceNotFoundException:
            previous = b""  # never rotated, or the rotation is over
        if not current:
            raise KeyUnusable("the signing secret holds no text, so nothing can be verified")
        self._keys = tuple(key for key in (current, previous) if key)
        self._read_at = self._clock()

    def _version(self, stage: str, end: float) -> bytes:
        read = self._secrets.get_secret_value
        for _ in range(2):  # botocore takes half an answer for an empty one
            with contextlib.suppress(UnicodeDecodeError):
                answer = ask("Secrets Manager", read, end, SecretId=self._secret_id, VersionStage=stage)
                if "SecretString" in answer or "SecretBinary" in answer:
                    return answer.get("SecretString", "").encode()
        raise KeyUnusable("Secrets Manager's answer is not whole")


def _is_withdrawn(error: Exception) -> bool:
    return isinstance(error, ClientError) and error.response["Error"]["Code"] in WITHDRAWN


def _first(keys: tuple[bytes, ...], verify: Callable[[bytes], T]) -> T:
    for key in keys[:-1]:
        try:
            return verify(key)
        except WrongKey:
            continue
    return verify(keys[-1])
