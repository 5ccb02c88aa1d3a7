"""What a ``$connect`` event says, parsed once."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from hub.errors import BadRequest
from hub.sessions import SESSION_ID

PROTOCOL = "hub.v1"
"""The subprotocol a client may offer; the answer then selects it."""


@dataclass(frozen=True, repr=False)
class ConnectRequest:
    """
    Headers and query of a handshake. Without a repr: credentials are among them.

    Attributes:
        headers: Values by name in lower case.
        query: Values by name, as the client wrote it.

    """

    headers: dict[str, list[str]]
    query: dict[str, list[str]]

    @classmethod
    def from_event(cls, event: dict[str, Any]) -> Self:
        """Read a ``$connect`` event. Header names are compared without case, query names with it."""
        return cls(
            headers=_values(event, "multiValueHeaders", "headers", str.lower),
            query=_values(event, "multiValueQueryStringParameters", "queryStringParameters", str),
        )

    def one(self, parameter: str, header: str) -> str | None:
        """
        Return what a parameter of the query or a header says, or None if there is neither.

        Raises:
            BadRequest: If they say different things, or one of them does.

        """
        named = {*self.query.get(parameter, []), *self.headers.get(header.lower(), [])}
        if len(named) > 1:
            raise BadRequest(f"The query's {parameter} and the header {header} differ.", parameter)
        return next(iter(named), None)

    @property
    def session_id(self) -> str | None:
        """
        The session that the query or the header X-Session names, if one does.

        Raises:
            BadRequest: If it is malformed, or if they name different ones.

        """
        session_id = self.one("session_id", "X-Session")
        if session_id is not None and not SESSION_ID.fullmatch(session_id):
            raise BadRequest("The session id is not 1 to 128 of the characters A-Z a-z 0-9 . _ : @ -", "session_id")
        return session_id

    @property
    def origin(self) -> str | None:
        """Where the page that connects comes from. Browsers always send it, other clients as a rule never."""
        origins = self.headers.get("origin")
        return None if origins is None else ", ".join(dict.fromkeys(origins))

    @property
    def protocols(self) -> list[str]:
        """Offered subprotocols, in the client's order."""
        offered = ",".join(self.headers.get("sec-websocket-protocol", []))
        return [name for part in offered.split(",") if (name := part.strip(" \t"))]

    @property
    def subprotocol(self) -> dict[str, str]:
        """The header that selects our protocol, if the client offered it."""
        return {"Sec-WebSocket-Protocol": PROTOCOL} if PROTOCOL in self.protocols else {}


def _values(event: dict[str, Any], every: str, last: str, key: Callable[[str], str]) -> dict[str, list[str]]:
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
    return dict(values)
