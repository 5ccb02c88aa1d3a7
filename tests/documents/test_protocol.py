"""The wire protocol: what the code sends and takes is what ``docs/asyncapi.yaml`` describes."""

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hub import frames, members, replies
from hub.answers import refuse_frame
from hub.envelope import Envelope
from hub.errors import HubError, TooManyConnections, Unauthorized
from hub.frames import Resume, SendMessage, Who
from hub.message_ids import timestamp, uuid7
from hub.published import SENDER
from hub.sessions import SESSION_ID
from local.api import results
from local.api.mock import mock
from local.stack.integration_types import MockIntegration
from local.stack.loading import load
from tests.support.documents import kind, problems
from tests.support.lambdas import Context
from tests.support.paths import ROOT

ERRORS = [error for error in HubError.__subclasses__() if error not in (Unauthorized, TooManyConnections)]
"""Those that a frame can be refused with: the two refuse handshakes."""


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
TIMES = st.floats(0, 4e9)
IDS = st.text(min_size=1, max_size=members.MAX_MESSAGE_ID)
SESSION_IDS = st.from_regex(SESSION_ID, fullmatch=True)
COUNTS = st.dictionaries(SESSION_IDS, st.integers(0, 1000), max_size=4)
SENT_FRAMES = st.fixed_dictionaries(
    {
        "action": st.just("sendMessage"),
        "sessions": st.lists(SESSION_IDS, min_size=1, max_size=4),
        "message": JSON_VALUES,
    },
    optional={"id": IDS, "echo": st.booleans(), "store": st.booleans(), "unknown": JSON_VALUES},
)
RESUME_FRAMES = st.fixed_dictionaries(
    {"action": st.just("resume")}, optional={"id": IDS, "unknown": JSON_VALUES}
).flatmap(
    lambda frame: st.sampled_from(
        [{}, {"after": 0}, {"after": frames.MAX_SEQ}, {"last": 1}, {"last": frames.MAX_LAST}]
    ).map(lambda position: frame | position)
)
WHO_FRAMES = st.fixed_dictionaries(
    {"action": st.just("who"), "sessions": st.lists(SESSION_IDS, min_size=1, max_size=4)},
    optional={"id": IDS, "unknown": JSON_VALUES},
)
MEMBERS = {
    "sendMessage": ["action", "id", "sessions", "message", "echo", "store", "unknown"],
    "resume": ["action", "id", "after", "last", "session", "unknown"],
    "who": ["action", "id", "sessions", "unknown"],
}
SENT_KINDS = SENT_FRAMES | RESUME_FRAMES | WHO_FRAMES
WRONG_VALUES = JSON_VALUES.filter(lambda value: not isinstance(value, str)) | st.sampled_from(
    [
        "",
        "sendmessage",
        "Resume",
        "two words",
        "x" * (members.MAX_MESSAGE_ID + 1),
        ["s1", ""],
        ["s1", None],
        ["s1", "x" * 129],
        -1,
        0,
        1,
        1.5,
        frames.MAX_LAST,
        frames.MAX_LAST + 1,
        frames.MAX_SEQ,
        frames.MAX_SEQ + 1,
    ]
)
SEQ = st.integers(1, frames.MAX_SEQ)


# What the hub sends fits the schemas.


@given(
    message_id=IDS | TIMES.map(uuid7),
    delivered=COUNTS,
    offline=st.sets(SESSION_IDS, max_size=4),
    failed=COUNTS,
    seq=st.dictionaries(SESSION_IDS, SEQ, max_size=4),
)
def test_every_ack_fits_its_schema(
    message_id: str, delivered: dict[str, int], offline: set[str], failed: dict[str, int], seq: dict[str, int]
) -> None:
    frame = replies.ack(message_id, delivered, sorted(offline), failed, seq)
    assert problems(frame, "ack") == []


@given(who_id=st.none() | IDS, online=st.dictionaries(SESSION_IDS, st.integers(1, 1000)), offline=st.sets(SESSION_IDS))
def test_every_answer_to_who_fits_its_schema(who_id: str | None, online: dict[str, int], offline: set[str]) -> None:
    assert problems(replies.who(who_id, online, sorted(offline)), "whoAnswer") == []


