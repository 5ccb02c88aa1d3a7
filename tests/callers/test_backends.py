"""Backends publish by invocation: an answer for each message, in order, and a malformed one spoils only itself."""

import json
import math
import time
from typing import Any

import pytest

from callers.backends import LEAST_TIME, Backends
from callers.sending import Sending
from hub.invocations import Publish
from tests.support.faulty import FaultyEndpoint
from tests.support.faulty_rows import FaultyRows
from tests.support.message_functions import MessageFunction, counted
from tests.support.row_answers import QUOTED

TEXT = "as-it-was-told-in-confidence"


def message(*sessions: str, **members: Any) -> dict[str, Any]:
    return {"sessions": list(sessions), "message": "hello", "id": "o-1"} | members


def publish(function: MessageFunction, *messages: Any, **members: Any) -> list[Any]:
    """Return the answers to messages."""
    answer = function.invoke({"hub": "publish", "messages": list(messages)} | members)
    assert answer.keys() == {"answers"}
    answers: list[Any] = answer["answers"]
    return answers


def ack(message_id: str = "o-1", **members: Any) -> dict[str, Any]:
    return {"type": "ack", "id": message_id, "delivered": {}, "offline": [], "failed": {}} | members


def posted(faulty: FaultyEndpoint) -> list[tuple[str, Any]]:
    """Return connection id and frame of each post, in the order of arrival."""
    return [(name, json.loads(body)) for _, name, body in faulty.requests]


def test_a_message_reaches_every_connection_of_its_sessions(function: MessageFunction, faulty: FaultyEndpoint) -> None:
    assert publish(function, message("s1", "nobody", "s2", **{"from": "orders"})) == [
        ack(delivered={"s1": 2, "s2": 1}, offline=["nobody"])
    ]
    frame = {"type": "message", "id": "o-1", "from": "#orders", "message": "hello"}
    delivered = {name: (body, body.pop("sent_at")) for name, body in posted(faulty)}
    assert {name: body for name, (body, _) in delivered.items()} == {
        "a=": frame | {"session": "s1"},
        "b=": frame | {"session": "s1"},
        "c=": frame | {"session": "s2"},
    }


def test_a_backend_needs_no_connection_and_no_grant(function: MessageFunction, rows: FaultyRows) -> None:
    publish(function, message("s1"))
    assert [asked.kind for asked in rows.asked] == ["page"]


def test_messages_go_out_in_their_order_and_each_has_its_answer(
    function: MessageFunction, faulty: FaultyEndpoint
) -> None:
    messages = [message("s2", id=f"o-{number}", message=number) for number in range(100)]
    assert publish(function, *messages) == [ack(f"o-{number}", delivered={"s2": 1}) for number in range(100)]
    assert [body["message"] for _, body in posted(faulty)] == [*range(100)]


def test_a_message_without_an_id_gets_one_of_its_own(function: MessageFunction, faulty: FaultyEndpoint) -> None:
    without = {"sessions": ["s2"], "message": 1}
    answers = publish(function, without, without)
    ids = [answer["id"] for answer in answers]
    assert (len(set(ids)), {len(message_id) for message_id in ids}) == (2, {36})
    assert [body["id"] for _, body in posted(faulty)] == ids == sorted(ids)


@pytest.mark.parametrize(
    ("malformed", "error"),
    [
        pytest.param(None, {"code": "bad_json"}, id="null"),
        pytest.param("hello", {"code": "bad_json"}, id="a-text"),
        pytest.param(message("s1", message=math.nan), {"code": "bad_json"}, id="nan"),
        pytest.param(message("s1", message="\ud800"), {"code": "bad_json"}, id="a-lone-surrogate"),
        pytest.param(
            message("s1", "a b"), {"code": "bad_request", "field": "sessions[1]", "id": "o-1"}, id="a-malformed-session"
        ),
        pytest.param(message("s1", id=""), {"code": "bad_request", "field": "id"}, id="a-malformed-id"),
        pytest.param(
            message("s1", **{"from": "#x"}), {"code": "bad_request", "field": "from", "id": "o-1"}, id="a-false-sender"
        ),
        pytest.param(
            message("s1", message="x" * 131_072),
            {"code": "message_too_large", "field": "message", "id": "o-1"},
            id="too-large",
        ),
    ],
)
def test_a_malformed_message_spoils_only_itself(
    function: MessageFunction, faulty: FaultyEndpoint, malformed: Any, error: dict[str, str]
) -> None:
    first, answer, last = publish(function, message("s2", id="first"), malformed, message("s2", id="last"))
    assert {name: answer[name] for name in answer if name != "message"} == {"type": "error"} | error
    assert (first, last) == (ack("first", delivered={"s2": 1}), ack("last", delivered={"s2": 1}))
    assert [body["id"] for _, body in posted(faulty)] == ["first", "last"]


