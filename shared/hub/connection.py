"""One connection, as it is stored."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from hub.auth.identity import Identity

MAX_LIFETIME = 2 * 3600 + 10 * 60
"""Seconds until a row expires: the two hours that API Gateway allows a connection, and ten minutes more."""

NEVER = 2**53
"""Epoch seconds at which a row without ``expires_at`` expires, such as a row that somebody added by hand."""


class Connection(NamedTuple):
    """
    One row: one open connection.

    Attributes:
        connected_at: Epoch milliseconds.
        expires_at: Epoch seconds at which the connection or its credential ends. This is the table's TTL attribute;
            DynamoDB deletes rows late, so expired rows may still be read.
        subject: Who the client has proven to be; None if it did not have to prove anything (AUTH_MODE none).
        send: The grants of the client, as in ``auth.identity.Identity``; None: it may send to every session.

    """

    session_id: str
    connection_id: str
    connected_at: int
    expires_at: int
    subject: str | None = None
    send: tuple[str, ...] | None = None

    @classmethod
    def opened(cls, identity: "Identity", connection_id: str, now: float) -> "Connection":
        """Return the row of a connection that opens at ``now``, in epoch seconds."""
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
        Return whether a connection may send and receive at ``now``, in epoch seconds.

        Args:
            needs_proof: Whether clients must prove who they are (any AUTH_MODE but none). A row without a subject
                then stems from the time before this mode was switched on, and is not usable.

        """
        return self.expires_at > now and not (needs_proof and self.subject is None)
