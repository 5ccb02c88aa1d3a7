"""The frame that carries a message to its recipients."""

from typing import Any

from hub import strict_json
from hub.errors import MessageTooLarge

MAX_FRAME_BYTES = 131_072
"""Bytes of a delivered frame in UTF-8: the most that API Gateway accepts in one post.
Source: "Quotas for configuring and running a WebSocket API", API Gateway developer guide."""


class Envelope:
    """
    One message for several sessions. It is serialised once, and then addressed to each session.

    Args:
        sender: The sender's session id.
        sent_at: As ``ids.timestamp`` writes it.
        message: Any JSON value.

    """

    def __init__(self, message_id: str, sender: str, sent_at: str, message: Any) -> None:
        self.message_id = message_id
        # The parts before and after the session id. A session id needs no escaping, so it fits between them as it is.
        head = {"type": "message", "id": message_id}
        tail = {"from": sender, "sent_at": sent_at, "message": message}
        self._head = strict_json.dumps(head)[:-1] + ',"session":"'
        self._tail = '",' + strict_json.dumps(tail)[1:]

    def addressed_to(self, session_id: str) -> bytes:
        """Return the frame that the connections of a session receive."""
        return f"{self._head}{session_id}{self._tail}".encode()

    def check_size(self, sessions: tuple[str, ...]) -> None:
        """
        Raises:
            MessageTooLarge: If the frame for the longest session id would exceed MAX_FRAME_BYTES.

        """
        size = len(self.addressed_to(max(sessions, key=len)))
        if size > MAX_FRAME_BYTES:
            raise MessageTooLarge(
                f"The delivered frame would have {size} bytes, and {MAX_FRAME_BYTES} are allowed", "message"
            )
