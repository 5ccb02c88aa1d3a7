"""Signatures of requests to ``@connections``: AWS Signature Version 4."""

import hmac
import time
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from botocore.exceptions import NoCredentialsError

if TYPE_CHECKING:
    import boto3
    from botocore.credentials import ReadOnlyCredentials

SERVICE = "execute-api"


class Body(NamedTuple):
    """A payload and the hex SHA-256 of it, computed once for all who get it."""

    payload: bytes
    digest: str

    @classmethod
    def of(cls, payload: bytes) -> "Body":
        return cls(payload, sha256(payload).hexdigest())


class Signer:
    """
    Writes the heads of signed requests.

    What is the same for all requests of one second is computed once, which is why botocore's
    own signer is not used: it takes eight times as long. The tests hold one against the other.
    Source: "Create a signed AWS API request", IAM user guide.

    Args:
        host: The value of the Host header: without a port if it is the scheme's own.
        path: What comes before ``/@connections`` in a URL: a stage with a slash before it, or nothing.
        credentials: Returns the present credentials.
        clock: Returns epoch seconds.

    """

    def __init__(
        self,
        host: str,
        path: str,
        region: str,
        credentials: "Callable[[], ReadOnlyCredentials]",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._host = host
        self._path = f"{path}/@connections/"
        # Paths are encoded a second time in what is signed.
        self._signed_path = quote(self._path, safe="/~")
        self._region = region
        self._get_credentials = credentials
        self._clock = clock
        self.renew()

    def renew(self) -> None:
        """Take the credentials as they are now. They stay valid for longer than one invocation lasts."""
        self._credentials = self._get_credentials()
        self._second = -1

    def head(self, method: str, connection_id: str, body: Body) -> bytes:
        """Return the request line and all headers of a request, signed now."""
        second = int(self._clock())
        if second != self._second:
            self._begin(second)
        name = quote(connection_id, safe="")
        request = f"{method}\n{self._signed_path}{name.replace('%', '%25')}\n{self._signed_headers}\n{body.digest}"
        text = self._text + sha256(request.encode()).hexdigest()
        signature = hmac.digest(self._key, text.encode(), "sha256").hex()
        return (
            f"{method} {self._path}{name} HTTP/1.1\r\n{self._headers}{signature}\r\n"
            f"Content-Length: {len(body.payload)}\r\n\r\n"
        ).encode()

    def _begin(self, second: int) -> None:
        """Compute what all requests of one second have in common."""
        access_key, secret_key, token = self._credentials[:3]
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
        day = stamp[:8]
        headers = {"Host": self._host, "X-Amz-Date": stamp}
        if token:
            headers["X-Amz-Security-Token"] = token
        names = ";".join(name.lower() for name in headers)
        scope = f"{day}/{self._region}/{SERVICE}/aws4_request"

        self._signed_headers = (
            "\n" + "".join(f"{name.lower()}:{value}\n" for name, value in headers.items()) + f"\n{names}"
        )
        self._text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n"
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + (
            f"Authorization: AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, Signature="
        )
        self._key = f"AWS4{secret_key}".encode()
        for part in (day, self._region, SERVICE, "aws4_request"):
            self._key = hmac.digest(self._key, part.encode(), "sha256")
        self._second = second


def credentials_of(session: "boto3.Session") -> "ReadOnlyCredentials":
    """
    Return the present credentials of a session.

    Raises:
        NoCredentialsError: If it has none.

    """
    found = session.get_credentials()
    if found is None:
        raise NoCredentialsError
    return found.get_frozen_credentials()
