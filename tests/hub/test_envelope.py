"""The delivered frame: its members, and its size."""

import json

import pytest

from hub.envelope import MAX_FRAME_BYTES, Envelope
from hub.errors import MessageTooLarge
from hub.ids import timestamp, uuid7

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
        envelope.check_size(sessions)
        return
    with pytest.raises(MessageTooLarge, match="would have 131073 bytes, and 131072 are allowed"):
        envelope.check_size(sessions)


def test_ids_that_the_hub_makes_are_version_7_and_sort_by_time() -> None:
    # The time of RFC 9562's own example: 2022-02-22T19:22:22.000Z is 017F22E279B0 in milliseconds.
    assert uuid7(1645557742.0).startswith("017f22e2-79b0-7")
    made = [uuid7(moment / 1000) for moment in range(1_700_000_000_000, 1_700_000_000_100)]
    assert made == sorted(made)
    assert {(each[14], each[19] in "89ab") for each in made} == {("7", True)}


@pytest.mark.parametrize(
    ("now", "text"),
    [
        pytest.param(1795383000.123, "2026-11-22T21:30:00.123Z", id="milliseconds"),
        pytest.param(1795383000.0, "2026-11-22T21:30:00.000Z", id="a-whole-second-has-them-too"),
    ],
)
def test_times_are_utc_in_milliseconds(now: float, text: str) -> None:
    assert timestamp(now) == text
