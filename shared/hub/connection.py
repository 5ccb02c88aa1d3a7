"""One connection, as it is stored."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.auth.identity import Identity

MAX_LIFETIME = 2 * 3600 + 10 * 60
"""Seconds a row is alive at most: API Gateway's two hours for a connection, and some slack."""

NEVER = 2**53
"""Epoch seconds at which a row that says nothing of its end expires: one put there by hand, say."""


@dataclass(frozen=True, slots=True)
class Connection:
    """
    One row: one open connection.

    Attributes:
        connected_at: Epoch milliseconds.
        expires_at: Epoch seconds, the table's TTL: when the connection or its credential
            ends. DynamoDB deletes late, so a row past it may still be read.
        subject: Who has proven to be allowed in; None if nobody had to (AUTH_MODE none).
        send: Whom it may address, as ``identity.Identity`` has it; None for every session.

    """

    session_id: str
    connection_id: str
    connected_at: int
    expires_at: int
    subject: str | None = None
    send: tuple[str, ...] | None = None

    @classmethod
    def opened(cls, identity: "Identity", connection_id: str, now: float) -> "Connection":
        """Return the row of a connection that opens now (epoch seconds)."""
        lifetime_end = int(now) + MAX_LIFETIME
        return cls(
            session_id=identity.session_id,
            connection_id=connection_id,
            connected_at=int(now * 1000),
            expires_at=min(lifetime_end, identity.expires_at or lifetime_end),
            subject=identity.subject,
            send=identity.send,
        )

    def is_usable(self, now: float, needs_proof: bool) -> bool:
        """
        Return whether a connection may still send and receive.

        Args:
            needs_proof: Whether somebody must have proven something (any AUTH_MODE but none).
                Rows without a subject then stem from before the mode was switched on.

        """
        return self.expires_at > now and not (needs_proof and self.subject is None)
