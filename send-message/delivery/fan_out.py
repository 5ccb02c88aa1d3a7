"""What stays between messages, and the way in: ``FanOut.send``."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import uvloop

from delivery.account import Account
from delivery.endpoint import Endpoint
from delivery.message import MAX_SESSIONS_AT_ONCE, REMOVERS, Delivery
from delivery.stuck import PATIENCE, Patience, Stuck
from hub.connections import Connections
from hub.envelope import Envelope


class FanOut:
    """
    Delivers envelopes.

    Args:
        needs_proof: See ``Connection.counts``. A connection that does not count is closed when found.
        clock: Returns epoch seconds.

    """

    def __init__(
        self,
        connections: Connections,
        endpoint: Endpoint,
        needs_proof: bool,
        clock: Callable[[], float] = time.time,
        patience: Patience = PATIENCE,
    ) -> None:
        self.connections = connections
        self.endpoint = endpoint
        self.needs_proof = needs_proof
        self.clock = clock
        self.patience = patience
        self.stuck = Stuck(clock)
        self.readers = ThreadPoolExecutor(MAX_SESSIONS_AT_ONCE, "reader")
        self.removers = ThreadPoolExecutor(REMOVERS, "remover")  # of their own: removing must not hold up reading
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)

    def send(
        self, envelope: Envelope, sessions: tuple[str, ...], leave_out: str | None, seconds: float
    ) -> dict[str, Account]:
        """
        Deliver to every live connection of the sessions but ``leave_out``, a connection id.

        Args:
            seconds: Time for all of it. What has not ended by then counts as failed.

        Returns:
            One account for each session, in the order given.

        """
        self.endpoint.begin()
        return self._runner.run(Delivery(self, envelope, leave_out).run(sessions, seconds))

    def drop_connections(self) -> None:
        """Close the HTTP connections. The next message opens new ones."""
        self._runner.run(self.endpoint.close())

    def close(self) -> None:
        """Close all that stays open between messages."""
        self.drop_connections()
        self._runner.close()
        self.readers.shutdown()
        self.removers.shutdown()
