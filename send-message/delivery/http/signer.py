"""Signatures of requests: AWS Signature Version 4."""

import hmac
import time
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from urllib.parse import quote

if TYPE_CHECKING:
    from delivery.http.exchange import Request
    from delivery.http.service import Service

Keys: TypeAlias = tuple[str, str, str | None]
"""The id of an access key, the key, and the session token if there is one."""


class Lines(NamedTuple):
    """
    What all requests of one second with the same target share.

    Attributes:
        signed: The part of the canonical request from the query to the names of the signed headers.
        written: The headers that are sent, up to the signature.

    """

    signed: str
    written: str


class Signer:
    """
    Writes the heads of signed requests to one service.

    The signer computes once a second what all requests of that second share, and once a day the key. botocore's signer
    does not, and takes eight times as long. The tests compare the signatures of both.
    Source: "Create a signed AWS API request", IAM user guide.

    Args:
        host: The value of the Host header. It has no port if the port is the scheme's default.
        path: The path of the server's URL: the stage with a slash before it, or empty.
        credentials: Returns the present credentials.
        clock: Returns epoch seconds.

    """

    def __init__(
        self,
        service: "Service",
        host: str,
        path: str,
        region: str,
        credentials: Callable[[], Keys],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._service = service
        self._host = host
        self._path = path + service.path
        # The signature covers the path after a second percent-encoding.
        self._signed_path = quote(self._path, safe="/~")
        self._region = region
        self._get_credentials = credentials
        self._clock = clock
        self._lines: dict[str, Lines] = {}
        self._credentials = credentials()
        self._second = -1
        self._day = ""

    def renew(self) -> None:
        """Read the credentials again. They stay valid for longer than one invocation lasts."""
        credentials = self._get_credentials()
        if credentials != self._credentials:
            self._credentials = credentials
            self._second = -1
            self._day = ""

    def head(self, request: "Request") -> bytes:
        """Return the request line and the headers of a request, signed with the current time."""
        second = int(self._clock())
        if second != self._second:
            self._begin(second)
        lines = self._lines.get(request.target) or self._lines_of(request.target)
        name = quote(request.name, safe="")
        signed_path = f"{self._signed_path}{name.replace('%', '%25')}"
        canonical = f"{request.method}\n{signed_path}\n{lines.signed}\n{request.body.digest}"
        string_to_sign = self._scope_lines + sha256(canonical.encode()).hexdigest()
        signature = hmac.digest(self._key, string_to_sign.encode(), "sha256").hex()
        return (
            f"{request.method} {self._path}{name} HTTP/1.1\r\n{lines.written}{signature}\r\n"
            f"Content-Length: {len(request.body.payload)}\r\n\r\n"
        ).encode()

    def _begin(self, second: int) -> None:
        """Begin a second."""
        self._stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
        day = self._stamp[:8]
        if day != self._day:
            self._day = day
            self._scope = f"{day}/{self._region}/{self._service.signing_name}/aws4_request"
            self._key = f"AWS4{self._credentials[1]}".encode()
            for part in self._scope.split("/"):
                self._key = hmac.digest(self._key, part.encode(), "sha256")
        self._scope_lines = f"AWS4-HMAC-SHA256\n{self._stamp}\n{self._scope}\n"
        self._lines.clear()
        self._second = second

    def _lines_of(self, target: str) -> Lines:
        access_key, _, token = self._credentials
        headers = {  # sorted by their names in lower case, as the signature wants
            "Content-Type": self._service.content_type,
            "Host": self._host,
            "X-Amz-Date": self._stamp,
            "X-Amz-Security-Token": token,
            "X-Amz-Target": target,
        }
        headers = {name: value for name, value in headers.items() if value}
        names = ";".join(name.lower() for name in headers)
        signed = "".join(f"{name.lower()}:{value}\n" for name, value in headers.items())
        written = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._lines[target] = lines = Lines(
            f"\n{signed}\n{names}",
            f"{written}Authorization: AWS4-HMAC-SHA256 Credential={access_key}/{self._scope}, "
            f"SignedHeaders={names}, Signature=",
        )
        return lines