def test_a_fault_of_the_hub_leaves_the_other_messages(
    function: MessageFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = function.module.FAN_OUT.delivery

    def breaks(sessions: tuple[str, ...], *rest: Any) -> Any:
        if sessions == ("broken",):
            raise ZeroDivisionError(QUOTED)
        return delivery(sessions, *rest)

    monkeypatch.setattr(function.module.FAN_OUT, "delivery", breaks)
    answers = publish(function, message("s2"), message("broken", id="o-2"), message("s2", id="o-3"))
    assert answers == [
        ack(delivered={"s2": 1}),
        {
            "type": "error",
            "code": "internal",
            "message": "The hub failed. The fault is not yours.",
            "id": "o-2",
            "request_id": "request-1",
        },
        ack("o-3", delivered={"s2": 1}),
    ]
    assert function.errors() == ["failed"]


def test_a_session_that_cannot_be_read_or_reached_is_failed(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint
) -> None:
    rows.lasting = {"page unreadable": "AccessDeniedException"}
    faulty.scripts = {"c=": ["403"]}
    assert publish(function, message("unreadable", "s2", "s1")) == [
        ack(delivered={"s1": 2}, failed={"unreadable": 0, "s2": 1})
    ]


def test_when_the_time_ends_the_other_messages_are_failed(function: MessageFunction, faulty: FaultyEndpoint) -> None:
    left = iter([20.0, LEAST_TIME, LEAST_TIME - 0.01, 0.0, -1.0])
    messages = [message("s2", id=f"o-{number}") for number in range(5)]
    fan_out = function.module.FAN_OUT
    backends = Backends(fan_out, Sending(fan_out, history=None))
    answer = backends.publish(Publish(messages), lambda: next(left), "request-1")
    failed = {"failed": {"s2": 0}}
    assert answer["answers"][0] == ack("o-0", delivered={"s2": 1})
    assert answer["answers"][2:] == [ack("o-2", **failed), ack("o-3", **failed), ack("o-4", **failed)]
    assert {body["id"] for _, body in posted(faulty)} <= {"o-0", "o-1"}


def test_all_messages_share_the_time_of_one_invocation(function: MessageFunction, faulty: FaultyEndpoint) -> None:
    message_without_an_id = {"sessions": ["s1", "s2"], "message": 1}
    answers = [function.invoke({"hub": "publish", "messages": [message_without_an_id, None]}, 1_050)["answers"]]
    ((late, malformed),) = answers
    assert late == ack(late["id"], failed={"s1": 0, "s2": 0})
    assert len(late["id"]) == 36
    assert malformed["code"] == "bad_json"
    assert faulty.requests == []


def test_messages_are_stored_unless_the_backend_does_not_want_it(
    with_history: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint
) -> None:
    kept, volatile, elsewhere = publish(
        with_history,
        message("s1", "t"),
        message("s1", id="o-2", store=False),
        message("t", id="o-3"),
    )
    (seq,) = rows.history.numbers("s1")
    assert kept == ack(delivered={"s1": 2}, offline=["t"], seq={"s1": seq})
    assert volatile == ack("o-2", delivered={"s1": 2})
    assert elsewhere == ack("o-3", offline=["t"])
    assert [body.get("seq") for _, body in posted(faulty)] == [seq, seq, None, None]


def test_what_cannot_be_stored_is_not_delivered(
    with_history: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint
) -> None:
    rows.lasting = {"store s1": "AccessDeniedException"}
    answers = publish(with_history, message("s1", "s2"))
    assert (answers[0]["delivered"], answers[0]["failed"]) == ({"s2": 1}, {"s1": 0})
    assert [name for name, _ in posted(faulty)] == ["c="]


def test_published_counts_the_messages_that_the_hub_has_accepted(
    function: MessageFunction, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(function, message("s1"), message("a b"), message("s1", message="x" * 131_072), message("nobody"))
    first, malformed, too_large, last = counted(capsys)
    assert first == {"Published": 1, "Messages": 1, "Recipients": 2, "Delivered": 2, "Gone": 0, "Undelivered": 0}
    assert malformed == too_large == {"Refused": 1}
    assert (last["Published"], last["Messages"], last["Delivered"]) == (1, 1, 0)


def test_each_line_of_the_log_says_who_asked_and_no_line_says_what(
    function: MessageFunction, faulty: FaultyEndpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    faulty.scripts = {"c=": ["403"]}
    publish(
        function,
        message("s1", message={"text": TEXT}),
        message("s2", id="o-2", message=TEXT),
        message(TEXT + " ", id="o-3"),
        {TEXT: TEXT},
        TEXT,
        message("s1", id="o-4", message=[TEXT, math.nan]),
        by="arn:aws:sts::123456789012:assumed-role/orders/1",
    )
    lines = function.lines()
    assert [(line["level"], line["message"], line.get("message_id")) for line in lines] == [
        ("INFO", "sent", "o-1"),
        ("ERROR", "post failed", "o-2"),
        ("INFO", "sent", "o-2"),
        ("WARNING", "refused", "o-3"),
        ("WARNING", "refused", None),
        ("WARNING", "refused", None),
        ("WARNING", "refused", None),
    ]
    assert {line["by"] for line in lines} == {"arn:aws:sts::123456789012:assumed-role/orders/1"}
    assert {line["function_request_id"] for line in lines} == {"request-1"}
    assert TEXT not in json.dumps(lines) + "".join(capsys.readouterr())


def test_the_next_event_s_lines_do_not_say_who_asked_before(function: MessageFunction) -> None:
    publish(function, message("nobody"), by="me")
    function.lines()
    publish(function, message("nobody"))
    assert [line.get("by") for line in function.lines()] == [None]


def test_a_repeated_call_delivers_the_same_id_again(function: MessageFunction, faulty: FaultyEndpoint) -> None:
    assert publish(function, message("s2")) == publish(function, message("s2"))
    assert [body["id"] for _, body in posted(faulty)] == ["o-1", "o-1"]


def test_a_message_has_the_time_at_which_it_is_sent(function: MessageFunction, faulty: FaultyEndpoint) -> None:
    before = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    publish(function, message("s2"))
    ((_, body),) = posted(faulty)
    assert before <= body["sent_at"]
