"""The frames of ``hub.v1`` that clients send. ``replies`` builds what the hub answers."""

import functools
from typing import Any, NamedTuple, TypeAlias

from hub import strict_json
from hub.errors import BadJson, BadRequest, HubError, UnknownAction
from hub.sessions import SESSION_ID

MAX_SESSIONS = 100
"""Distinct sessions in the list of one message."""

MAX_MESSAGE_ID = 64
"""Characters (Unicode code points) of a message id."""

MAX_DEPTH = 100
"""Levels of arrays and objects in a message."""

MAX_SEQ = 2**53 - 1
"""The largest number of a message in its session's history: the largest integer that is exact in JavaScript."""

MAX_LAST = 100
"""Messages that ``last`` may ask for."""


class Ping(NamedTuple):
    """``{"action": "ping"}``. API Gateway answers a ping itself, unless its parser reads the frame differently."""


class SendMessage(NamedTuple):
    """
    Attributes:
        id: The message id that the client has chosen, or None.
        positions: The sessions that shall receive the message: 1 to MAX_SESSIONS distinct session ids. The value is
            the index at which the client first listed the session.
        message: Any JSON value with finite numbers, at most MAX_DEPTH levels deep.
        echo: Whether the sending connection itself may receive the message.
        store: Whether the message may be stored in the history of the sessions.

    """

    id: str | None
    positions: dict[str, int]
    message: Any
    echo: bool
    store: bool

    @property
    def sessions(self) -> tuple[str, ...]:
        return tuple(self.positions)


class Resume(NamedTuple):
    """
    A question for what the session's history has. At most one of ``after`` and ``last`` is there.

    Attributes:
        id: What the answer repeats, or None.
        after: The position of the client: the number of the last message that it knows, from 0 to MAX_SEQ.
        last: How many of the newest messages the client wants, from 1 to MAX_LAST.

    """

    id: str | None
    after: int | None
    last: int | None


Frame: TypeAlias = Ping | SendMessage | Resume


def parse(body: str | None) -> Frame:
    """
    Parse what a client sent.

    Raises:
        BadJson: If the frame is not a JSON object, by the strict rules of ``strict_json``.
        BadRequest: If a member is missing or malformed; ``field`` names the member.
        UnknownAction: If ``action`` is not ``sendMessage``, ``resume`` or ``ping``.

    """
    members = _members(body)
    if not isinstance(action := members.get("action"), str):
        raise BadRequest("action is not a string", "action")
    if action == "ping":
        return Ping()
    if action == "resume":
        return _resume(members)
    if action != "sendMessage":
        raise UnknownAction("action is not sendMessage, resume or ping", "action")
    return SendMessage(
        id=_message_id(members),
        positions=_positions(members),
        message=_message(members),
        echo=_flag(members, "echo"),
        store=_flag(members, "store"),
    )


def salvage_id(body: str | None) -> str | None:
    """Return the id of a frame, or None if it has no valid id. The rest of the frame may be wrong."""
    try:
        return _message_id(_members(body))
    except HubError:
        return None


_NOT_JSON = object()


@functools.lru_cache(maxsize=1)
def _value(body: str) -> Any:
    """Return the value of a frame. The last value is cached, because ``salvage_id`` reads what ``parse`` refused."""
    try:
        return strict_json.loads(body)
    except ValueError:
        return _NOT_JSON


def _members(body: str | None) -> dict[str, Any]:
    frame = _value(body or "")
    if frame is _NOT_JSON:
        # The parser's own text is left out: it is about Python, and may quote the frame.
        raise BadJson("The frame is not valid JSON")
    if not isinstance(frame, dict):
        raise BadJson("The frame is JSON, but not an object")
    return frame


def _message_id(members: dict[str, Any]) -> str | None:
    if "id" not in members:
        return None
    message_id = members["id"]
    if not isinstance(message_id, str) or not 1 <= len(message_id) <= MAX_MESSAGE_ID:
        raise BadRequest(f"id is not a string of 1 to {MAX_MESSAGE_ID} characters", "id")
    return message_id


def _positions(members: dict[str, Any]) -> dict[str, int]:
    sessions = members.get("sessions")
    if not isinstance(sessions, list) or not sessions:
        raise BadRequest("sessions is not a list with at least one session id", "sessions")
    positions: dict[str, int] = {}
    for index, session_id in enumerate(sessions):
        if not isinstance(session_id, str) or not SESSION_ID.fullmatch(session_id):
            raise BadRequest(f"sessions[{index}] is not a session id", f"sessions[{index}]")
        positions.setdefault(session_id, index)
    if len(positions) > MAX_SESSIONS:
        raise BadRequest(f"sessions names {len(positions)} sessions, and {MAX_SESSIONS} are allowed", "sessions")
    return positions


def _message(members: dict[str, Any]) -> Any:
    if "message" not in members:
        raise BadRequest("message is missing; it may be any JSON value, null too", "message")
    for depth, layer in enumerate(strict_json.layers(members["message"])):
        if not all(strict_json.is_finite(value) for value in layer if isinstance(value, (float, int))):
            raise BadRequest("message holds a number beyond the range of an IEEE double", "message")
        if depth == MAX_DEPTH and any(isinstance(value, (list, dict)) for value in layer):
            raise BadRequest(f"message nests deeper than {MAX_DEPTH} levels", "message")
    return members["message"]


def _flag(members: dict[str, Any], name: str) -> bool:
    flag = members.get(name, True)
    if not isinstance(flag, bool):
        raise BadRequest(f"{name} is neither true nor false", name)
    return flag


def _resume(members: dict[str, Any]) -> Resume:
    if "after" in members and "last" in members:
        raise BadRequest("after and last are both there, and one is allowed", "last")
    return Resume(
        id=_message_id(members),
        after=_integer(members, "after", 0, MAX_SEQ),
        last=_integer(members, "last", 1, MAX_LAST),
    )


def _integer(members: dict[str, Any], name: str, least: int, most: int) -> int | None:
    if name not in members:
        return None
    value = members[name]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise BadRequest(f"{name} is not an integer from {least} to {most}", name)
    return value
