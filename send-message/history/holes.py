"""Holes: numbers within a span that have no entry."""

from collections.abc import Iterator

from history.items import Entry
from history.table import Span

MAX_HOLES = 100
"""Absent numbers that one question fills with tombstones, at most. So many in a row are filled by no question."""


def has_holes(span: Span, after: int) -> bool:
    """Return whether a number after ``after`` is absent."""
    return sum(entry.seq > after for entry in span.entries) < span.reach - after


def until_hole(span: Span, after: int) -> Iterator[Entry]:
    """Yield the entries that follow ``after`` without a hole."""
    expected = after + 1
    for entry in span.entries:
        if entry.seq > expected:
            return
        if entry.seq == expected:
            expected += 1
            yield entry


def tombstones(span: Span) -> Iterator[Entry]:
    """
    Yield a tombstone for each hole after the first entry, by ascending number, up to the first hole that is too long.

    A tombstone gets the times of the entry before it. With a life of its own it could be alive when messages before it
    are already deleted, and a client that asks from there would not hear of the gap.

    """
    times = span.entries[0]
    ends = [*(entry.seq for entry in span.entries[1:]), span.reach + 1]
    for entry, end in zip(span.entries, ends, strict=True):
        if entry.until:
            times = entry
        if end - entry.seq - 1 > MAX_HOLES:
            return
        for seq in range(entry.seq + 1, end):
            yield Entry(seq, None, times.at, times.until)
