"""Credentials that are nothing but the name of the key that signed them, and a secret that is answered by script."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

from hub.auth import signing_secret
from hub.auth.signing_key import SigningKeys, WrongKey
from hub.auth.signing_secret import SigningSecret
from hub.errors import Unauthorized
from tests.support.scripted import SILENT, Scripted

WRONG = "The token is not signed with the hub's key"


def signed_with(signer: str) -> Callable[[bytes], str]:
    """Return the check of a credential that ``signer`` signed."""

    def verify(key: bytes) -> str:
        if key.decode() != signer:
            raise WrongKey(Unauthorized(WRONG))
        return signer

    return verify


def accepts(keys: SigningKeys, signer: str) -> bool:
    """Return whether the keys accept a credential that ``signer`` signed."""
    try:
        return keys.verified(signed_with(signer)) == signer
    except Unauthorized:
        return False


@dataclass
class ScriptedKeys:
    """
    The keys of a secret that a server answers by script, and a clock that stands still.

    The client does as the hub's own client does, with one difference: it does not wait for an answer that never comes,
    but raises the error of a timeout at once. For any other answer it waits as long as necessary.

    Attributes:
        now: What the clock shows, in seconds.

    """

    server: Scripted
    now: float = 1000.0
    keys: SigningKeys = field(init=False)

    def __post_init__(self) -> None:
        patient = signing_secret.CONFIG.merge(Config(connect_timeout=60, read_timeout=60))
        client = boto3.client("secretsmanager", endpoint_url=self.server.url, config=patient)
        client.meta.events.register("before-send.secretsmanager", self._time_out)
        self.keys = SigningKeys(SigningSecret(client, "signing", within=60), clock=lambda: self.now)

    def accepts(self, signer: str) -> bool:
        return accepts(self.keys, signer)

    def _time_out(self, request: AWSPreparedRequest, **_: Any) -> None:
        if self.server.next() == SILENT:
            self.server.take(request.body)
            raise ReadTimeoutError(endpoint_url=request.url)
