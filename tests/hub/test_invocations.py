"""What backends and operators ask: each invocation is parsed, or refused with its code and field."""

import json
import math
from typing import Any

import pytest

from hub import invocations
from hub.errors import BadJson, BadRequest, HubError, UnknownAction
from hub.invocations import Close, Invocation, List, Publish, Purge, Who, text_of

GOOD: dict[str, dict[str, Any]] = {
    "publish": {"messages": [{}]},
    "who": {"sessions": ["s1"]},
    "list": {"session": "s1"},
    "close": {"session": "s1"},
    "purge": {"session": "s1"},
}
"""The members that each verb needs."""

LONG = "é" * 64
"""A text of 128 bytes and 64 characters."""

NOT_VERBS: tuple[Any, ...] = (None, 7, ["who"], {}, True)
NOT_MESSAGES: tuple[Any, ...] = (None, [], "hello", 7, {"0": {}}, [{}] * 101)
NOT_SESSIONS: tuple[Any, ...] = (None, "", "a b", "#", 7, ["s1"], "x" * 129)
NOT_AFTER: tuple[Any, ...] = ("", 7, ["a"], {"S": "a"}, True, LONG + "x", LONG + "é")
NOT_CONNECTIONS: tuple[Any, ...] = ([], "a", {}, {"a": 1}, 7, True)
NOT_CONNECTION_IDS: tuple[Any, ...] = ("", None, 7, ["a"])
NOT_FLAGS: tuple[Any, ...] = (None, 0, "false", [])
NOT_REASONS: tuple[Any, ...] = ("", 7, ["x"], "x" * 257, LONG * 2 + "x")
NOT_NAMES: tuple[Any, ...] = ("", 7, ["x"], {}, True, "x" * 1025, LONG * 8 + "x")


def asked(verb: str, **members: Any) -> dict[str, Any]:
    return {"hub": verb} | GOOD[verb] | members


def nested(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("event", "invocation"),
    [
        pytest.param(asked("publish", messages=[None, 7]), Publish([None, 7]), id="publish"),
        pytest.param(asked("publish", messages=[{}] * 100), Publish([{}] * 100), id="publish-100"),
        pytest.param(asked("publish", messages=[math.nan, "\ud800"]), Publish([math.nan, "\ud800"]), id="not-read-yet"),
        pytest.param(asked("who", sessions=["b", "a", "b"]), Who(("b", "a")), id="who"),
        pytest.param(asked("who", messages=math.nan), Who(("s1",)), id="who-with-a-member-of-publish"),
        pytest.param(asked("list"), List("s1", None), id="list"),
        pytest.param(asked("list", after=None), List("s1", None), id="list-from-the-beginning"),
        pytest.param(asked("list", after=LONG), List("s1", LONG), id="list-after-128-bytes"),
        pytest.param(asked("close"), Close("s1", None, True, None), id="close"),
        pytest.param(
            asked("close", connections=None, reconnect=True, reason=None), Close("s1", None, True, None), id="close-all"
        ),
        pytest.param(
            asked("close", connections=["a", "b", "a"], reconnect=False, reason="signed out"),
            Close("s1", frozenset("ab"), False, "signed out"),
            id="close-some",
        ),
        pytest.param(asked("close", reason=LONG * 2), Close("s1", None, True, LONG * 2), id="a-reason-of-256-bytes"),
        pytest.param(asked("purge", unknown=[1]), Purge("s1"), id="purge-with-an-unknown-member"),
    ],
)
def test_parsed(event: dict[str, Any], invocation: Invocation) -> None:
    assert invocations.parse(event) == invocation


@pytest.mark.parametrize("verb", GOOD)
@pytest.mark.parametrize("by", [None, "x", LONG * 8, 'line\nend "quoted"'], ids=["null", "short", "1024-bytes", "odd"])
def test_each_invocation_may_say_who_asks(verb: str, by: str | None) -> None:
    assert invocations.parse(asked(verb, by=by)) == invocations.parse(asked(verb))