@given(reconnect=st.booleans(), reason=st.none() | st.text(min_size=1, max_size=64))
def test_every_announcement_of_a_close_fits_its_schema(reconnect: bool, reason: str | None) -> None:
    assert problems(replies.closing(reconnect, reason), "closing") == []


@given(
    message_id=IDS | TIMES.map(uuid7),
    sender=SESSION_IDS | SESSION_IDS.map(lambda name: SENDER + name) | st.just(SENDER),
    now=TIMES,
    message=JSON_VALUES,
    session=SESSION_IDS,
    seq=st.none() | SEQ,
)
def test_every_delivered_frame_fits_its_schema(
    message_id: str, sender: str, now: float, message: Any, session: str, seq: int | None
) -> None:
    frame = json.loads(Envelope(message_id, sender, timestamp(now), message).addressed_to(session, seq))
    assert (problems(frame, "message"), frame.get("seq")) == ([], seq)


@given(
    resume_id=st.none() | IDS,
    session=SESSION_IDS,
    recovered=st.none() | st.just(True),
    seq=SEQ,
    more=st.booleans(),
    messages=st.lists(JSON_VALUES, max_size=4),
)
def test_every_page_fits_its_schema(
    resume_id: str | None, session: str, recovered: bool | None, seq: int, more: bool, messages: list[Any]
) -> None:
    delivered = [
        Envelope("c-17", "s9", timestamp(0), message).addressed_to(session, seq).decode() for message in messages
    ]
    page = json.loads(replies.resumed(resume_id, session, recovered, seq, more, delivered))
    assert (problems(page, "resumed"), page["messages"]) == ([], [json.loads(frame) for frame in delivered])


@given(resume_id=st.none() | IDS, session=SESSION_IDS, seq=SEQ)
def test_every_answer_that_is_not_recovered_fits_its_schema(resume_id: str | None, session: str, seq: int) -> None:
    assert problems(json.loads(replies.resumed(resume_id, session, False, seq, False, [])), "resumed") == []


@given(frame=SENT_KINDS, data=st.data(), value=WRONG_VALUES)
def test_every_refusal_of_a_frame_fits_the_schema(frame: dict[str, Any], data: st.DataObject, value: Any) -> None:
    name = data.draw(st.sampled_from(MEMBERS[frame["action"]]))
    body = json.dumps(frame | {name: value})
    try:
        frames.parse(body)
    except HubError as error:
        answer = json.loads(refuse_frame(error, {"body": body}, Context())["body"])
        assert problems(answer, "error") == []


SECOND_ARGUMENTS: dict[str, Any] = {
    "bad_json": None,
    "bad_request": "sessions[12]",
    "unknown_action": "action",
    "message_too_large": "message",
    "not_connected": None,
    "expired": None,
    "forbidden": "sessions[0]",
    "rate_limited": 50,
    "no_history": None,
    "internal": None,
}


@pytest.mark.parametrize("error", [pytest.param(error, id=error.code) for error in ERRORS])
@pytest.mark.parametrize("refused", [pytest.param({}, id="without-id"), pytest.param({"id": "c-17"}, id="with-id")])
def test_the_error_frame_of_every_class_fits_the_schema(error: type[HubError], refused: dict[str, str]) -> None:
    body = "nonsense" if error.code == "bad_json" else json.dumps(refused)
    answer = refuse_frame(error("A sentence", SECOND_ARGUMENTS[error.code]), {"body": body}, Context())
    assert problems(json.loads(answer["body"]), "error") == []


def test_api_gateway_and_the_function_answer_ping_alike() -> None:
    integration = load(ROOT / "template.yaml", {}).routes["ping"].integration
    assert isinstance(integration, MockIntegration)
    reply = mock(integration, '{"action":"ping"}').value["body"]
    assert (reply, problems(json.loads(replies.PONG), "pong")) == (replies.PONG, [])


def test_api_gateways_own_frame_fits_its_schema() -> None:
    frame = json.loads(results.error_frame("Forbidden", "L0SM9cOFvHcCIhw=", "Qm9vEFakZjMFgHI="))
    assert problems(frame, "gatewayError") == []


