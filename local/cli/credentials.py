"""Credentials for a running hub, made with its local signing secret: for trying the modes out, and for tests."""

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
from local.endpoints import Endpoints, of_running_gateway
from local.errors import CannotDo


class CannotSign(CannotDo):
    """There is no gateway, or it has no secret. The text is a whole sentence."""


def mint(host: str, port: int, session_id: str, ttl: int, claims: dict[str, Any]) -> str:
    """
    Return a token for AUTH_MODE jwt.

    Args:
        ttl: Seconds until it expires.
        claims: More of them, such as ``send``.

    Raises:
        CannotSign: If there is nothing to sign with.

    """
    return signed_token(_key(_endpoints(host, port)), session_id, ttl, claims)


def signed_token(key: str, session_id: str, ttl: int, claims: dict[str, Any]) -> str:
    """Return a token for AUTH_MODE jwt, as ``mint`` does, of a key that is known."""
    now = int(time.time())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", jwt.InsecureKeyLengthWarning)  # the hub takes a short key too
        return jwt.encode({"session_id": session_id, "iat": now, "exp": now + ttl} | claims, key, "HS256")


def signed(host: str, port: int, session_id: str) -> tuple[dict[str, str], str]:
    """
    Return what opens one connection in AUTH_MODE signature: the three headers, or the URL.

    Raises:
        CannotSign: If there is nothing to sign with.

    """
    endpoints = _endpoints(host, port)
    query = signed_query(_key(endpoints), session_id)
    names = {"X-Session": "session_id", "X-Date-Time": "date_time", "X-Signature": "signature"}
    return {header: query[name] for header, name in names.items()}, f"{endpoints.websocket}?{urlencode(query)}"


def signed_query(key: str, session_id: str) -> dict[str, str]:
    """Return the parameters that open one connection in AUTH_MODE signature."""
    date_time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    signature = hmac.new(key.encode(), f"{session_id}:{date_time}".encode(), hashlib.sha256).hexdigest()
    return {"session_id": session_id, "date_time": date_time, "signature": signature}


def _endpoints(host: str, port: int) -> Endpoints:
    if endpoints := of_running_gateway(host, port):
        return endpoints
    raise CannotSign(
        f"No gateway runs at http://{host}:{port}/, and its secret is made anew at each start: start it first."
    )


def _key(endpoints: Endpoints) -> str:
    secrets = client("secretsmanager", endpoints.aws, endpoints.region)
    try:
        value: str = secrets.get_secret_value(SecretId=endpoints.signing_secret)["SecretString"]
    except (ClientError, BotoCoreError) as error:
        raise CannotSign(f"The running gateway has no secret {endpoints.signing_secret!r}: {error}") from error
    return value
