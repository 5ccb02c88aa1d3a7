"""What backends and operators ask of MessageFunction when they invoke it: ``{"hub": "publish", …}``, for example."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from hub import members, strict_json
from hub.errors import BadRequest, UnknownAction
from hub.members import Members, members_of

MAX_MESSAGES = 100
"""Messages that one invocation may publish."""

MAX_BY = 1024
"""Bytes of ``by`` in UTF-8."""

MAX_REASON = 256
"""Bytes of ``reason`` in UTF-8."""

MAX_CONNECTION_ID = 128
"""Bytes of a connection id in UTF-8. Those of API Gateway have 13 to 16 characters."""


class Publish(NamedTuple):
    """
    Messages for sessions.

    Attributes:
        messages: 1 to MAX_MESSAGES values. ``text_of`` and ``published.parse`` read one, which may be malformed.

    """

    messages: list[Any]


class Who(NamedTuple):
    """A question for how many connections sessions have: 1 to ``members.MAX_SESSIONS`` distinct sessions."""

    sessions: tuple[str, ...]


class List(NamedTuple):
    """
    A question for the connections of a session.

    Attributes:
        after: Where to go on: the connection id ``after`` of the answer before, or None to begin.

    """

    session: str
    after: str | None


class Close(NamedTuple):
    """
    Attributes:
        connections: The connection ids to close, at least one; None: all connections of the session.
        reconnect: Whether the client may connect again.
        reason: Why, for the client: at most MAX_REASON bytes, or None.

    """

    session: str
    connections: frozenset[str] | None
    reconnect: bool
    reason: str | None


class Purge(NamedTuple):
    """An order to delete the history of a session."""

    session: str


Invocation: TypeAlias = Publish | Who | List | Close | Purge


def origin_of(event: dict[str, Any]) -> dict[str, str | None]:
    """Return for the log what an invocation asks, and who asks, as claimed. What is malformed is None."""
    verb, by = event.get("hub"), event.get("by")
    is_name = isinstance(by, str) and by.isprintable() and 0 < len(by.encode(errors="replace")) <= MAX_BY
    return {"verb": verb if isinstance(verb, str) and verb in _PARSERS else None, "by": by if is_name else None}


def parse(event: dict[str, Any]) -> Invocation:
    """
    Parse the event of an invocation, which Lambda's runtime has read from JSON already.

    Raises:
        BadJson: If the event has something that is not strict JSON.
        BadRequest: If a member is missing or malformed; ``field`` names the member.
        UnknownAction: If there is no such verb.

    """
    # Each message is read by itself, so that a malformed one does not spoil the others.
    invocation = members_of(text_of({name: value for name, value in event.items() if name != "messages"}), "invocation")
    if not isinstance(verb := invocation.get("hub"), str):
        raise BadRequest("hub is not a string", "hub")
    if verb not in _PARSERS:
        raise UnknownAction("hub is not publish, who, list, close or purge", "hub")
    members.text(invocation, "by", MAX_BY)
    return _PARSERS[verb](invocation | {"messages": event.get("messages")})


def text_of(value: Any) -> str:
    """
    Return a value of an event as a text, which is strict JSON if the value can be.

    Lambda's runtime accepts more, such as NaN. The text is empty if Python cannot serialise the value, which nests too
    deeply, or has an integer of thousands of digits.

    """
    try:
        return strict_json.dumps(value, allow_nan=True)
    except (RecursionError, ValueError):
        return ""


def _publish(invocation: Members) -> Publish:
    messages = invocation["messages"]
    if not isinstance(messages, list) or not 1 <= len(messages) <= MAX_MESSAGES:
        raise BadRequest(f"messages is not a list of 1 to {MAX_MESSAGES} messages", "messages")
    return Publish(messages)


def _close(invocation: Members) -> Close:
    return Close(
        session=members.session(invocation),
        connections=_connections(invocation),
        reconnect=members.flag(invocation, "reconnect"),
        reason=members.text(invocation, "reason", MAX_REASON),
    )


def _connections(invocation: Members) -> frozenset[str] | None:
    connections = invocation.get("connections")
    if connections is None:
        return None
    if not isinstance(connections, list) or not connections:
        raise BadRequest("connections is neither null nor a list with at least one connection id", "connections")
    for index, value in enumerate(connections):
        if not isinstance(value, str) or not value:
            raise BadRequest(f"connections[{index}] is not a connection id", f"connections[{index}]")
    return frozenset(connections)


_PARSERS: dict[str, Callable[[Members], Invocation]] = {
    "publish": _publish,
    "who": lambda invocation: Who(tuple(members.positions(invocation))),
    "list": lambda invocation: List(members.session(invocation), members.text(invocation, "after", MAX_CONNECTION_ID)),
    "close": _close,
    "purge": lambda invocation: Purge(members.session(invocation)),
}
"""How to read each verb."""
