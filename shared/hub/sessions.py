"""Session ids, and who may send to which."""

import re

SESSION_ID = re.compile(r"[A-Za-z0-9._:@-]{1,128}")
"""A session id, matched whole: 1 to 128 of these characters."""

EVERY_SESSION = ("*",)
"""The grants of a client that is trusted with every session."""

MAX_GRANTS = 100
"""Grants of one credential. They are stored with the connection, and read with each of its messages."""

GRANT = re.compile(r"[A-Za-z0-9._:@-]{1,128}\*?|\*")
"""A session id, or the start of some followed by ``*``, or ``*`` alone; matched whole."""


def may_send(grants: tuple[str, ...] | None, session_id: str) -> bool:
    """Return whether the grants of a connection cover a session; None covers all."""
    return grants is None or any(
        session_id.startswith(grant[:-1]) if grant.endswith("*") else session_id == grant for grant in grants
    )
