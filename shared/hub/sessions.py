"""Session ids, and patterns of session ids, such as grants: which sessions a connection may send to."""

import re

SESSION_ID = re.compile(r"[A-Za-z0-9._:@-]{1,128}")
"""A session id: 1 to 128 of these characters. Use ``fullmatch``."""

EVERY_SESSION = ("*",)
"""The grants of a client that may send to every session."""

MAX_GRANTS = 100
"""The most grants of one credential. They are stored with the connection, and read with each message that it sends."""

GRANT = re.compile(r"[A-Za-z0-9._:@-]{1,128}\*?|\*")
"""A session id, or the start of session ids followed by ``*``, or ``*`` alone. Use ``fullmatch``."""


def may_send(grants: tuple[str, ...] | None, session_id: str) -> bool:
    """Return whether the grants of a connection cover a session. None covers every session."""
    return grants is None or covers(grants, session_id)


def covers(patterns: tuple[str, ...], session_id: str) -> bool:
    """Return whether a session id fits one of several patterns, each of which is a GRANT."""
    return any(
        session_id.startswith(pattern[:-1]) if pattern.endswith("*") else session_id == pattern for pattern in patterns
    )
