"""The members of a JSON object that a client or a backend has sent, read by the rules of ``hub.v1``."""

import functools
from typing import Any, TypeAlias

from hub import strict_json
from hub.errors import BadJson, BadRequest
from hub.sessions import SESSION_ID

MAX_SESSIONS = 100
"""Distinct sessions in one list."""

MAX_MESSAGE_ID = 64
"""Characters (Unicode code points) of a message id."""

MAX_DEPTH = 100
"""Levels of arrays and objects in a message."""

Members: TypeAlias = dict[str, Any]

_NOT_JSON = object()


def members_of(text: str, what: str) -> Members:
    """
    Return the members of an object in strict JSON.

    Args:
        what: The text's name, for the error, such as ``frame``.

    Raises:
        BadJson: If the text is not a JSON object, by the strict rules of ``strict_json``.

    """
    value = _value(text)
    if value is _NOT_JSON:
        # The parser's own text is left out: it is about Python, and may quote the text.
        raise BadJson(f"The {what} is not valid JSON")
    if not isinstance(value, dict):
        raise BadJson(f"The {what} is JSON, but not an object")
    return value


@functools.lru_cache(maxsize=1)
def _value(text: str) -> Any:
    """Return the value of a text. The last value is cached, because ``salvage_id`` reads what ``parse`` refused."""
    try:
        return strict_json.loads(text)
    except ValueError:
        return _NOT_JSON


# Each of the following functions reads one member, and raises BadRequest, whose field names the member, if the member
# is missing or malformed.


def message_id(members: Members) -> str | None:
    """Return the member ``id``, or None if it is missing."""
    if "id" not in members:
        return None
    value = members["id"]
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_MESSAGE_ID:
        raise BadRequest(f"id is not a string of 1 to {MAX_MESSAGE_ID} characters", "id")
    return value


def positions(members: Members) -> dict[str, int]:
    """
    Return the member ``sessions``: 1 to MAX_SESSIONS distinct session ids.

    Returns:
        For each session id, the index at which the list names it first.

    """
    sessions = members.get("sessions")
    if not isinstance(sessions, list) or not sessions:
        raise BadRequest("sessions is not a list with at least one session id", "sessions")
    distinct: dict[str, int] = {}
    for index, value in enumerate(sessions):
        if not is_session_id(value):
            raise BadRequest(f"sessions[{index}] is not a session id", f"sessions[{index}]")
        distinct.setdefault(value, index)
    if len(distinct) > MAX_SESSIONS:
        raise BadRequest(f"sessions names {len(distinct)} sessions, and {MAX_SESSIONS} are allowed", "sessions")
    return distinct


def message(members: Members) -> Any:
    """Return the member ``message``: any JSON value with finite numbers, at most MAX_DEPTH levels deep."""
    if "message" not in members:
        raise BadRequest("message is missing; it may be any JSON value, null too", "message")
    for depth, layer in enumerate(strict_json.layers(members["message"])):
        if not all(strict_json.is_finite(value) for value in layer if isinstance(value, (float, int))):
            raise BadRequest("message holds a number beyond the range of an IEEE double", "message")
        if depth == MAX_DEPTH and any(isinstance(value, (list, dict)) for value in layer):
            raise BadRequest(f"message nests deeper than {MAX_DEPTH} levels", "message")
    return members["message"]


def flag(members: Members, name: str) -> bool:
    """Return a member that is true if it is missing."""
    value = members.get(name, True)
    if not isinstance(value, bool):
        raise BadRequest(f"{name} is neither true nor false", name)
    return value


def integer(members: Members, name: str, least: int, most: int) -> int | None:
    """Return an integer, or None if the member is missing."""
    if name not in members:
        return None
    value = members[name]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise BadRequest(f"{name} is not an integer from {least} to {most}", name)
    return value


def session(members: Members) -> str:
    """Return the member ``session``: one session id."""
    value = members.get("session")
    if not is_session_id(value):
        raise BadRequest("session is not a session id", "session")
    return str(value)


def text(members: Members, name: str, most: int) -> str | None:
    """
    Return a text, or None if the member is missing or null.

    Args:
        most: Bytes in UTF-8 that the text may have. It must have one at least.

    """
    value = members.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 1 <= len(value.encode()) <= most:
        raise BadRequest(f"{name} is not a string of 1 to {most} bytes", name)
    return value


def is_session_id(value: Any) -> bool:
    """Return whether a JSON value is a session id."""
    return isinstance(value, str) and SESSION_ID.fullmatch(value) is not None
