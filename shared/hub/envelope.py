"""The frame that carries a message to its recipients."""

from typing import Any

from hub import strict_json
from hub.errors import MessageTooLarge

MAX_FRAME_BYTES = 131_072
"""Bytes of a delivered frame in UTF-8: what API Gateway takes for one post.
Source: "Quotas for configuring and running a WebSocket API", API Gateway developer guide."""


class Envelope:
    """One message on its way to several sessions: serialised once, addressed to each."""

    def __init__(self, message_id: str, sender: str, sent_at: str, message: Any) -> None:
        # Session ids need no escaping, so they can go into text that is ready.
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
            MessageTooLarge: If the longest frame would exceed MAX_FRAME_BYTES.

        """
        size = len(self.addressed_to(max(sessions, key=len)))
        if size > MAX_FRAME_BYTES:
            raise MessageTooLarge(
                f"The delivered frame would have {size} bytes, and {MAX_FRAME_BYTES} are allowed", "message"
            )
