"""One message to every connection of several sessions, and the account of it."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from hub.connection import Connection
from hub.connections import Connections
from hub.delivery import MAX_IN_FLIGHT, Outcome
from hub.envelope import Envelope
from hub.log import logger

MAX_SESSIONS_AT_ONCE = 8
"""Sessions read side by side."""

OPENING_DELAYS = (0.05, 0.15, 0.4)
"""Seconds before each further post to a connection that may be opening still."""

OPENING = 3
"""Seconds after its row is stored in which a connection may be opening still. API Gateway
answers 410 until $connect has returned, so a 410 this early does not mean gone."""


@dataclass(frozen=True)
class Account:
    """
    What became of one session's connections.

    Attributes:
        live: Whether the session had a live connection, the left-out sender included.
        delivered: Connections that took the message.
        failed: Connections that could not be reached, for a reason that may pass.
        readable: False if the session's connections could not be read, or not all.

    """

    live: bool
    delivered: int
    failed: int
    readable: bool


def totals(accounts: dict[str, Account]) -> tuple[dict[str, int], list[str], dict[str, int]]:
    """Return what an ack says: ``(delivered, offline, failed)``. Every session is in at least one."""
    delivered = {
        session: account.delivered
        for session, account in accounts.items()
        if account.delivered or (account.live and not account.failed)
    }
    failed = {
        session: account.failed for session, account in accounts.items() if account.failed or not account.readable
    }
    offline = [session for session in accounts if session not in delivered and session not in failed]
    return delivered, offline, failed


class FanOut:
    """
    Delivers envelopes.

    Args:
        post: Posts a frame to a connection: ``(connection_id, payload) -> Outcome``.
        close: Closes a connection that may not stay: ``(connection_id)``.
        needs_proof: See ``Connection.counts``. A connection that does not count is closed when found.
        clock: Returns epoch seconds.

    """

    def __init__(
        self,
        connections: Connections,
        post: Callable[[str, bytes], Outcome],
        close: Callable[[str], None],
        needs_proof: bool,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._connections = connections
        self._post = post
        self._close = close
        self._needs_proof = needs_proof
        self._clock = clock
        self._sleep = sleep
        self._readers = ThreadPoolExecutor(MAX_SESSIONS_AT_ONCE, "reader")
        self._posters = ThreadPoolExecutor(MAX_IN_FLIGHT, "poster")

    def send(self, envelope: Envelope, sessions: tuple[str, ...], leave_out: str | None) -> dict[str, Account]:
        """
        Deliver to every live connection of the sessions but ``leave_out``, a connection id.

        Returns:
            One account for each session, in the order given.

        """
        accounts = self._readers.map(lambda session: self._send_to_session(envelope, session, leave_out), sessions)
        return dict(zip(sessions, accounts, strict=True))

    def _send_to_session(self, envelope: Envelope, session_id: str, leave_out: str | None) -> Account:
        payload = envelope.addressed_to(session_id)
        rows: list[Connection] = []
        readable = True
        try:
            # What was read before a page fails stays in the list.
            rows.extend(self._connections.of_session(session_id))
        except (ClientError, BotoCoreError):
            logger.exception("session not readable", session_id=session_id)
            readable = False

        now = self._clock()
        live = [row for row in rows if row.counts(now, self._needs_proof)]
        targets = [row for row in live if row.connection_id != leave_out]
        ended = Counter(self._posters.map(lambda row: self._deliver(row, payload), targets))
        for _ in self._posters.map(self._end, (row for row in rows if not row.counts(now, self._needs_proof))):
            pass  # to its end, so that all are closed before the answer
        return Account(
            live=len(live) > ended[Outcome.GONE],
            delivered=ended[Outcome.DELIVERED],
            failed=ended[Outcome.FAILED],
            readable=readable,
        )

    def _deliver(self, row: Connection, payload: bytes) -> Outcome:
        outcome = self._post(row.connection_id, payload)
        for delay in OPENING_DELAYS:
            if outcome is not Outcome.GONE or self._clock() - row.connected_at / 1000 > OPENING:
                break
            self._sleep(delay)
            outcome = self._post(row.connection_id, payload)
        if outcome is Outcome.GONE:
            self._remove(row)
        return outcome

    def _end(self, row: Connection) -> None:
        self._close(row.connection_id)
        self._remove(row)

    def _remove(self, row: Connection) -> None:
        try:
            self._connections.remove(row)
        except (ClientError, BotoCoreError):
            # Harmless: the next delivery finds it gone again, or the TTL removes it.
            logger.exception("row of a gone connection not removed", recipient=row.connection_id)
