"""The key that credentials are signed with. The only file that knows Secrets Manager."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from hub.errors import HubError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

CACHE_TIME = 300
"""Seconds that keys are used without asking again. So long a key works after it was withdrawn."""

MIN_REFETCH_TIME = 3
"""Seconds between two reads because nothing verified. So long a new key may be refused, after something forged."""

T = TypeVar("T")


class KeyUnusable(Exception):
    """The secret holds no text. The deployment is at fault, so nobody gets in."""


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
        clock: Returns seconds; only differences count.

    """

    def __init__(
        self, secrets: "SecretsManagerClient", secret_id: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._secrets = secrets
        self._secret_id = secret_id
        self._clock = clock
        self._keys: tuple[bytes, ...] = ()
        self._read_at = float("-inf")
        self._refetched_at = float("-inf")

    def verified(self, verify: Callable[[bytes], T]) -> T:
        """
        Return what ``verify`` returns for the first key that fits.

        When none does, the secret is read once more: it may have been rotated.

        Raises:
            HubError: What WrongKey carries, if no key fits; or whatever else ``verify`` raises.
            KeyUnusable: If the secret holds no text.
            botocore.exceptions.ClientError: If the secret cannot be read.

        """
        outdated = self._clock() - self._read_at > CACHE_TIME
        if outdated:
            self._read()
        try:
            return _first(self._keys, verify)
        except WrongKey as wrong:
            if outdated or self._clock() - self._refetched_at < MIN_REFETCH_TIME:
                raise wrong.refusal from None
        self._refetched_at = self._clock()  # whether or not it can be read
        self._read()
        try:
            return _first(self._keys, verify)
        except WrongKey as wrong:
            raise wrong.refusal from None

    def _read(self) -> None:
        current = self._version("AWSCURRENT")
        try:
            previous = self._version("AWSPREVIOUS")
        except self._secrets.exceptions.ResourceNotFoundException:
            previous = b""  # never rotated, or the rotation is over
        if not current:
            raise KeyUnusable("the signing secret holds no text, so nothing can be verified")
        self._keys = tuple(key for key in (current, previous) if key)
        self._read_at = self._clock()

    def _version(self, stage: str) -> bytes:
        answer = self._secrets.get_secret_value(SecretId=self._secret_id, VersionStage=stage)
        return answer.get("SecretString", "").encode()


def _first(keys: tuple[bytes, ...], verify: Callable[[bytes], T]) -> T:
    for key in keys[:-1]:
        try:
            return verify(key)
        except WrongKey:
            continue
    return verify(keys[-1])
