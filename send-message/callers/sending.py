"""Sends one message to several sessions, and reports what became of it."""

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from delivery.account import Account, totals
from delivery.fan_out import FanOut
from hub import metrics, replies
from hub.envelope import Envelope
from hub.log import logger

if TYPE_CHECKING:
    from history.history import History
    from history.storing import Storing


class Sending:
    """
    Sends messages.

    Args:
        history: None: history is off.

    """

    def __init__(self, fan_out: FanOut, history: "History | None") -> None:
        self._fan_out = fan_out
        self._history = history

    async def send(
        self,
        sessions: tuple[str, ...],
        seconds: float,
        envelope_for: Callable[[], Awaitable[Envelope]],
        store: bool = True,
        leave_out: str | None = None,
    ) -> replies.Reply:
        """
        Send a message, and return its ack.

        Args:
            seconds: Time until the ack must be there.
            envelope_for: Returns the message, or refuses it. The listed sessions are read at the same time.
            store: Whether the message may be stored in the history of the sessions.
            leave_out: The connection id that shall not get the message.

        Raises:
            HubError: If ``envelope_for`` refuses the message.
            MessageTooLarge: If the delivered frame would be too long for one of the sessions.

        """
        began = time.time()
        stored = self._history.kept(sessions) if self._history and store else frozenset[str]()
        async with self._fan_out.delivery(sessions, seconds, stored) as delivery:
            envelope = await envelope_for()
            logger.append_keys(message_id=envelope.message_id)
            envelope.check_size(sessions, stored)
            storing = self._history.storing(stored, seconds) if self._history and stored else None
            accounts = await delivery.run(envelope, leave_out, storing)
        _report(accounts, storing, seconds=time.time() - began)
        numbers = storing.numbers if storing else {}
        seq = {session: numbers[session] for session in sessions if session in numbers}
        return replies.ack(envelope.message_id, *totals(accounts), seq)


def _report(accounts: dict[str, Account], storing: "Storing | None", seconds: float) -> None:
    """Count and log the results of a message. ``seconds`` is the time that the delivery took."""
    if storing:
        metrics.count("Stored", len(storing.numbers))
        metrics.count("Unstored", len(storing.sessions) - len(storing.numbers))
        storing.report()
    recipients, delivered, gone, failed, closed = (
        sum(getattr(account, name) for account in accounts.values())
        for name in ("targets", "delivered", "gone", "failed", "closed")
    )
    metrics.count("Messages")
    metrics.count("Recipients", recipients)
    metrics.count("Delivered", delivered)
    metrics.count("Gone", gone)
    metrics.count("Undelivered", failed)
    if closed:
        metrics.count("StuckClosed", closed)
    metrics.duration("DeliveryTime", seconds)
    logger.info("sent", sessions=len(accounts), delivered=delivered, gone=gone, failed=failed)
