"""What clients send: each frame is accepted, or refused with its code and field."""

import json
from typing import Any

import pytest

from hub import frames, strict_json
from hub.errors import BadJson, BadRequest, HubError, UnknownAction
from hub.frames import Ping, Resume, SendMessage

GOOD = {"action": "sendMessage", "sessions": ["s1"], "message": "hello"}
HUNDRED = [f"s{number}" for number in range(100)]


def frame(**members: Any) -> str:
    return json.dumps(GOOD | members)


NOT_AFTER: tuple[Any, ...] = ("1", -1, 1.5, 1.0, True, None, [1], 2**53, 10**400)
NOT_LAST: tuple[Any, ...] = ("1", -1, 0, 101, 1.5, True, None, {})


def resume(**members: Any) -> str:
    return json.dumps({"action": "resume"} | members)


def without(name: str) -> str:
    return json.dumps({key: value for key, value in GOOD.items() if key != name})


def nested(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("body", "error", "field"),
    [
        pytest.param(None, BadJson, None, id="no-body"),
        pytest.param("", BadJson, None, id="empty"),
        pytest.param("hello", BadJson, None, id="not-json"),
        pytest.param("[1]", BadJson, None, id="a-list"),
        pytest.param('"text"', BadJson, None, id="a-string"),
        pytest.param("null", BadJson, None, id="null"),
        pytest.param("[" * 65_000 + "]" * 65_000, BadJson, None, id="a-list-65000-deep"),
        pytest.param(
            frame(message="x").replace('"x"', "[" * 65_000 + "]" * 65_000), BadJson, None, id="message-65000-deep"
        ),
        pytest.param('{"action": "ping", "x": NaN}', BadJson, None, id="nan-in-a-member-that-is-ignored"),
        pytest.param('{"action": "ping", "action": "ping"}', BadJson, None, id="duplicate-member"),
        pytest.param(frame(message="x").replace('"x"', '"\\ud800"'), BadJson, None, id="lone-surrogate"),
        pytest.param("{}", BadRequest, "action", id="no-action"),
        pytest.param(frame(action=None), BadRequest, "action", id="action-null"),
        pytest.param(frame(action=7), BadRequest, "action", id="action-a-number"),
        pytest.param(frame(action=["sendMessage"]), BadRequest, "action", id="action-a-list"),
        pytest.param(frame(action="sendmessage"), UnknownAction, "action", id="action-in-another-case"),
        pytest.param(frame(action=""), UnknownAction, "action", id="action-empty"),
        pytest.param(frame(action="$connect"), UnknownAction, "action", id="action-of-the-gateway"),
        pytest.param(without("sessions"), BadRequest, "sessions", id="no-sessions"),
        pytest.param(frame(sessions=[]), BadRequest, "sessions", id="sessions-empty"),
        pytest.param(frame(sessions="s1"), BadRequest, "sessions", id="sessions-a-string"),
        pytest.param(frame(sessions=1), BadRequest, "sessions", id="sessions-a-number"),
        pytest.param(frame(sessions={"s1": 1}), BadRequest, "sessions", id="sessions-an-object"),
        pytest.param(frame(sessions=["s1", 2]), BadRequest, "sessions[1]", id="sessions-holding-a-number"),
        pytest.param(frame(sessions=[["s1"]]), BadRequest, "sessions[0]", id="sessions-holding-a-list"),
        pytest.param(frame(sessions=[""]), BadRequest, "sessions[0]", id="an-empty-session-id"),
        pytest.param(frame(sessions=["a b"]), BadRequest, "sessions[0]", id="a-session-id-with-a-space"),
        pytest.param(frame(sessions=["s1\n"]), BadRequest, "sessions[0]", id="a-session-id-with-a-line-end"),
        pytest.param(frame(sessions=["é"]), BadRequest, "sessions[0]", id="a-session-id-not-ascii"),
        pytest.param(frame(sessions=["x" * 129]), BadRequest, "sessions[0]", id="a-session-id-of-129"),
        pytest.param(frame(sessions=[*HUNDRED, "more"]), BadRequest, "sessions", id="101-sessions"),
        pytest.param(without("message"), BadRequest, "message", id="no-message"),
        pytest.param(frame(message=nested(101)), BadRequest, "message", id="message-101-deep"),
        pytest.param(frame(message={"a": nested(100)}), BadRequest, "message", id="message-101-deep-with-an-object"),
        pytest.param(
            frame(message="x").replace('"x"', "[" * 1_000 + "]" * 1_000),
            BadRequest,
            "message",
            id="message-1000-deep",
        ),
        pytest.param(frame(message="x").replace('"x"', "1e400"), BadRequest, "message", id="message-a-huge-float"),
        pytest.param(frame(message=[{"a": 10**309}]), BadRequest, "message", id="message-holding-a-huge-integer"),
        pytest.param(frame(message="x").replace('"x"', "9" * 5000), BadRequest, "message", id="message-of-5000-digits"),
        pytest.param(frame(id=""), BadRequest, "id", id="id-empty"),
        pytest.param(frame(id="x" * 65), BadRequest, "id", id="id-of-65"),
        pytest.param(frame(id=17), BadRequest, "id", id="id-a-number"),
        pytest.param(frame(id=None), BadRequest, "id", id="id-null"),
        pytest.param(frame(echo="false"), BadRequest, "echo", id="echo-a-string"),
        pytest.param(frame(echo=0), BadRequest, "echo", id="echo-a-number"),
        pytest.param(frame(echo=None), BadRequest, "echo", id="echo-null"),
        pytest.param(frame(store="false"), BadRequest, "store", id="store-a-string"),
        pytest.param(frame(store=1), BadRequest, "store", id="store-a-number"),
        pytest.param(frame(store=None), BadRequest, "store", id="store-null"),
        pytest.param(resume(id=7), BadRequest, "id", id="resume-with-an-id-that-is-a-number"),
        pytest.param(resume(after=1, last=1), BadRequest, "last", id="after-and-last"),
        pytest.param(resume(after=None, last=None), BadRequest, "last", id="after-and-last-null"),
        *(pytest.param(resume(after=value), BadRequest, "after", id=f"after-{value!r:.20}") for value in NOT_AFTER),
        *(pytest.param(resume(last=value), BadRequest, "last", id=f"last-{value!r}") for value in NOT_LAST),
    ],
)
def test_refused(body: str | None, error: type[HubError], field: str | None) -> None:
    with pytest.raises(HubError) as caught:
        frames.parse(body)
    assert (type(caught.value), caught.value.field) == (error, field)


