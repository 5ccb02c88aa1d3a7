"""The delivered frame: its members, and its size."""

import json

import pytest

from hub.envelope import MAX_FRAME_BYTES, MAX_STORED_BYTES, Envelope
from hub.errors import MessageTooLarge

SENT_AT = "2026-11-22T21:30:00.123Z"


def test_every_session_gets_its_own_frame_with_the_same_id() -> None:
    envelope = Envelope('c-"17"', "s9", SENT_AT, {"text": "olá", "n": [1, None]})
    assert [json.loads(envelope.addressed_to(session)) for session in ("s1", "s2")] == [
        {
            "type": "message",
            "id": 'c-"17"',
            "session": session,
            "from": "s9",
            "sent_at": SENT_AT,
            "message": {"text": "olá", "n": [1, None]},
        }
        for session in ("s1", "s2")
    ]


def test_characters_are_sent_as_themselves() -> None:
    assert "olá 😀".encode() in Envelope("1", "s9", SENT_AT, "olá 😀").addressed_to("s1")


@pytest.mark.parametrize("filler", [pytest.param("x", id="one-byte"), pytest.param("é", id="two-bytes-in-utf-8")])
@pytest.mark.parametrize(
    ("over", "accepted"), [pytest.param(0, True, id="exactly-the-limit"), pytest.param(1, False, id="one-byte-more")]
)
def test_the_longest_frame_counts_in_bytes_of_utf_8(filler: str, over: int, accepted: bool) -> None:
    sessions = ("s", "the-longest-of-them", "t")
    frame_without_text = len(Envelope("1", "s9", SENT_AT, "").addressed_to("the-longest-of-them"))
    room = MAX_FRAME_BYTES - frame_without_text
    text = filler * (room // len(filler.encode())) + "y" * (room % len(filler.encode()) + over)
    envelope = Envelope("1", "s9", SENT_AT, text)
    assert len(envelope.addressed_to("the-longest-of-them")) == MAX_FRAME_BYTES + over
    if accepted:
        envelope.check_size(sessions, ())
        return
    with pytest.raises(MessageTooLarge, match="would have 131073 bytes, and 131072 are allowed"):
        envelope.check_size(sessions, ())


@pytest.mark.parametrize("seq", [1, 1_795_000_000_000_040, 2**53 - 1])
def test_a_stored_message_has_its_number(seq: int) -> None:
    envelope = Envelope("c-17", "s9", SENT_AT, "hello")
    frame = json.loads(envelope.addressed_to("s1", seq))
    assert frame.pop("seq") == seq
    assert frame == json.loads(envelope.addressed_to("s1"))


@pytest.mark.parametrize(
    ("over", "accepted"), [pytest.param(0, True, id="exactly-the-limit"), pytest.param(1, False, id="one-byte-more")]
)
def test_a_stored_frame_leaves_room_for_a_page_around_it(over: int, accepted: bool) -> None:
    longest = 2**53 - 1
    room = MAX_STORED_BYTES - len(Envelope("1", "s9", SENT_AT, "").addressed_to("stored", longest))
    envelope = Envelope("1", "s9", SENT_AT, "x" * (room + over))
    envelope.check_size(("stored", "a-longer-one-that-is-not-stored"), ())
    if accepted:
        envelope.check_size(("stored", "a-longer-one-that-is-not-stored"), ("stored",))
        return
    with pytest.raises(MessageTooLarge, match="would have 130049 bytes, and 130048 are allowed"):
        envelope.check_size(("stored", "a-longer-one-that-is-not-stored"), ("stored",))
