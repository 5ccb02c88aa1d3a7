"""AUTH_MODE signature: the client signs session and time with the hub's key. The keys come from ``signing_key``."""

import hashlib
import hmac
import re
from datetime import UTC, datetime

from hub.auth.identity import Identity, required_session
from hub.auth.signing_key import WrongKey
from hub.connect_request import ConnectRequest
from hub.errors import BadRequest, Forbidden
from hub.sessions import EVERY_SESSION

MAX_SKEW = 300
"""Seconds by which the signed time may differ from the hub's clock, in either direction. The bound itself passes."""

# The pattern is stricter than fromisoformat(), which also accepts week dates, offsets of 99 minutes and, in later
# Pythons, 24:00 for midnight. It has [0-9] because \d matches the digits of every script.
_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-5][0-9])"
)


def sign(session_id: str, date_time: str, key: bytes) -> str:
    """Return the signature of a session and a time: HMAC-SHA256 in lower-case hexadecimal."""
    return hmac.new(key, f"{session_id}:{date_time}".encode(), hashlib.sha256).hexdigest()


def verify(request: ConnectRequest, key: bytes, now: float) -> Identity:
    """
    Return the identity that a signature proves.

    Args:
        now: Epoch seconds.

    Raises:
        WrongKey: If the signature was not made with this key. Another key may fit.
        Forbidden: If the signed time is too far from ``now``.
        BadRequest: If the session, the time or the signature is missing or malformed.

    """
    session_id = required_session(request)
    date_time = request.one("date_time", "X-Date-Time")
    signature = request.one("signature", "X-Signature")
    if not date_time or not signature:
        raise BadRequest("A time and a signature are needed: X-Date-Time and X-Signature", "signature")
    signed_at = _timestamp(date_time)

    # The signature is checked before the time: only a client that has the key may learn about the hub's clock.
    # compare_digest() gets bytes, because it raises TypeError for text that is not ASCII.
    expected = sign(session_id, date_time, key).encode()
    if not hmac.compare_digest(expected, signature.encode(errors="replace")):
        raise WrongKey(Forbidden("The signature is wrong"))
    if abs(now - signed_at) > MAX_SKEW:
        raise Forbidden("The signed time is too far from the hub's clock")
    return Identity(
        session_id,
        subject=session_id,
        send=EVERY_SESSION,
        once=hashlib.sha256(expected).hexdigest(),  # a digest, because the signature itself must not be stored
        once_until=int(signed_at) + MAX_SKEW + 1,
    )


def _timestamp(date_time: str) -> float:
    """
    Return a time as epoch seconds.

    Raises:
        BadRequest: If the text is not a time as docs/protocol.md defines it.

    """
    try:
        if not _DATE_TIME.fullmatch(date_time):
            raise ValueError
        return (datetime.fromisoformat(date_time) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    except (ValueError, OverflowError):
        raise BadRequest("The time is not ISO 8601 with an offset, such as 2026-11-23T12:00:00Z", "date_time") from None