def parsed(**members: Any) -> SendMessage:
    return SendMessage(
        **({"id": None, "positions": {"s1": 0}, "message": "hello", "echo": True, "store": True} | members)
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param('{"action": "ping"}', Ping(), id="ping"),
        pytest.param('{"action": "ping", "sessions": 7}', Ping(), id="ping-with-members-that-are-ignored"),
        pytest.param(frame(), parsed(), id="the-least"),
        pytest.param(frame(message=None), parsed(message=None), id="message-null"),
        pytest.param(
            frame(message={"a": [1, 2.5, "é", None]}), parsed(message={"a": [1, 2.5, "é", None]}), id="any-json"
        ),
        pytest.param(frame(message=nested(100)), parsed(message=nested(100)), id="message-100-deep"),
        pytest.param(frame(message=10**308), parsed(message=10**308), id="a-large-integer"),
        pytest.param(
            frame(sessions=["b", "a", "b"]), parsed(positions={"b": 0, "a": 1}), id="repeats-collapse-in-order"
        ),
        pytest.param(
            frame(sessions=HUNDRED),
            parsed(positions={session: at for at, session in enumerate(HUNDRED)}),
            id="100-sessions",
        ),
        pytest.param(
            frame(sessions=HUNDRED * 2),
            parsed(positions={session: at for at, session in enumerate(HUNDRED)}),
            id="100-sessions-plus-repeats",
        ),
        pytest.param(frame(sessions=["x" * 128]), parsed(positions={"x" * 128: 0}), id="a-session-id-of-128"),
        pytest.param(frame(sessions=["A.z_0:@-"]), parsed(positions={"A.z_0:@-": 0}), id="every-kind-of-character"),
        pytest.param(frame(id="é" * 64), parsed(id="é" * 64), id="id-of-64-characters"),
        pytest.param(frame(echo=False), parsed(echo=False), id="without-echo"),
        pytest.param(frame(store=False), parsed(store=False), id="not-stored"),
        pytest.param(resume(), Resume(None, None, None), id="resume"),
        pytest.param(resume(id="r1", after=0), Resume("r1", 0, None), id="resume-after-0"),
        pytest.param(resume(after=2**53 - 1), Resume(None, 2**53 - 1, None), id="resume-after-the-largest"),
        pytest.param(resume(last=1), Resume(None, None, 1), id="resume-the-last"),
        pytest.param(resume(last=100), Resume(None, None, 100), id="resume-the-last-100"),
        pytest.param(resume(session="s2", sessions=7), Resume(None, None, None), id="resume-with-a-session"),
        pytest.param(frame(type="x", **{"from": "me"}), parsed(), id="unknown-members-are-ignored"),
        pytest.param(
            frame().replace("}", ', "x": ' + "[" * 1_000 + "]" * 1_000 + "}"),
            parsed(),
            id="an-unknown-member-1000-deep-is-ignored",
        ),
    ],
)
def test_accepted(body: str, expected: frames.Frame) -> None:
    assert frames.parse(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param('{"id": "c-1"}', "c-1", id="valid-in-a-frame-without-an-action"),
        pytest.param('{"id": 1}', None, id="not-a-string"),
        pytest.param('{"id": "c-1", "id": "c-2"}', None, id="in-a-frame-that-is-not-json"),
        pytest.param("[]", None, id="not-an-object"),
        pytest.param(None, None, id="no-body"),
    ],
)
def test_salvaged_id(body: str | None, expected: str | None) -> None:
    assert frames.salvage_id(body) == expected


@pytest.mark.parametrize("body", ["{", "[]", '{"id": "c-1"}', frame(sessions=[])])
def test_a_frame_is_read_once(body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    loads = strict_json.loads

    def loads_and_notes(text: str) -> Any:
        read.append(text)
        return loads(text)

    monkeypatch.setattr(strict_json, "loads", loads_and_notes)
    body += "  \n"  # no other test has parsed this text, so it is not in the cache

    with pytest.raises(HubError):
        frames.parse(body)
    frames.salvage_id(body)
    assert read == [body]
