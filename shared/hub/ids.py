"""Message ids and times as the protocol writes them."""

import os
import uuid
from datetime import UTC, datetime


def uuid7(now: float) -> str:
    """
    Return a UUID that sorts by time, for a message that came without an id.

    Python's own uuid7 comes with 3.14. Source: RFC 9562, section 5.7.

    Args:
        now: Epoch seconds; milliseconds of it are kept.

    """
    value = int(now * 1000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    return str(uuid.UUID(int=value & ~(0x3 << 62) | 0x2 << 62))


def timestamp(now: float) -> str:
    """Return epoch seconds as ISO 8601 in UTC, in milliseconds: ``2026-11-22T21:30:00.123Z``."""
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
