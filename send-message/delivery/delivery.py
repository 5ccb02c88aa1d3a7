"""The delivery of one message to every connection of several sessions."""

from collections.abc import Mapping
from typing import Protocol

from delivery.account import Account
from delivery.http.exchange import Body, Request
from delivery.reading import Reading
from delivery.retries import Closing, Post
from delivery.stuck import MAX_FAILURES
from delivery.work import Resources, Work
from hub.connection import Connection
from hub.envelope import Envelope
from hub.log import logger


class Store(Protocol):
    """Where a message is stored before it is delivered. ``history.storing.Storing`` has it."""

    @property
    def numbers(self) -> Mapping[str, int]: ...
    async def store(self, session_id: str, envelope: Envelope) -> bool: ...


class Delivery(Work):
    """
    The delivery of one message.

    It reads the first pages of the sessions at once, while the sender is still being looked up, and posts nothing
    before ``run``.

    Args:
        sessions: The sessions that the message is for.
        stored: Those of them for which the message is stored first. They are read after that.
        end: When the time is up, by the clock of the event loop.

    """

    def __init__(self, resources: Resources, sessions: tuple[str, ...], stored: frozenset[str], end: float) -> None:
        super().__init__(resources, end)
        self._closed: list[str] = []
        self._accounts = {session: Account() for session in sessions}
        self._reading = Reading(resources.table, sessions, self._take_page, stored, self._store_for)

    async def run(self, envelope: Envelope, leave_out: str | None, store: Store | None = None) -> dict[str, Account]:
        """
        Deliver until all requests have ended, or until the time is up.

        Args:
            leave_out: The connection id of the sender, if it does not want its own message.
            store: Stores the message, if there are sessions for which it is stored.

        Returns:
            One account for each session, in the order of the sessions.

        """
        self._envelope = envelope
        self._leave_out = leave_out
        self._store = store
        self._reading.room.set()
        await self._carry_out(self._reading.finish())
        for session in self._reading.complete:
            self._accounts[session].readable = True
        return self._accounts

    async def stop(self) -> None:
        """End reading: the message is delivered or refused, or the time is up."""
        await self._reading.stop()

    def submit_again(self, request: Request, delay: float) -> None:
        super().submit_again(request, delay)
        self._make_room()

    def finished(self) -> None:
        super().finished()
        self._make_room()

    def closed(self, recipient: str) -> None:
        """Log, together with others, that the hub closed a stuck connection."""
        self._closed.append(recipient)

    async def _store_for(self, session_id: str) -> bool:
        return self._store is not None and await self._store.store(session_id, self._envelope)

    def _take_page(self, session_id: str, rows: list[Connection]) -> None:
        account, now = self._accounts[session_id], self._resources.clock()
        number = self._store.numbers.get(session_id) if self._store else None
        body = Body.of(self._envelope.addressed_to(session_id, number))
        for row in rows:
            if not row.is_usable(now, self._resources.needs_proof):
                self._close(row)
                continue
            account.live += 1
            if row.connection_id != self._leave_out:
                account.targets += 1
                self.submit(Post(self, row, account, body))
        if self._endpoint.waiting > self._resources.max_waiting:
            self._reading.room.clear()

    def _close(self, row: Connection) -> None:
        """Close a connection that is not usable, unless closing it has failed too often."""
        if self.stuck.failures(row.connection_id) < MAX_FAILURES:
            self.submit(Closing(self, row))

    def _make_room(self) -> None:
        if self._endpoint.waiting < self._resources.max_waiting:
            self._reading.room.set()

    def _report(self) -> None:
        super()._report()
        if self._closed:
            logger.warning("stuck connections closed", connections=len(self._closed), recipient=self._closed[0])