@pytest.mark.parametrize(
    ("event", "verb", "by"),
    [
        pytest.param({"hub": "purge", "by": "me"}, "purge", "me", id="although-the-session-is-missing"),
        pytest.param({"hub": "shout", "by": "me"}, None, "me", id="an-unknown-verb"),
        pytest.param({"hub": ["purge"], "by": ["me"]}, None, None, id="lists"),
        pytest.param({"hub": "who", "by": LONG * 8 + "x"}, "who", None, id="1025-bytes"),
        pytest.param({"hub": "who", "by": "two\nlines"}, "who", None, id="two-lines"),
        pytest.param({"hub": "who", "by": "\ud800"}, "who", None, id="a-lone-surrogate"),
        pytest.param({"hub": "who"}, "who", None, id="nobody"),
    ],
)
def test_the_log_knows_what_is_asked_and_by_whom_before_the_rest_is_read(
    event: dict[str, Any], verb: str | None, by: str | None
) -> None:
    assert invocations.origin_of(event) == {"verb": verb, "by": by}


@pytest.mark.parametrize(
    ("event", "error", "field"),
    [
        *(pytest.param({"hub": verb}, BadRequest, "hub", id=f"hub-{verb!r}") for verb in NOT_VERBS),
        *(
            pytest.param(asked("who") | {"hub": verb}, UnknownAction, "hub", id=f"verb-{verb!r}")
            for verb in ("", "Who", "who ", "sendMessage", "publish\n", "__class__")
        ),
        pytest.param({"hub": "publish"}, BadRequest, "messages", id="no-messages"),
        *(
            pytest.param(asked("publish", messages=messages), BadRequest, "messages", id=f"messages-{messages!r:.9}")
            for messages in NOT_MESSAGES
        ),
        pytest.param({"hub": "who"}, BadRequest, "sessions", id="no-sessions"),
        pytest.param(asked("who", sessions="s1"), BadRequest, "sessions", id="sessions-a-text"),
        pytest.param(asked("who", sessions=["s1", None]), BadRequest, "sessions[1]", id="a-session-that-is-null"),
        pytest.param(asked("who", sessions=[str(n) for n in range(101)]), BadRequest, "sessions", id="101-sessions"),
        *(
            pytest.param(asked(verb, session=value), BadRequest, "session", id=f"{verb}-{value!r:.9}")
            for verb in ("list", "close", "purge")
            for value in NOT_SESSIONS
        ),
        *(
            pytest.param(asked("list", after=value), BadRequest, "after", id=f"after-{value!r:.9}")
            for value in NOT_AFTER
        ),
        *(
            pytest.param(asked("close", connections=value), BadRequest, "connections", id=f"connections-{value!r}")
            for value in NOT_CONNECTIONS
        ),
        *(
            pytest.param(asked("close", connections=["a", value]), BadRequest, "connections[1]", id=f"one-{value!r}")
            for value in NOT_CONNECTION_IDS
        ),
        *(
            pytest.param(asked("close", reconnect=value), BadRequest, "reconnect", id=f"reconnect-{value!r}")
            for value in NOT_FLAGS
        ),
        *(
            pytest.param(asked("close", reason=value), BadRequest, "reason", id=f"reason-{value!r:.9}")
            for value in NOT_REASONS
        ),
        *(pytest.param(asked("purge", by=value), BadRequest, "by", id=f"by-{value!r:.9}") for value in NOT_NAMES),
        *(
            pytest.param(asked("purge", ignored=value), BadJson, None, id=f"{name}-in-a-member-that-is-ignored")
            for name, value in {
                "nan": math.nan,
                "infinity": [-math.inf],
                "a-lone-surrogate": {"x": "\ud800"},
                "a-lone-surrogate-in-a-name": {"\udfff": 1},
                "100,000-levels": nested(100_000),
                "5,000-digits": 10**5000,
            }.items()
        ),
        pytest.param(asked("close", reason="\ud800"), BadJson, None, id="a-lone-surrogate-in-a-reason"),
    ],
)
def test_refused(event: dict[str, Any], error: type[HubError], field: str | None) -> None:
    with pytest.raises(HubError) as caught:
        invocations.parse(event)
    assert (type(caught.value), caught.value.field) == (error, field)


@pytest.mark.parametrize("value", [None, "é\n", [1, 2.5, True], {"a": {"b": []}}, 10**400], ids=repr)
def test_a_value_is_the_same_as_a_text(value: Any) -> None:
    assert json.loads(text_of(value)) == value


@pytest.mark.parametrize(
    "value", [nested(100_000), {"a": nested(100_000)}, [10**5000]], ids=["list", "object", "digits"]
)
def test_a_value_that_python_cannot_serialise_is_an_empty_text(value: Any) -> None:
    assert text_of(value) == ""
