"""Backends that publish messages by invocation, without a connection of their own."""

import time
from collections.abc import Callable
from typing import Any

from callers.sending import Sending
from delivery.fan_out import FanOut
from hub import frames, invocations, metrics, published, replies
from hub.answers import attempt
from hub.envelope import Envelope
from hub.invocations import Publish
from hub.log import logger
from hub.message_ids import uuid7
from hub.published import Published

LEAST_TIME = 0.1
"""A message is not begun with less than these seconds left."""


class Backends:
    """Sends the messages of backends."""

    def __init__(self, fan_out: FanOut, sending: Sending) -> None:
        self._fan_out = fan_out
        self._sending = sending

    def publish(self, invocation: Publish, time_left: Callable[[], float], request_id: str) -> dict[str, Any]:
        """
        Send messages, one after the other, and return an answer for each of them: an ack or an error.

        Args:
            time_left: Returns the seconds until the answers must be there. When none are left, the remaining messages
                are acknowledged as failed.
            request_id: For the errors that are the hub's fault.

        """

        def answer(value: Any) -> replies.Reply:
            text = invocations.text_of(value)
            message_id = frames.salvage_id(text)
            logger.append_keys(message_id=message_id)
            return attempt(
                lambda: self.send(published.parse(text), uuid7(time.time()), time_left()),
                lambda error: replies.error(error, message_id, request_id),
            )

        return {"answers": [answer(value) for value in invocation.messages]}

    def send(self, message: Published, default_id: str, seconds: float) -> replies.Reply:
        """
        Send a message, and return its ack.

        Args:
            default_id: The message's id if the backend has not chosen one.
            seconds: Time until the ack must be there.

        Raises:
            MessageTooLarge: If the delivered frame would be too long for one of the sessions.

        """

        async def envelope() -> Envelope:
            return message.envelope(default_id, time.time())

        if seconds < LEAST_TIME:
            return _unsent(message.id or default_id, message.sessions)
        ack = self._fan_out.run(self._sending.send(message.sessions, seconds, envelope, message.store))
        metrics.count("Published")
        return ack


def _unsent(message_id: str, sessions: tuple[str, ...]) -> replies.Reply:
    """Return the ack of a message for which no time was left."""
    for metric, value in {"Messages": 1, "Published": 1, "Undelivered": len(sessions)}.items():
        metrics.count(metric, value)
    logger.append_keys(message_id=message_id)
    logger.error("no time left for a message", sessions=len(sessions))
    return replies.ack(message_id, {}, [], dict.fromkeys(sessions, 0), {})
