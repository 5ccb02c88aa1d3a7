"""The account of one session: how the posts to its connections ended, and what the ack says about them."""

from dataclasses import dataclass


@dataclass
class Account:
    """
    How the posts to one session's connections ended, in numbers of connections.

    Attributes:
        live: Live connections that were read, including a sender that is left out.
        targets: Live connections that should get the message.
        delivered: Connections that took the message.
        gone: Connections that turned out to be closed.
        readable: Whether all connections of the session could be read.
        closed: Failed connections that the hub closed because they had not taken many messages in a row.

    """

    live: int = 0
    targets: int = 0
    delivered: int = 0
    gone: int = 0
    readable: bool = False
    closed: int = 0

    @property
    def failed(self) -> int:
        """Connections that could not be reached, for a reason that may pass."""
        return self.targets - self.delivered - self.gone

    @property
    def is_live(self) -> bool:
        """Whether the session has a connection that is not gone."""
        return self.live > self.gone


def totals(accounts: dict[str, Account]) -> tuple[dict[str, int], list[str], dict[str, int]]:
    """Return what an ack says: ``(delivered, offline, failed)``. Every session is in at least one."""
    delivered = {
        session: account.delivered
        for session, account in accounts.items()
        if account.delivered or (account.is_live and not account.failed)
    }
    failed = {
        session: account.failed for session, account in accounts.items() if account.failed or not account.readable
    }
    offline = [session for session in accounts if session not in delivered and session not in failed]
    return delivered, offline, failed
