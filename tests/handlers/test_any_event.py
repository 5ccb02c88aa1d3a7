"""Whatever the event is, MessageFunction answers with an object, and no event but a socket's reaches ``Clients``."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.event_kinds import Kind
from hub.invocations import text_of
from tests.support.faulty import faulty_endpoint
from tests.support.faulty_rows import faulty_rows
from tests.support.message_functions import MessageFunction, message_function
from tests.support.paths import ROOT
from tests.support.stored_history import HISTORY

EVENTS = [
    json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "events").glob("*.json"))
    if path.stem.startswith(("send", "who", "resume", "default", "ping", "publish", "queue", "operator"))
]
"""The sample events of MessageFunction."""

NAMES = st.sampled_from(
    [
        *("requestContext", "connectionId", "body", "action"),
        *("Records", "eventSource", "messageId"),
        *("hub", "by", "messages", "sessions", "session", "after", "connections", "reconnect", "reason"),
        *("message", "id", "from", "store"),
    ]
)
WORDS = ["publish", "who", "list", "close", "purge", "aws:sqs", "s1", "s1 ", "nobody", "#", "", "\ud800", "one=", "{}"]
SCALARS = st.sampled_from(
    [None, True, False, 0, -1, 1.5, 2**53, 10**400, float("nan"), float("inf"), *WORDS, "x" * 200]
)
VALUES = st.recursive(
    SCALARS | st.text(max_size=5),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(NAMES, children, max_size=6),
    max_leaves=12,
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each container within a value, and a key or an index of it."""
    children = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    for key, child in children:
        yield value, key
        if isinstance(child, dict | list):
            yield from places(child)


@st.composite
def changed(draw: st.DrawFn) -> Any:
    """Draw a sample event of which one part is different, or absent, or which has the mark of another kind too."""
    event = copy.deepcopy(draw(st.sampled_from(EVENTS)))
    container, key = draw(st.sampled_from(list(places(event))))
    change = draw(st.sampled_from(["replace", "remove", "add a mark"]))
    if change == "replace":
        container[key] = draw(VALUES)
    elif change == "remove":
        del container[key]
    else:
        event[draw(st.sampled_from([*Kind]))] = draw(VALUES)
    return event


@st.composite
def invocations(draw: st.DrawFn) -> Any:
    """Draw an event with the mark of an invocation alone."""
    members = draw(st.dictionaries(NAMES, VALUES, max_size=6))
    return {name: value for name, value in members.items() if name not in [*Kind]} | {"hub": draw(SCALARS)}


@pytest.fixture(params=["without-history", "with-history"])
def function(request: pytest.FixtureRequest) -> Iterator[MessageFunction]:
    """MessageFunction at an empty table. Nobody is connected, so nothing waits."""
    own = {"HISTORY_TABLE": HISTORY, "HISTORY_SECONDS": "600", "HISTORY_SESSIONS": "s*"}
    with (
        faulty_rows() as rows,
        faulty_endpoint() as posts,
        message_function(rows, posts, **own if request.param == "with-history" else {}) as started,
    ):
        yield started


@pytest.fixture
def reached(function: MessageFunction) -> Iterator[list[Any]]:
    """The events that have reached ``Clients``, whose answers are left out: other tests are about them."""
    events: list[Any] = []

    class Clients:
        def answer(self, event: Any, _seconds: float) -> str:
            events.append(event)
            return "{}"

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(function.module, "CLIENTS", Clients())
        yield events


# All examples share one function, as the events of one environment do.
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(event=VALUES | st.dictionaries(NAMES, VALUES, max_size=6) | changed() | invocations())
def test_any_event_is_answered_with_an_object(function: MessageFunction, reached: list[Any], event: Any) -> None:
    reached.clear()
    before = text_of(event)

    answer = function.invoke(event)

    assert text_of(event) == before, "an event is not changed"
    assert isinstance(json.loads(json.dumps(answer)), dict)
    assert is_known(answer), answer
    if reached:
        assert {mark for mark in Kind if mark in event} == {Kind.SOCKET}
        assert isinstance(event["requestContext"]["connectionId"], str)
        assert isinstance(event.get("body"), str | None)
        assert answer == {"statusCode": 200, "body": "{}"}
    assert answer.get("code") != "internal"


def is_known(answer: dict[str, Any]) -> bool:
    """Return whether an answer is of one of the shapes that the callers expect."""
    shapes = (
        {"statusCode", "body"},
        {"batchItemFailures"},
        {"answers"},
        {"online", "offline"},
        {"connections", "after"},
        {"closed", "failed"},
        {"purged", "more"},
    )
    return {*answer} in shapes or (answer["type"] == "error" and {"code", "message"} <= {*answer})
