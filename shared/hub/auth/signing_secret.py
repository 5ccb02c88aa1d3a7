"""The secret that holds the signing key. The only module that knows Secrets Manager."""

import contextlib
import time
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import ClientError

from hub.asking import ask

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

    Args:
        within: See WITHIN.

    """

    def __init__(self, client: "SecretsManagerClient", secret_id: str, within: float = WITHIN) -> None:
        self._client = client
        self._secret_id = secret_id
        self._within = within

    def read(self) -> tuple[bytes, ...]:
        """
        Return the current key and, during a rotation, the key before it.

        Raises:
            KeyUnusable: If the current version of the secret holds no text.
            ClientError: If Secrets Manager refuses.
            BotoCoreError: If Secrets Manager does not answer in time.

        """
        deadline = time.monotonic() + self._within
        current = self._version("AWSCURRENT", deadline)
        try:
            previous = self._version("AWSPREVIOUS", deadline)
        except self._client.exceptions.ResourceNotFoundException:
            previous = b""  # the secret was never rotated, or the rotation is over
        if not current:
            raise KeyUnusable("the signing secret holds no text, so nothing can be verified")
        return tuple(key for key in (current, previous) if key)

    def _version(self, stage: str, deadline: float) -> bytes:
        read = self._client.get_secret_value
        for _ in range(2):  # botocore takes half an answer for an empty answer
            with contextlib.suppress(UnicodeDecodeError):
                answer = ask("Secrets Manager", read, deadline, SecretId=self._secret_id, VersionStage=stage)
                if "SecretString" in answer or "SecretBinary" in answer:
                    return answer.get("SecretString", "").encode()
        raise KeyUnusable("Secrets Manager's answer is not complete")


def is_withdrawn(error: Exception) -> bool:
    """Return whether an error of ``SigningSecret.read`` withdraws the key."""
    return isinstance(error, ClientError) and error.response["Error"]["Code"] in WITHDRAWN