ACK = {"type": "ack", "id": "c-17", "delivered": {"s1": 1}, "offline": [], "failed": {}}
MESSAGE = {
    "type": "message",
    "id": "c-17",
    "session": "s1",
    "from": "s9",
    "sent_at": "2026-11-22T21:30:00.123Z",
    "message": None,
}
PAGE = {"type": "resumed", "id": "r-1", "session": "s1", "recovered": True, "seq": 42, "more": False}
NUMBERED = MESSAGE | {"seq": 42}
PLAIN_ERROR = {"type": "error", "message": "A sentence"}
ERROR = PLAIN_ERROR | {"code": "bad_request", "field": "sessions[1]", "id": "c-17"}


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(ACK | {"unknown": 1}, id="ack-with-another-member"),
        pytest.param(ACK | {"delivered": {"s1": -1}}, id="ack-with-a-negative-count"),
        pytest.param(ACK | {"failed": {"two words": 1}}, id="ack-for-no-session-id"),
        pytest.param(ACK | {"offline": ["s1", "s1"]}, id="ack-with-a-session-twice"),
        pytest.param(ACK | {"seq": {}}, id="ack-with-no-numbers"),
        pytest.param(ACK | {"seq": {"s1": 0}}, id="ack-with-the-number-0"),
        pytest.param(ACK | {"seq": {"s1": 2**53}}, id="ack-with-a-number-that-is-not-exact-in-a-browser"),
        pytest.param(ACK | {"seq": {"two words": 1}}, id="ack-with-a-number-for-no-session-id"),
        pytest.param(MESSAGE | {"seq": 0}, id="message-with-the-number-0"),
        pytest.param(MESSAGE | {"seq": None}, id="message-with-null-as-its-number"),
        pytest.param(PAGE | {"messages": [NUMBERED], "unknown": 1}, id="page-with-another-member"),
        pytest.param(PAGE | {"messages": [MESSAGE]}, id="page-with-a-message-without-a-number"),
        pytest.param(PAGE | {"messages": [NUMBERED] * 101}, id="page-with-101-messages"),
        pytest.param(PAGE | {"messages": ["hello"]}, id="page-with-a-text-as-a-message"),
        pytest.param(PAGE | {"messages": [], "seq": 0}, id="page-with-the-position-0"),
        pytest.param(PAGE | {"messages": [], "recovered": None}, id="page-with-null-as-recovered"),
        pytest.param(PAGE | {"messages": [NUMBERED], "recovered": False}, id="messages-that-are-not-recovered"),
        pytest.param(PAGE | {"messages": [], "recovered": False, "more": True}, id="more-that-is-not-recovered"),
        pytest.param(PAGE, id="page-without-messages"),
        pytest.param(MESSAGE | {"unknown": 1}, id="message-with-another-member"),
        pytest.param(MESSAGE | {"sent_at": "2026-11-22T21:30:00Z"}, id="message-without-milliseconds"),
        pytest.param(MESSAGE | {"from": ""}, id="message-from-nobody"),
        pytest.param(MESSAGE | {"from": "##"}, id="message-from-two-backends"),
        pytest.param({"type": "who", "online": {"s1": 0}, "offline": []}, id="online-without-a-connection"),
        pytest.param({"type": "who", "online": {}, "offline": [], "failed": {}}, id="who-with-another-member"),
        pytest.param({"type": "closing", "reconnect": True, "reason": None}, id="closing-for-null"),
        pytest.param(ERROR | {"unknown": 1}, id="error-with-another-member"),
        pytest.param(ERROR | {"code": "unheard_of"}, id="error-with-another-code"),
        pytest.param(ERROR | {"field": "sessions[01]"}, id="error-with-a-malformed-field"),
        pytest.param(ERROR | {"request_id": "5f2c1d0e"}, id="refusal-with-a-request-id"),
        pytest.param(PLAIN_ERROR | {"code": "bad_json", "id": "c-17"}, id="bad-json-with-an-id"),
        pytest.param(PLAIN_ERROR | {"code": "bad_json", "field": "id"}, id="bad-json-with-a-field"),
        pytest.param(PLAIN_ERROR | {"code": "bad_request"}, id="bad-request-without-a-field"),
        pytest.param(PLAIN_ERROR | {"code": "forbidden"}, id="forbidden-without-a-field"),
        pytest.param(PLAIN_ERROR | {"code": "unknown_action"}, id="unknown-action-without-a-field"),
        pytest.param(PLAIN_ERROR | {"code": "unknown_action", "field": "id"}, id="unknown-action-with-another-field"),
        pytest.param(PLAIN_ERROR | {"code": "message_too_large"}, id="message-too-large-without-a-field"),
        pytest.param(PLAIN_ERROR | {"code": "message_too_large", "field": "id"}, id="message-too-large-elsewhere"),
        pytest.param(PLAIN_ERROR | {"code": "not_connected", "field": "id"}, id="not-connected-with-a-field"),
        pytest.param(PLAIN_ERROR | {"code": "no_history", "field": "after"}, id="no-history-with-a-field"),
        pytest.param(PLAIN_ERROR | {"code": "internal"}, id="internal-without-a-request-id"),
        pytest.param({"type": "pong", "id": "c-17"}, id="pong-with-another-member"),
    ],
)
def test_the_schemas_allow_nothing_else(frame: dict[str, Any]) -> None:
    assert len(problems(frame, kind(frame))) == 1


