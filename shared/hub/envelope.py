"""The frame that carries a message to its recipients."""

from collections.abc import Collection
from typing import Any

from hub import strict_json
from hub.errors import MessageTooLarge
from hub.frames import MAX_SEQ

MAX_FRAME_BYTES = 131_072
"""Bytes of a delivered frame in UTF-8: the most that API Gateway accepts in one post.
Source: "Quotas for configuring and running a WebSocket API", API Gateway developer guide."""

MAX_STORED_BYTES = MAX_FRAME_BYTES - 1024
"""Bytes of a frame that is stored, so that ``replies.resumed`` with this frame alone fits a post too."""


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
        self._tail = strict_json.dumps(tail)[1:]

    def addressed_to(self, session_id: str, seq: int | None = None) -> bytes:
        """
        Return the frame that the connections of a session receive.

        Args:
            seq: The number of the message in the history of the session, or None if it is not stored there.

        """
        number = "" if seq is None else f'"seq":{seq},'
        return f'{self._head}{session_id}",{number}{self._tail}'.encode()

    def check_size(self, sessions: Collection[str], stored: Collection[str]) -> None:
        """
        Args:
            sessions: All sessions of the message.
            stored: Those in whose history the message is to be stored.

        Raises:
            MessageTooLarge: If the frame for one of the sessions would be too long.

        """
        if stored:
            self._check(stored, MAX_SEQ, MAX_STORED_BYTES)
        self._check(sessions, None, MAX_FRAME_BYTES)

    def _check(self, sessions: Collection[str], seq: int | None, allowed: int) -> None:
        size = len(self.addressed_to(max(sessions, key=len), seq))
        if size > allowed:
            raise MessageTooLarge(f"The delivered frame would have {size} bytes, and {allowed} are allowed", "message")
