"""A client asks who is online: whom it may ask about, and what is checked first."""

import time
from typing import Any

import pytest

from tests.support.faulty import FaultyEndpoint
from tests.support.faulty_rows import FaultyRows
from tests.support.in_moto import row
from tests.support.message_functions import MessageFunction, message_function


def who(function: MessageFunction, sender: str = "a=", remaining_ms: int = 28_000, **members: Any) -> Any:
    question = {"action": "who", "id": "w-1", "sessions": ["s1"]} | members
    return function.answer(sender, question, remaining_ms)


def test_a_client_hears_how_many_connections_each_session_has(function: MessageFunction, rows: FaultyRows) -> None:
    rows.add(row("s2", "expired=", expires_at=int(time.time()) - 1))
    answer = who(function, sessions=["s2", "nobody", "s1", "s2"])
    assert answer == {"type": "who", "id": "w-1", "online": {"s2": 1, "s1": 2}, "offline": ["nobody"]}


def test_an_id_is_repeated_and_never_made(function: MessageFunction) -> None:
    answer = function.answer("a=", {"action": "who", "sessions": ["nobody"]})
    assert answer == {"type": "who", "online": {}, "offline": ["nobody"]}


def test_a_question_posts_nothing_and_stores_nothing(
    with_history: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint
) -> None:
    who(with_history)
    assert faulty.requests == []
    assert [(asked.kind, asked.key) for asked in rows.asked] == [("sender", "a="), ("page", "s1")]


GRANTED = {"subject": "me", "send": ["s*"]}
NOT_ALLOWED = {"sessions": ["s1", "t"]}
MALFORMED = {"sessions": ["s1", "a b"]}


@pytest.mark.parametrize(
    ("sender", "members", "code", "field"),
    [
        pytest.param("unknown=", MALFORMED, "bad_request", "sessions[1]", id="the-frame-first"),
        pytest.param("unknown=", NOT_ALLOWED, "not_connected", None, id="then-the-sender-s-row"),
        pytest.param("expired=", NOT_ALLOWED, "expired", None, id="then-its-credential"),
        pytest.param("granted=", NOT_ALLOWED, "forbidden", "sessions[1]", id="then-its-grants"),
        pytest.param("granted=", {"sessions": []}, "bad_request", "sessions", id="no-sessions"),
        pytest.param("granted=", {"sessions": "s1"}, "bad_request", "sessions", id="sessions-a-text"),
        pytest.param(
            "granted=", {"sessions": [str(n) for n in range(101)]}, "bad_request", "sessions", id="101-sessions"
        ),
    ],
)
def test_the_frame_is_checked_before_the_sender_and_the_sender_before_its_grants(
    function: MessageFunction, rows: FaultyRows, sender: str, members: dict[str, Any], code: str, field: str | None
) -> None:
    rows.add(row("s1", "granted=", **GRANTED), row("s1", "expired=", **GRANTED, expires_at=1))
    answer = who(function, sender, **members)
    assert (answer["type"], answer["code"], answer.get("field"), answer["id"]) == ("error", code, field, "w-1")
    assert not [asked for asked in rows.asked if asked.kind == "page"]


def test_a_client_may_ask_about_the_sessions_that_it_may_send_to(function: MessageFunction, rows: FaultyRows) -> None:
    rows.add(row("s1", "granted=", **GRANTED))
    assert who(function, "granted=", sessions=["s2"])["online"] == {"s2": 1}


def test_a_session_that_cannot_be_read_is_internal_and_not_a_part_of_an_answer(
    function: MessageFunction, rows: FaultyRows
) -> None:
    rows.lasting = {"page s2": "AccessDeniedException"}
    answer = who(function, sessions=["s1", "s2"])
    assert (answer["code"], answer["id"], answer["request_id"]) == ("internal", "w-1", "request-1")
    assert "online" not in answer
    assert function.errors() == ["failed"]
    rows.recover()
    assert who(function, sessions=["s1", "s2"])["online"] == {"s1": 2, "s2": 1}


def test_a_question_counts_for_the_rate(rows: FaultyRows, faulty: FaultyEndpoint) -> None:
    with message_function(rows, faulty, MESSAGE_RATE="1", MESSAGE_BURST="2") as function:
        answers = [who(function) for _ in range(3)]
        assert [answer.get("code") for answer in answers] == [None, None, "rate_limited"]
        assert answers[2]["id"] == "w-1"
        assert 0 < answers[2]["retry_after_ms"] <= 1000


def test_a_question_leaves_one_line_in_the_log(function: MessageFunction) -> None:
    who(function, sessions=["s1", "nobody"])
    (line,) = function.lines()
    names = ("level", "message", "connection_id", "session_id", "sessions", "online")
    assert [line[name] for name in names] == ["INFO", "counted", "a=", "s1", 2, 1]