# What clients send: the schema and the parser accept the same.


@given(frame=SENT_FRAMES)
def test_what_the_schema_accepts_is_taken(frame: dict[str, Any]) -> None:
    assert problems(frame, "sendMessage") == []
    assert frames.parse(json.dumps(frame)) == SendMessage(
        id=frame.get("id"),
        positions={session: frame["sessions"].index(session) for session in frame["sessions"]},
        message=frame["message"],
        echo=frame.get("echo", True),
        store=frame.get("store", True),
    )


@given(frame=RESUME_FRAMES)
def test_what_the_schema_accepts_as_a_question_is_taken(frame: dict[str, Any]) -> None:
    assert problems(frame, "resume") == []
    assert frames.parse(json.dumps(frame)) == Resume(frame.get("id"), frame.get("after"), frame.get("last"))


@given(frame=WHO_FRAMES)
def test_what_the_schema_accepts_as_a_question_for_who_is_online_is_taken(frame: dict[str, Any]) -> None:
    assert problems(frame, "who") == []
    positions = {session: frame["sessions"].index(session) for session in frame["sessions"]}
    assert frames.parse(json.dumps(frame)) == Who(frame.get("id"), positions)


@given(frame=SENT_KINDS, data=st.data(), value=WRONG_VALUES)
def test_schema_and_parser_agree_on_any_value_of_a_member(
    frame: dict[str, Any], data: st.DataObject, value: Any
) -> None:
    name = data.draw(st.sampled_from(MEMBERS[frame["action"]]))
    assume(not (name in {"after", "last"} and isinstance(value, float) and value.is_integer()))
    changed = frame | {name: value}
    assert is_taken(changed, frame["action"]) == (problems(changed, frame["action"]) == [])


