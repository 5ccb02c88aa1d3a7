"""Finds what a client has missed: one page of a session's history, without holes."""

import asyncio
import time
from collections.abc import Callable
from itertools import dropwhile, islice
from typing import NamedTuple

from history.holes import MAX_HOLES, has_holes, tombstones, until_hole
from history.items import Entry, Head, frame_of
from history.table import HistoryTable, Span

LIMIT = 64
"""Entries that one question reads, at most, if it has ``after``."""

WAIT = 0.1
"""Seconds until a number that is absent is looked for again: its message may just be on its way to the table."""


class Page(NamedTuple):
    """
    The answer to a question.

    Attributes:
        recovered: Whether the page follows the client's position without a gap. None: the question had no ``after``.
        seq: The client's new position.
        more: Whether the history has more after ``seq``.
        frames: Messages, by ascending number.

    """

    recovered: bool | None
    seq: int
    more: bool
    frames: list[str]


class Resuming:
    """
    One question of one client.

    A number without an entry is a hole: its message is on its way, or its sender has died. The question waits once,
    and then fills holes with tombstones, so that the message can no longer use the number. A client that has passed a
    number can rely on it.

    Args:
        table: With the time for the question.
        seconds: How long messages can be resumed.
        clock: Returns epoch seconds.
        wait: See WAIT.

    """

    def __init__(
        self,
        table: HistoryTable,
        session_id: str,
        seconds: int,
        clock: Callable[[], float] = time.time,
        wait: float = WAIT,
    ) -> None:
        self._table = table
        self._session_id = session_id
        self._seconds = seconds
        self._clock = clock
        self._wait = wait

    async def after(self, after: int, room: int) -> Page:
        """
        Return what follows a client's position.

        Args:
            after: The position: the client has every message up to this number.
            room: Bytes for the frames, with a comma after each. The first frame may be longer.

        """
        head, purged = await self._head()
        if after == head:
            return Page(True, head, False, [])
        is_kept = purged <= after < head
        missed = await self._missed(after, await self._look(after, head), head) if is_kept else []
        if not missed:
            return Page(False, head, False, [])
        frames, seq = self._fill(missed, room)
        return Page(True, seq, seq < head, frames)

    async def newest(self, count: int, room: int) -> Page:
        """
        Return the messages of the newest numbers, as far as they are alive, the oldest first.

        Args:
            count: How many numbers.
            room: See ``after``.

        """
        head, purged = await self._head()
        alive, first = Span([], head), max(head - count, purged) + 1
        while not alive.entries and first <= head:
            alive = await self._alive(first, head, count)
            first = alive.reach + 1
        if not alive.entries:
            return Page(None, head, False, [])
        oldest = alive.entries[0]
        following = await self._missed(oldest.seq, alive, head)
        frames, seq = self._fill([oldest, *filter(self._is_alive, following)], room)
        return Page(None, seq, seq < head, frames)

    async def position(self) -> Page:
        """Return the position of a client that wants no messages from before."""
        return Page(None, (await self._head()).last, False, [])

    async def _head(self) -> Head:
        """Return the head of the session. A session without one gets it, so that its clients have a position."""
        head = await self._table.head(self._session_id)
        if head is not None:
            return head
        now = self._clock()
        first = await self._table.take_number(self._session_id, now)
        await self._table.put(self._session_id, Entry.new(first, None, now, self._seconds))
        return Head(first, 0)

    async def _alive(self, first: int, head: int, count: int) -> Span:
        """Return a look at the numbers from ``first`` on, from the first entry that is alive."""
        span = await self._look(first, head, limit=count)
        is_newest_there = bool(span.entries) and span.entries[-1].seq == span.reach
        if not is_newest_there and not any(map(self._is_alive, span.entries)):  # the newest may be on its way
            await asyncio.sleep(self._wait)
            span = await self._look(first, head, limit=count)
        return Span(list(dropwhile(lambda entry: not self._is_alive(entry), span.entries)), span.reach)

    async def _look(self, first: int, head: int, limit: int = LIMIT) -> Span:
        return await self._table.span(self._session_id, first, head, limit)

    async def _missed(self, after: int, span: Span, head: int) -> list[Entry]:
        """
        Return the entries that follow a position without a hole. Empty: the position is too old, or a hole too long.

        Args:
            span: The first look at the entries from ``after`` to ``head``.

        """
        if has_holes(span, after):
            await asyncio.sleep(self._wait)
            span = await self._look(after, head)
        if not any(self._is_alive(entry) for entry in span.entries if entry.seq <= after + 1):
            return []
        if has_holes(span, after):
            for tombstone in islice(tombstones(span), MAX_HOLES):
                await self._table.put(self._session_id, tombstone)
            span = await self._look(after, head)
            if (await self._head()).purged > after:  # the holes may be messages that are being deleted
                return []
        return list(until_hole(span, after))

    def _is_alive(self, entry: Entry) -> bool:
        return entry.is_alive(self._clock(), self._seconds)

    def _fill(self, entries: list[Entry], room: int) -> tuple[list[str], int]:
        """Return the frames that fit a page, and the last number that the page covers."""
        frames, seq = list[str](), 0
        for entry in entries:
            frame = frame_of(entry, self._session_id)
            if frame is not None:
                room -= len(frame.encode()) + 1
                if frames and room < 0:
                    break
                frames.append(frame)
            seq = entry.seq
        return frames, seq
