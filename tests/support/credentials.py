"""Credentials, valid and forged. This module makes them without the code under test, and without PyJWT."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest

from hub.auth.signing_key import WrongKey
from hub.connect_request import ConnectRequest
from hub.errors import HubError

KEY = "not-a-real-key-but-as-long-as-one-should-be"
NOW = 1_795_000_000
"""The time at which tests of rules take place, in epoch seconds: 2026-11-18T11:06:40Z."""

CLAIMS: dict[str, Any] = {"session_id": "s1", "exp": NOW + 600}
"""The fewest claims that the hub accepts."""

T = TypeVar("T")


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def segment(value: Any) -> str:
    """Encode a part of a token: a value as JSON, or a text unchanged."""
    return base64url((value if isinstance(value, str) else json.dumps(value)).encode(errors="replace"))


def mac(signed: str, key: str, digest: str = "sha256") -> str:
    return base64url(hmac.new(key.encode(), signed.encode(), digest).digest())


def token(claims: Any = CLAIMS, header: Any = None, key: str = KEY, digest: str = "sha256") -> str:
    """Return a signed token with any claims and any header, valid or not."""
    signed = f"{segment({'alg': 'HS256', 'typ': 'JWT'} if header is None else header)}.{segment(claims)}"
    return f"{signed}.{mac(signed, key, digest)}"


def with_claims(**claims: Any) -> str:
    """Return a token that is valid except for these claims. Ellipsis leaves a claim out."""
    return token({name: value for name, value in (CLAIMS | claims).items() if value is not ...})


def sign(session_id: str, date_time: str, key: str = KEY) -> str:
    return hmac.new(key.encode(), f"{session_id}:{date_time}".encode(), hashlib.sha256).hexdigest()


def handshake(query: dict[str, str] | None = None, headers: dict[str, str] | None = None) -> ConnectRequest:
    return ConnectRequest.from_event({"queryStringParameters": query, "headers": headers})


def by_query(text: str) -> ConnectRequest:
    return handshake({"token": text})


def refusal(verify: Callable[[], object]) -> tuple[int, str]:
    """Verify, which must fail. Returns the status and the sentence of the refusal, as a hub with one key answers."""
    try:
        accepted = verify()
    except HubError as error:
        return int(error.status), str(error)
    except WrongKey as error:
        return int(error.refusal.status), str(error.refusal)
    raise AssertionError(f"accepted as {accepted}")


class StoppedClock(datetime):
    """A datetime whose ``now()`` is always NOW."""

    @classmethod
    def now(cls, tz: Any = None) -> "StoppedClock":
        return cls.fromtimestamp(NOW, tz)


def stop_the_clock_of_pyjwt(monkeypatch: pytest.MonkeyPatch) -> None:
    # PyJWT has no argument for a clock. A test of both sides of a leeway needs a time that stands still.
    monkeypatch.setattr("jwt.api_jwt.datetime", StoppedClock)


def iso(epoch_seconds: float) -> str:
    return datetime.fromtimestamp(epoch_seconds, UTC).isoformat()
