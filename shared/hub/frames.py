"""The frames of ``hub.v1`` that clients send. ``replies`` builds what the hub answers, ``members`` reads members."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from hub import members
from hub.errors import BadRequest, HubError, UnknownAction
from hub.members import Members, members_of

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


class Who(NamedTuple):
    """
    A question for how many connections sessions have.

    Attributes:
        id: What the answer repeats, or None.
        positions: As in SendMessage.

    """

    id: str | None
    positions: dict[str, int]


Frame: TypeAlias = Ping | SendMessage | Resume | Who


def parse(body: str | None) -> Frame:
    """
    Parse what a client sent.

    Raises:
        BadJson: If the frame is not a JSON object, by the strict rules of ``strict_json``.
        BadRequest: If a member is missing or malformed; ``field`` names the member.
        UnknownAction: If there is no such ``action``.

    """
    frame = members_of(body or "", "frame")
    if not isinstance(action := frame.get("action"), str):
        raise BadRequest("action is not a string", "action")
    if action not in _PARSERS:
        raise UnknownAction("action is not sendMessage, resume, who or ping", "action")
    return _PARSERS[action](frame)


def salvage_id(body: str | None) -> str | None:
    """Return the id of a frame, or None if it has no valid id. The rest of the frame may be wrong."""
    try:
        return members.message_id(members_of(body or "", "frame"))
    except HubError:
        return None


def _send_message(frame: Members) -> SendMessage:
    return SendMessage(
        id=members.message_id(frame),
        positions=members.positions(frame),
        message=members.message(frame),
        echo=members.flag(frame, "echo"),
        store=members.flag(frame, "store"),
    )


def _resume(frame: Members) -> Resume:
    if "after" in frame and "last" in frame:
        raise BadRequest("after and last are both there, and one is allowed", "last")
    return Resume(
        id=members.message_id(frame),
        after=members.integer(frame, "after", 0, MAX_SEQ),
        last=members.integer(frame, "last", 1, MAX_LAST),
    )


def _who(frame: Members) -> Who:
    return Who(id=members.message_id(frame), positions=members.positions(frame))


_PARSERS: dict[str, Callable[[Members], Frame]] = {
    "sendMessage": _send_message,
    "resume": _resume,
    "who": _who,
    "ping": lambda _: Ping(),
}
"""How to read the frames of each action."""
