"""AUTH_MODE signature: whoever has the key signs session and time. Rules only: keys come from ``signing_key``."""

import hashlib
import hmac
import re
from datetime import UTC, datetime

from hub.auth.identity import Identity, needed_session
from hub.auth.signing_key import WrongKey
from hub.connect_request import ConnectRequest
from hub.errors import BadRequest, Forbidden
from hub.sessions import EVERY_SESSION

MAX_SKEW = 300
"""Seconds that the signed time may differ from ours, either way; exactly this much passes."""

# fromisoformat() takes weeks, offsets of 99 minutes, and midnight as 24:00 in later Pythons; and \d takes
# digits of every script.
_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-5][0-9])"
)


def sign(session_id: str, date_time: str, key: bytes) -> str:
    """Return the signature of a session and a time: HMAC-SHA256 in lower-case hexadecimal."""
    return hmac.new(key, f"{session_id}:{date_time}".encode(), hashlib.sha256).hexdigest()


def verify(request: ConnectRequest, key: bytes, now: float) -> Identity:
    """
    Return who a handshake's signature says it is.

    Args:
        now: Epoch seconds.

    Raises:
        WrongKey: If it is not signed with this key; another one may do.
        Forbidden: If the signed time is too far from ours.
        BadRequest: If a part is missing or malformed.

    """
    session_id = needed_session(request)
    date_time = request.one("date_time", "X-Date-Time")
    signature = request.one("signature", "X-Signature")
    if not date_time or not signature:
        raise BadRequest("A time and a signature are needed: X-Date-Time and X-Signature.", "signature")
    signed_at = _timestamp(date_time)

    # Before anything is said of the time: only who has the key may learn about our clock.
    # Bytes, because compare_digest() raises TypeError for non-ASCII text.
    expected = sign(session_id, date_time, key).encode()
    if not hmac.compare_digest(expected, signature.encode(errors="replace")):
        raise WrongKey(Forbidden("The signature is wrong."))
    if abs(now - signed_at) > MAX_SKEW:
        raise Forbidden("The signed time is too far from the hub's clock.")
    return Identity(
        session_id,
        subject=session_id,
        send=EVERY_SESSION,
        once=hashlib.sha256(expected).hexdigest(),  # what opens a connection is not kept as it is
        once_until=int(signed_at) + MAX_SKEW + 1,
    )


def _timestamp(date_time: str) -> float:
    try:
        if not _DATE_TIME.fullmatch(date_time):
            raise ValueError
        return (datetime.fromisoformat(date_time) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    except (ValueError, OverflowError):
        raise BadRequest(
            "The time is not ISO 8601 with an offset, such as 2026-11-23T12:00:00Z.", "date_time"
        ) from None
