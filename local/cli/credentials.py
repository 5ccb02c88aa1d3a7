"""
``python -m local token`` and ``sign``: credentials for a hub that a local gateway runs.

They are signed with the key in the running gateway's signing secret.

"""

import argparse
import hashlib
import hmac
import time
import warnings
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import jwt
from botocore.exceptions import BotoCoreError, ClientError

from local.aws.client import client
from local.cli.output import print_result
from local.endpoints import Endpoints, of_running_gateway
from local.errors import CannotDo

HEADERS = {"X-Session": "session_id", "X-Date-Time": "date_time", "X-Signature": "signature"}
"""The headers of AUTH_MODE signature, and the query parameters that have the same values."""


class CannotSign(CannotDo):
    """No gateway runs there, or it has no signing secret, or an identity provider signs the tokens for its hub."""


def print_token(arguments: argparse.Namespace) -> int:
    """
    Print a token for AUTH_MODE jwt.

    Raises:
        CannotSign: If there is no key to sign with.

    """
    claims = {"sub": arguments.subject, "send": arguments.send, "iss": arguments.issuer, "aud": arguments.audience}
    given = {name: value for name, value in claims.items() if value is not None}
    key = _key(_endpoints(arguments.host, arguments.port))
    print_result(signed_token(key, arguments.session, arguments.ttl, given))
    return 0


def print_signature(arguments: argparse.Namespace) -> int:
    """
    Print the three headers of AUTH_MODE signature and a URL with the same values; either opens one connection.

    Raises:
        CannotSign: If there is no key to sign with.

    """
    endpoints = _endpoints(arguments.host, arguments.port)
    query = signed_query(_key(endpoints), arguments.session)
    if not arguments.url:
        for header, name in HEADERS.items():
            print_result(f"{header}: {query[name]}")
    print_result(f"{endpoints.websocket}?{urlencode(query)}")
    return 0


def signed_token(key: str, session_id: str, ttl: int, claims: dict[str, Any]) -> str:
    """
    Return a token for AUTH_MODE jwt.

    Args:
        ttl: Seconds until it expires.
        claims: Additional claims, such as ``send``.

    """
    now = int(time.time())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", jwt.InsecureKeyLengthWarning)  # the hub accepts a short key too
        return jwt.encode({"session_id": session_id, "iat": now, "exp": now + ttl} | claims, key, "HS256")


def signed_query(key: str, session_id: str) -> dict[str, str]:
    """Return the query parameters that open one connection in AUTH_MODE signature."""
    date_time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    signature = hmac.new(key.encode(), f"{session_id}:{date_time}".encode(), hashlib.sha256).hexdigest()
    return {"session_id": session_id, "date_time": date_time, "signature": signature}


def _endpoints(host: str, port: int) -> Endpoints:
    if endpoints := of_running_gateway(host, port):
        return endpoints
    raise CannotSign(f"No gateway runs at http://{host}:{port}/. Start one first: each start makes a new signing key.")


def _key(endpoints: Endpoints) -> str:
    if endpoints.provider:
        raise CannotSign(
            f"The running hub takes the tokens of {endpoints.provider}, and has no key to sign with. "
            "Sign in there to get one."
        )
    secrets = client("secretsmanager", endpoints.aws, endpoints.region)
    try:
        value: str = secrets.get_secret_value(SecretId=endpoints.signing_secret)["SecretString"]
    except (ClientError, BotoCoreError) as error:
        raise CannotSign(f"The running gateway has no secret {endpoints.signing_secret!r}: {error}") from error
    return value
