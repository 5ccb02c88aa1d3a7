"""Frames of the protocol that tests of several modules send and expect."""

from collections.abc import Iterator
from typing import Any

FRAME_LIMIT = 32 * 1024
"""Bytes of the longest frame that API Gateway accepts from a client."""


def send_message(*sessions: Any, **members: Any) -> dict[str, Any]:
    return {"action": "sendMessage", "sessions": sessions, "message": "hello", "id": "c-1"} | members


def ack(delivered: dict[str, int] | None = None, offline: list[str] | None = None) -> dict[str, Any]:
    """Return the ack of ``send_message``."""
    return {"type": "ack", "id": "c-1", "delivered": delivered or {}, "offline": offline or [], "failed": {}}


def fragments(text: str) -> Iterator[str]:
    """Cut a text into fragments that API Gateway accepts. An empty text is one fragment."""
    return (text[start : start + FRAME_LIMIT] for start in range(0, len(text) or 1, FRAME_LIMIT))
