"""The way in to ``history``: which sessions have history, and the work on one message or one question."""

import time
from collections.abc import Callable, Iterable

from delivery.dynamodb import DynamoDB
from history.purging import purge
from history.resuming import Page, Resuming
from history.storing import Storing
from history.table import HistoryTable
from hub.frames import Resume
from hub.sessions import covers
from hub.settings import HistorySettings

WITHIN = 3.0
"""Seconds for all requests of one message or one question, unless the invocation ends sooner: enough for two requests,
each of which is lost once and takes a second then."""


class History:
    """
    The history of all sessions.

    Args:
        dynamodb: Returns a table by its name, over HTTP connections that are open now.
        clock: Returns epoch seconds.

    """

    def __init__(
        self, settings: HistorySettings, dynamodb: Callable[[str], DynamoDB], clock: Callable[[], float] = time.time
    ) -> None:
        self._settings = settings
        self._dynamodb = dynamodb
        self._clock = clock

    def kept(self, sessions: Iterable[str]) -> frozenset[str]:
        """Return those of several sessions whose history is kept."""
        return frozenset(session for session in sessions if covers(self._settings.sessions, session))

    def storing(self, sessions: frozenset[str], seconds: float) -> Storing:
        """
        Begin to store a message.

        Args:
            sessions: Of those in ``kept``.
            seconds: Time for storing.

        """
        return Storing(self._table(min(seconds, WITHIN)), sessions, self._settings.seconds, self._clock)

    async def resume(self, session_id: str, question: Resume, room: int, seconds: float) -> Page:
        """
        Return what a client has missed.

        Args:
            room: Bytes for the frames. See ``Resuming.after``.
            seconds: Time for the answer.

        Raises:
            DynamoDBError: If DynamoDB fails, or does not answer in time.

        """
        resuming = Resuming(self._table(min(seconds, WITHIN)), session_id, self._settings.seconds, self._clock)
        if question.after is not None:
            return await resuming.after(question.after, room)
        if question.last is not None:
            return await resuming.newest(question.last, room)
        return await resuming.position()

    async def purge(self, session_id: str, seconds: float) -> tuple[int, bool]:
        """
        Delete the history of a session: see ``purging``.

        Args:
            seconds: Time for it.

        Raises:
            DynamoDBError: If DynamoDB fails, or does not answer in time.

        """
        return await purge(self._table(seconds), session_id, seconds, self._clock)

    def _table(self, seconds: float) -> HistoryTable:
        return HistoryTable(self._dynamodb(self._settings.table_name), seconds, self._clock)
