"""Numbers and stores one message in the history of its sessions."""

from collections import defaultdict
from collections.abc import Callable, Collection

from delivery.dynamodb_answers import DynamoDBError
from history.items import Entry
from history.table import HistoryTable
from hub.envelope import Envelope
from hub.log import logger

TRIES = 3
"""Numbers that a message takes for one session, at most. A number is in use if a client's question has sealed it."""


class Storing:
    """
    The storing of one message. ``delivery.reading`` calls it for each session, before it reads the session.

    Args:
        table: With the time for all sessions.
        sessions: The sessions in whose history the message is to be stored.
        seconds: How long the message can be resumed.
        clock: Returns epoch seconds.

    Attributes:
        numbers: The numbers that the message has got. A session is absent while the message is not stored in it.

    """

    def __init__(
        self, table: HistoryTable, sessions: Collection[str], seconds: int, clock: Callable[[], float]
    ) -> None:
        self.sessions = sessions
        self.numbers: dict[str, int] = {}
        self._table = table
        self._seconds = seconds
        self._clock = clock
        self._failed: dict[str, list[tuple[str, DynamoDBError]]] = defaultdict(list)

    async def store(self, session_id: str, envelope: Envelope) -> bool:
        """Store the message for one session. Return whether it is stored: if not, it must not be delivered."""
        try:
            self.numbers[session_id] = await self._store(session_id, envelope)
        except DynamoDBError as error:
            self._failed[error.code or str(error)].append((session_id, error))
            return False
        return True

    def report(self) -> None:
        """Log what could not be stored: one line for each reason."""
        for failures in self._failed.values():
            session_id, error = failures[0]
            logger.error("message not stored", exc_info=error, sessions=len(failures), session_id=session_id)

    async def _store(self, session_id: str, envelope: Envelope) -> int:
        for _ in range(TRIES):
            now = self._clock()
            seq = await self._table.take_number(session_id, now)
            frame = envelope.addressed_to(session_id, seq).decode()
            if await self._table.put(session_id, Entry.new(seq, frame, now, self._seconds)):
                return seq
        raise DynamoDBError(f"{TRIES} numbers were in use before the message could be stored")
