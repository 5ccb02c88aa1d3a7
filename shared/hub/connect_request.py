"""The headers and the query of a ``$connect`` event, parsed once."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from hub.errors import BadRequest
from hub.sessions import SESSION_ID

PROTOCOL = "hub.v1"
"""The subprotocol that a client may offer. If a client offers it, the hub selects it."""


@dataclass(frozen=True, repr=False)
class ConnectRequest:
    """
    Headers and query of a handshake. The class has no repr, because they contain credentials.

    Attributes:
        headers: The values of each header, by its name in lower case.
        query: The values of each parameter, by its name as the client wrote it.

    """

    headers: dict[str, list[str]]
    query: dict[str, list[str]]

    @classmethod
    def from_event(cls, event: dict[str, Any]) -> Self:
        """Read a ``$connect`` event. The case of letters counts in a parameter's name, and not in a header's name."""
        return cls(
            headers=_values(event, "multiValueHeaders", "headers", str.lower),
            query=_values(event, "multiValueQueryStringParameters", "queryStringParameters", str),
        )

    def one(self, parameter: str, header: str) -> str | None:
        """
        Return the value of a query parameter or of a header, or None if the client sent neither.

        Raises:
            BadRequest: If the client sent more than one value.

        """
        values = {*self.query.get(parameter, []), *self.headers.get(header.lower(), [])}
        if len(values) > 1:
            raise BadRequest(f"The query's {parameter} and the header {header} differ", parameter)
        return next(iter(values), None)

    @property
    def session_id(self) -> str | None:
        """
        The session id in the query or in the header X-Session, or None.

        Raises:
            BadRequest: If it is malformed, or if there are two different ones.

        """
        session_id = self.one("session_id", "X-Session")
        if session_id is not None and not SESSION_ID.fullmatch(session_id):
            raise BadRequest("The session id is not 1 to 128 of the characters A-Z a-z 0-9 . _ : @ -", "session_id")
        return session_id

    @property
    def origin(self) -> str | None:
        """The origin of the page that connects, or None. Browsers always send it; other clients usually do not."""
        origins = self.headers.get("origin")
        return None if origins is None else ", ".join(dict.fromkeys(origins))

    @property
    def protocols(self) -> list[str]:
        """The subprotocols that the client offers, in its order."""
        offered = ",".join(self.headers.get("sec-websocket-protocol", []))
        return [name for part in offered.split(",") if (name := part.strip(" \t"))]

    @property
    def subprotocol(self) -> dict[str, str]:
        """The header that selects ``hub.v1``; empty if the client did not offer it."""
        return {"Sec-WebSocket-Protocol": PROTOCOL} if PROTOCOL in self.protocols else {}


def _values(event: dict[str, Any], every: str, last: str, key: Callable[[str], str]) -> dict[str, list[str]]:
    """
    Return all values by name.

    API Gateway sends all values in one map, and the last value of each name in another map. An event that somebody
    wrote by hand may have only one of the maps, or null. If its maps disagree, the result has the values of both.

    Args:
        every: The member of the event with all values.
        last: The member with the last values.
        key: Makes the key of the result from a name.

    """
    values: defaultdict[str, list[str]] = defaultdict(list)
    for name, many in (event.get(every) or {}).items():
        values[key(name)] += many
    for name, value in (event.get(last) or {}).items():
        if value not in values[key(name)]:
            values[key(name)].append(value)
    return dict(values)
