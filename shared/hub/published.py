"""A message that a backend publishes: an element of an invocation's ``messages``, or the body of a queue's record."""

from typing import NamedTuple

from hub import members
from hub.envelope import Envelope
from hub.errors import BadRequest
from hub.members import Members, members_of
from hub.message_ids import timestamp

SENDER = "#"
"""How the member ``from`` of a delivered frame begins if a backend has sent the message. A session id cannot contain
``#``, so nobody takes a client for a backend."""


class Published(NamedTuple):
    """
    Attributes:
        id: The message id that the backend has chosen, or None.
        sender: What the delivered frame has as ``from``: SENDER, and the backend's name for itself if it gave one.
        store: Whether the message may be stored in the history of the sessions.
        message: Any JSON value, as ``members.message`` reads it.

    """

    id: str | None
    sessions: tuple[str, ...]
    message: object
    sender: str
    store: bool

    def envelope(self, message_id: str, now: float) -> Envelope:
        """
        Return the message as it is delivered.

        Args:
            message_id: The id, if the message has none itself.
            now: Epoch seconds.

        """
        return Envelope(self.id or message_id, self.sender, timestamp(now), self.message)


def parse(text: str) -> Published:
    """
    Parse a message.

    Raises:
        BadJson: If the text is not a JSON object, by the strict rules of ``strict_json``.
        BadRequest: If a member is missing or malformed; ``field`` names the member.

    """
    message = members_of(text, "message")
    return Published(
        id=members.message_id(message),
        sessions=tuple(members.positions(message)),
        message=members.message(message),
        sender=SENDER + _name(message),
        store=members.flag(message, "store"),
    )


def _name(message: Members) -> str:
    """Return the backend's name for itself, or an empty text."""
    if "from" not in message:
        return ""
    if not members.is_session_id(message["from"]):
        raise BadRequest("from is not 1 to 128 characters of a session id", "from")
    return str(message["from"])
