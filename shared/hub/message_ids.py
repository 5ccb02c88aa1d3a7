"""Message ids and times, as the protocol writes them."""

import os
from datetime import UTC, datetime


def uuid7(now: float) -> str:
    """
    Return a UUID of version 7, which sorts by time: the id of a message that came without one.

    Python's standard library has ``uuid7`` from 3.14 on; its module ``uuid`` would be a twentieth of a cold start.
    Source: RFC 9562, section 5.7.

    Args:
        now: Epoch seconds. The id keeps the milliseconds.

    """
    value = int(now * 1000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    digits = f"{value & ~(0x3 << 62) | 0x2 << 62:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def timestamp(now: float) -> str:
    """Return epoch seconds as ISO 8601 in UTC, with milliseconds: ``2026-11-22T21:30:00.123Z``."""
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
