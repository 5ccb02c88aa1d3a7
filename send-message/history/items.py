"""
The items of the table of history.

Each session has one head, which has the last number that was given, and an item for each number: a message, or a
tombstone, which says that nobody will use the number. Numbers begin at epoch milliseconds times 1000. So the numbers
of a head that was lost, and begins anew, are above all numbers that were given before.

"""

from typing import Any, NamedTuple

from hub import items, strict_json
from hub.envelope import MAX_STORED_BYTES
from hub.frames import MAX_SEQ

HEAD = 0
"""The number of the head."""

HEAD_LIFETIME = 400 * 24 * 3600
"""Seconds after which DynamoDB may delete the head of a session, counted from the last number that was given."""

SLACK = 3600
"""Seconds after the end of an item's life when DynamoDB may delete it."""

Item = dict[str, Any]


class Head(NamedTuple):
    """
    The head of a session.

    Attributes:
        last: The last number that was given.
        purged: The number up to which an operator has deleted the history. 0: nothing was deleted.

    """

    last: int
    purged: int


class Entry(NamedTuple):
    """
    What is stored under one number.

    Attributes:
        frame: The message as it was delivered, or None for a tombstone.
        at: When the message was sent: epoch milliseconds, read before the number was taken.
        until: Until when the entry is alive: epoch milliseconds.

    """

    seq: int
    frame: str | None
    at: int
    until: int

    @classmethod
    def new(cls, seq: int, frame: str | None, now: float, seconds: int) -> "Entry":
        """
        Return an entry with a full life.

        Args:
            now: Epoch seconds.
            seconds: How long the entry lives.

        """
        at = int(now * 1000)
        return cls(seq, frame, at, at + seconds * 1000)

    def is_alive(self, now: float, seconds: int) -> bool:
        """
        Return whether the entry is alive at ``now``, in epoch seconds.

        Args:
            seconds: How long entries live now. It may be less than it was when the entry was stored.

        """
        return min(self.until, self.at + seconds * 1000) > now * 1000


def key_of(session_id: str, seq: int) -> Item:
    return {"session_id": {"S": session_id}, "seq": {"N": str(seq)}}


def item_of(session_id: str, entry: Entry) -> Item:
    item = key_of(session_id, entry.seq) | {
        "at": {"N": str(entry.at)},
        "until": {"N": str(entry.until)},
        "expires_at": {"N": str(-(-entry.until // 1000) + SLACK)},
    }
    return item if entry.frame is None else item | {"frame": {"S": entry.frame}}


def entry_of(item: Item) -> Entry:
    """Return the entry in an item. Without valid times, which only somebody else can have stored, it is not alive."""
    return Entry(
        seq=items.number(item, "seq", missing=HEAD),
        frame=items.text(item, "frame"),
        at=items.number(item, "at", missing=0),
        until=items.number(item, "until", missing=0),
    )


def head_of(item: Item) -> Head:
    """
    Return the head in an item.

    Raises:
        ValueError: If the head has no last number: somebody else has stored it.

    """
    last = items.number(item, "last", missing=0)
    if not 0 < last <= MAX_SEQ:
        raise ValueError("not a head")
    return Head(last, items.number(item, "purged", missing=0))


def frame_of(entry: Entry, session_id: str) -> str | None:
    """Return the frame of a message, or None for a tombstone, and for an item that the hub has not stored."""
    if entry.frame is None or len(entry.frame.encode()) > MAX_STORED_BYTES:
        return None
    try:
        members = strict_json.loads(entry.frame)
    except ValueError:
        return None
    if not isinstance(members, dict) or type(members.get("seq")) is not int:
        return None
    expected = {"type": "message", "session": session_id, "seq": entry.seq}
    has_texts = all(isinstance(members.get(name), str) for name in ("id", "from", "sent_at"))
    return entry.frame if expected.items() <= members.items() and has_texts and "message" in members else None
