"""The secret that holds the signing key. The only module that knows Secrets Manager."""

import contextlib
import time
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import ClientError

from hub.asking import Service, Unreadable

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

CONFIG = Config(connect_timeout=1, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 2})
"""For the client: seconds without a byte, and attempts."""

WITHIN = 3.0
"""Seconds for one read of the secret: both versions and all attempts."""

WITHDRAWN = {"ResourceNotFoundException", "InvalidRequestException", "AccessDeniedException", "DecryptionFailure"}
"""
Errors that withdraw the key: the secret is deleted, or this function may not read or decrypt it. Any other failure
says nothing about the key: no answer, throttling, a fault of the service.
Source: "GetSecretValue", Secrets Manager API reference.
"""


class KeyUnusable(Exception):
    """The secret holds no text, which is a mistake of the deployment; or the answer is not a secret."""


class SigningSecret:
    """
    A secret whose text is the key.

    Both methods raise a ``ClientError`` if Secrets Manager refuses, and a ``BotoCoreError`` if it does not answer in
    time.

    Args:
        within: See WITHIN.

    """

    def __init__(self, client: "SecretsManagerClient", secret_id: str, within: float = WITHIN) -> None:
        self._client = client
        self._secret_id = secret_id
        self._within = within
        self._service = Service("Secrets Manager")

    def deadline(self) -> float:
        """Return the deadline for a read of both versions that begins now, by the clock ``time.monotonic``."""
        return time.monotonic() + self._within

    def current(self, deadline: float) -> bytes:
        """
        Return the current key.

        Raises:
            KeyUnusable: If the current version of the secret holds no text, or the answer is not a secret.

        """
        key = self._version("AWSCURRENT", deadline)
        if not key:
            raise KeyUnusable("the signing secret holds no text, so nothing can be verified")
        return key

    def previous(self, deadline: float) -> bytes:
        """
        Return the key before the current one, or nothing if there was no rotation, or the rotation is over.

        Raises:
            KeyUnusable: If the answer is not a secret.

        """
        try:
            return self._version("AWSPREVIOUS", deadline)
        except self._client.exceptions.ResourceNotFoundException:
            return b""

    def _version(self, stage: str, deadline: float) -> bytes:
        """Return the text of a version, or nothing if it holds bytes."""
        read = self._client.get_secret_value
        for _ in range(2):  # botocore takes half an answer for an empty answer
            with contextlib.suppress(Unreadable, UnicodeEncodeError):
                answer = self._service.ask(read, deadline, SecretId=self._secret_id, VersionStage=stage)
                text: object = answer.get("SecretString", "" if "SecretBinary" in answer else None)
                if isinstance(text, str):
                    return text.encode()
        raise KeyUnusable("Secrets Manager's answer is not a secret")


def is_withdrawn(error: Exception) -> bool:
    """Return whether an error of ``SigningSecret`` withdraws the key."""
    return isinstance(error, ClientError) and error.response["Error"].get("Code") in WITHDRAWN