@given(frame=SENT_KINDS, data=st.data())
def test_schema_and_parser_agree_on_which_members_are_required(frame: dict[str, Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(MEMBERS[frame["action"]]))
    changed = {member: value for member, value in frame.items() if member != name}
    assert is_taken(changed, frame["action"]) == (problems(changed, frame["action"]) == [])


def is_taken(frame: dict[str, Any], action: str) -> bool:
    """Return whether the parser takes a frame as one of an action."""
    try:
        kinds = {"sendMessage": SendMessage, "resume": Resume, "who": Who}
        return isinstance(frames.parse(json.dumps(frame)), kinds[action])
    except HubError:
        return False


SENT = {"action": "sendMessage", "sessions": ["s1"], "message": "hello"}
QUESTION = {"action": "resume"}


@pytest.mark.parametrize(
    ("change", "taken"),
    [
        pytest.param({"sessions": [f"s{number}" for number in range(100)]}, True, id="100-sessions"),
        pytest.param({"sessions": [f"s{number}" for number in range(101)]}, False, id="101-sessions"),
        pytest.param({"sessions": []}, False, id="no-sessions"),
        pytest.param({"sessions": "s1"}, False, id="sessions-a-string"),
        pytest.param({"sessions": ["x" * 128]}, True, id="a-session-id-of-128-characters"),
        pytest.param({"sessions": ["x" * 129]}, False, id="a-session-id-of-129-characters"),
        pytest.param({"sessions": ["AZaz09._:@-"]}, True, id="every-character-of-a-session-id"),
        pytest.param({"sessions": ["s1/"]}, False, id="another-character-in-a-session-id"),
        pytest.param({"sessions": ["s1", "s1"]}, True, id="a-session-twice"),
        pytest.param({"id": "🦀" * 64}, True, id="an-id-of-64-characters"),
        pytest.param({"id": "x" * 65}, False, id="an-id-of-65-characters"),
        pytest.param({"id": ""}, False, id="an-empty-id"),
        pytest.param({"id": None}, False, id="an-id-that-is-null"),
        pytest.param({"echo": 0}, False, id="echo-a-number"),
        pytest.param({"echo": None}, False, id="echo-null"),
        pytest.param({"store": False}, True, id="store-false"),
        pytest.param({"store": 0}, False, id="store-a-number"),
        pytest.param({"store": None}, False, id="store-null"),
        pytest.param({"message": None}, True, id="message-null"),
        pytest.param({"action": "sendmessage"}, False, id="action-in-another-case"),
        pytest.param({"unknown": {}}, True, id="an-unknown-member"),
    ],
)
def test_schema_and_parser_draw_the_same_line(change: dict[str, Any], taken: bool) -> None:
    frame = SENT | change
    assert (is_taken(frame, "sendMessage"), problems(frame, "sendMessage") == []) == (taken, taken)


@pytest.mark.parametrize(
    ("change", "taken"),
    [
        pytest.param({}, True, id="the-position-alone"),
        pytest.param({"after": 0}, True, id="after-0"),
        pytest.param({"after": 2**53 - 1}, True, id="after-the-largest-number"),
        pytest.param({"after": 2**53}, False, id="after-a-number-that-is-not-exact-in-a-browser"),
        pytest.param({"after": -1}, False, id="after-a-negative-number"),
        pytest.param({"after": "40"}, False, id="after-a-text"),
        pytest.param({"after": 1.5}, False, id="after-a-fraction"),
        pytest.param({"after": True}, False, id="after-true"),
        pytest.param({"after": None}, False, id="after-null"),
        pytest.param({"last": 1}, True, id="the-last-1"),
        pytest.param({"last": 100}, True, id="the-last-100"),
        pytest.param({"last": 0}, False, id="the-last-0"),
        pytest.param({"last": 101}, False, id="the-last-101"),
        pytest.param({"last": True}, False, id="the-last-true"),
        pytest.param({"last": None}, False, id="the-last-null"),
        pytest.param({"after": 40, "last": 1}, False, id="both"),
        pytest.param({"after": 40, "session": "s2"}, True, id="another-session-which-is-ignored"),
        pytest.param({"id": "x" * 65}, False, id="an-id-of-65-characters"),
    ],
)
def test_schema_and_parser_draw_the_same_line_for_questions(change: dict[str, Any], taken: bool) -> None:
    frame = QUESTION | change
    assert (is_taken(frame, "resume"), problems(frame, "resume") == []) == (taken, taken)


def nested(levels: int) -> Any:
    return [nested(levels - 1)] if levels else None


@pytest.mark.parametrize(
    ("frame", "taken", "accepted"),
    [
        pytest.param(SENT | {"message": nested(101)}, False, True, id="the-depth-of-a-message"),
        pytest.param(SENT | {"message": 10**309}, False, True, id="the-range-of-numbers"),
        pytest.param(SENT | {"sessions": ["s1"] * 101}, True, False, id="repeats-are-dropped-before-they-are-counted"),
        pytest.param(QUESTION | {"after": 40.0}, False, True, id="a-position-with-a-fraction-that-is-0"),
        pytest.param(QUESTION | {"last": 1.0}, False, True, id="a-count-with-a-fraction-that-is-0"),
    ],
)
def test_the_parser_decides_what_a_schema_cannot_express(frame: dict[str, Any], taken: bool, accepted: bool) -> None:
    action = frame["action"]
    assert (is_taken(frame, action), problems(frame, action) == []) == (taken, accepted)
