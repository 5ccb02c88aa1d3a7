"""What a ``$connect`` event says, parsed once."""

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from hub.errors import BadRequest

PROTOCOL = "hub.v1"
"""The subprotocol a client may offer; the answer then selects it."""

SESSION_ID = re.compile(r"[A-Za-z0-9._:@-]{1,128}")
"""A session id, matched whole: 1 to 128 of these characters."""


@dataclass(frozen=True)
class Handshake:
    """
    Attributes:
        session_id: The session that the query or the header X-Session names, or
            None when neither does. Its form has been checked, nothing else.
        origin: Where the page that connects comes from. Browsers send it always,
            other clients as a rule never.
        protocols: Offered subprotocols, in the client's order.

    """

    session_id: str | None
    origin: str | None
    protocols: tuple[str, ...]

    @classmethod
    def from_event(cls, event: dict[str, Any]) -> Self:
        """
        Raises:
            BadRequest: If a session id is malformed, or if query and header, or
                two of either, name different ones.

        """
        # Header names are compared without case, query names with it.
        headers = _values(event, "multiValueHeaders", "headers", str.lower)
        query = _values(event, "multiValueQueryStringParameters", "queryStringParameters", str)
        offered = ",".join(headers["sec-websocket-protocol"])
        return cls(
            session_id=_one_session([*query["session_id"], *headers["x-session"]]),
            origin=next(iter(headers["origin"]), None),
            protocols=tuple(name for part in offered.split(",") if (name := part.strip())),
        )

    @property
    def subprotocol(self) -> dict[str, str]:
        """The header that selects our protocol, if the client offered it."""
        return {"Sec-WebSocket-Protocol": PROTOCOL} if PROTOCOL in self.protocols else {}


def claimed_session(handshake: Handshake) -> str:
    """
    Return the session to join when AUTH_MODE is none: the one the client names.

    Raises:
        BadRequest: If it names none.

    """
    if handshake.session_id is None:
        raise BadRequest("Name a session, with ?session_id= or the header X-Session.", "session_id")
    return handshake.session_id


def _one_session(named: list[str]) -> str | None:
    distinct = set(named)
    if not distinct:
        return None
    if len(distinct) > 1:
        raise BadRequest("Query and header X-Session name different sessions.", "session_id")
    (session_id,) = distinct
    if not SESSION_ID.fullmatch(session_id):
        raise BadRequest("The session id is not 1 to 128 of the characters A-Z a-z 0-9 . _ : @ -", "session_id")
    return session_id


def _values(event: dict[str, Any], every: str, last: str, key: Callable[[str], str]) -> defaultdict[str, list[str]]:
    """
    Return all values by name.

    API Gateway sends every value in one map and the last in another. Events written by
    hand have often one map only, or null; if theirs disagree, both values are in.

    """
    values: defaultdict[str, list[str]] = defaultdict(list)
    for name, many in (event.get(every) or {}).items():
        values[key(name)] += many
    for name, value in (event.get(last) or {}).items():
        if value not in values[key(name)]:
            values[key(name)].append(value)
    return values
