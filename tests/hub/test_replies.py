"""The frames that answer a client: their members, and what is left out."""

import json

import pytest

from hub import replies
from hub.envelope import MAX_FRAME_BYTES, MAX_STORED_BYTES
from hub.frames import MAX_SEQ
from hub.members import MAX_MESSAGE_ID


def test_an_ack_has_numbers_only_if_something_is_stored() -> None:
    ack = {"type": "ack", "id": "c-1", "delivered": {"s1": 1}, "offline": ["s2"], "failed": {}}
    assert replies.ack("c-1", {"s1": 1}, ["s2"], {}, {}) == ack
    assert replies.ack("c-1", {"s1": 1}, ["s2"], {}, {"s1": 7}) == ack | {"seq": {"s1": 7}}


@pytest.mark.parametrize("recovered", [True, False])
def test_an_answer_to_resume_repeats_frames_as_they_are(recovered: bool) -> None:
    frames = ['{"type": "message", "a": 1.50}', '{"é":"\\u00e9"}']
    text = replies.resumed("r1", "s1", recovered, 42, False, frames)
    answer = {"type": "resumed", "id": "r1", "session": "s1", "recovered": recovered, "seq": 42, "more": False}
    assert json.loads(text) == answer | {"messages": [json.loads(frame) for frame in frames]}
    assert f"[{frames[0]},{frames[1]}]" in text


def test_an_answer_to_resume_leaves_out_what_the_question_did_not_have() -> None:
    answer = {"type": "resumed", "session": "s1", "seq": 42, "more": False, "messages": []}
    assert json.loads(replies.resumed(None, "s1", None, 42, False, [])) == answer


@pytest.mark.parametrize("character", ["x", "é", "\N{GRINNING FACE}", "\x00", '"'])
def test_every_stored_frame_fits_an_answer(character: str) -> None:
    text = replies.resumed(character * MAX_MESSAGE_ID, "s" * 128, False, MAX_SEQ, False, ["x" * MAX_STORED_BYTES])
    assert len(text.encode()) <= MAX_FRAME_BYTES
