"""MessageFunction with history on: what it stores, posts and answers, also with a DynamoDB that misbehaves."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from history.items import key_of
from hub import replies
from hub.envelope import MAX_STORED_BYTES
from tests.support.faulty import FaultyEndpoint
from tests.support.faulty_rows import FaultyRows, faulty_rows
from tests.support.frames import ack
from tests.support.in_moto import row
from tests.support.message_functions import MessageFunction, message_function
from tests.support.row_answers import HONEST, LOST, PASSING, QUOTED, REFUSALS
from tests.support.stored_history import HISTORY

ON = {"HISTORY_TABLE": HISTORY, "HISTORY_SECONDS": "600", "HISTORY_SESSIONS": "s*, lobby"}
LITTLE = 3_000
"""Milliseconds until Lambda ends the function, one second of which is kept for the answer."""


@pytest.fixture
def rows() -> Iterator[FaultyRows]:
    """A DynamoDB with a connection each of ``s1``, ``s2`` and ``t``, which has no history."""
    with faulty_rows() as served:
        served.add(row("s1", "a="), row("s2", "b="), row("t", "c="))
        yield served


@pytest.fixture
def function(rows: FaultyRows, faulty: FaultyEndpoint) -> Iterator[MessageFunction]:
    with message_function(rows, faulty, **ON) as started:
        yield started


def asked(rows: FaultyRows) -> list[tuple[str, str]]:
    """Return what DynamoDB was asked since the last call."""
    requests = [(request.kind, request.key) for request in rows.asked]
    rows.asked.clear()
    return requests


def stored(rows: FaultyRows, session_id: str) -> list[str]:
    """Return the frames in the history of a session."""
    numbers = rows.history.numbers(session_id)
    return [item["frame"]["S"] for seq in numbers if "frame" in (item := rows.history.items[session_id, seq])]


def posted(faulty: FaultyEndpoint) -> dict[str, bytes]:
    """Return the frame that each connection got."""
    return {name: body for _, name, body in faulty.requests}


# Sending.


def test_a_message_is_stored_byte_for_byte_as_it_is_posted(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint
) -> None:
    before = int(time.time() * 1000) * 1000
    answer = function.send("a=", "s1", "s2", "t", message={"text": "olá"})

    (first,), (second,) = rows.history.numbers("s1"), rows.history.numbers("s2")
    assert answer == ack({"s1": 1, "s2": 1, "t": 1}) | {"seq": {"s1": first, "s2": second}}
    assert before < first < before + 60_000_000
    frames = posted(faulty)
    assert stored(rows, "s1") == [frames["a="].decode()]
    assert stored(rows, "s2") == [frames["b="].decode()]
    assert json.loads(frames["a="])["seq"] == first
    assert "seq" not in json.loads(frames["c="])
    assert rows.history.numbers("t") == []


def test_a_session_is_numbered_stored_and_read_in_this_order(function: MessageFunction, rows: FaultyRows) -> None:
    function.send("a=", "s1")
    assert asked(rows) == [("sender", "a="), ("number", "s1"), ("store", "s1"), ("page", "s1")]


def test_a_session_without_history_is_read_at_once(function: MessageFunction, rows: FaultyRows) -> None:
    rows.lasting = {"sender": "slowly"}
    function.send("a=", "t")
    assert asked(rows) == [("sender", "a="), ("page", "t")]


@pytest.mark.parametrize("name", ["t", "another", "S1"])
def test_a_message_to_sessions_without_history_has_no_number(
    function: MessageFunction, rows: FaultyRows, name: str
) -> None:
    assert "seq" not in function.send("a=", name)
    assert {kind for kind, _ in asked(rows)} == {"sender", "page"}


def test_a_message_that_may_not_be_stored_has_no_number(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint
) -> None:
    assert function.send("a=", "s1", store=False) == ack({"s1": 1})
    assert asked(rows) == [("sender", "a="), ("page", "s1")]
    assert "seq" not in json.loads(posted(faulty)["a="])


def test_a_message_to_a_session_without_connections_is_stored(function: MessageFunction, rows: FaultyRows) -> None:
    answer = function.send("a=", "s-offline", "lobby")
    assert answer["offline"] == ["s-offline", "lobby"]
    assert set(answer["seq"]) == {"s-offline", "lobby"}


def test_a_message_without_echo_is_stored_for_the_own_session(function: MessageFunction, rows: FaultyRows) -> None:
    answer = function.send("a=", "s1", echo=False)
    assert (answer["delivered"], list(answer["seq"])) == ({"s1": 0}, ["s1"])
    assert len(stored(rows, "s1")) == 1


def test_a_hundred_sessions_are_stored_side_by_side(function: MessageFunction, rows: FaultyRows) -> None:
    rows.lasting = {"number": "slowly", "store": "slowly"}
    sessions = [f"s{number}" for number in range(100)]
    answer = function.send("a=", *sessions)
    assert list(answer["seq"]) == sessions
    kinds = [kind for kind, _ in asked(rows)]
    assert kinds.index("store") < kinds.index("page")
    assert rows.most_open > 8


@pytest.mark.parametrize("refused", [{"message": "x" * 131_000}, {"sessions": ["s1", "no session id"]}, {"store": 1}])
def test_a_refused_frame_is_not_stored(function: MessageFunction, rows: FaultyRows, refused: dict[str, Any]) -> None:
    assert function.send("a=", "s1", **refused)["type"] == "error"
    assert not {kind for kind, _ in asked(rows)} & {"number", "store"}


def test_a_message_that_is_too_long_to_be_stored_may_be_sent_without(function: MessageFunction) -> None:
    message = "x" * (MAX_STORED_BYTES - 100)
    assert function.send("a=", "s1", message=message)["code"] == "message_too_large"
    assert function.send("a=", "s1", message=message, store=False)["delivered"] == {"s1": 1}
    assert function.send("a=", "t", message=message)["delivered"] == {"t": 1}


# Storing and faults.


@pytest.mark.parametrize("name", sorted(HONEST))
def test_an_honest_answer_may_have_any_form(function: MessageFunction, rows: FaultyRows, name: str) -> None:
    rows.lasting = dict.fromkeys(("number", "store", "item", "span"), name)
    (first,) = function.send("a=", "s1")["seq"].values()
    (second,) = function.send("a=", "s1", message="more")["seq"].values()
    assert second == first + 1
    page = function.answer("a=", {"action": "resume", "after": first})
    assert (page["recovered"], page["seq"], [frame["message"] for frame in page["messages"]]) == (
        True,
        second,
        ["more"],
    )


@pytest.mark.parametrize("kind", ["number", "store"])
@pytest.mark.parametrize("name", sorted(PASSING))
def test_a_fault_that_passes_loses_nothing_and_stores_nothing_twice(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint, kind: str, name: str
) -> None:
    for times in (1, 2):
        faulty.requests.clear()
        rows.history.items.clear()
        rows.scripts = {kind: [name] * times}
        answer = function.send("a=", "s1", "t")
        assert (answer["delivered"], answer["failed"]) == ({"s1": 1, "t": 1}, {})
        assert stored(rows, "s1") == [posted(faulty)["a="].decode()]
        assert answer["seq"] == {"s1": rows.history.numbers("s1")[0]}
        assert rows.scripts == {kind: []}
    assert function.errors() == []


@pytest.mark.parametrize("name", sorted(LOST))
def test_a_message_whose_last_write_had_no_answer_is_found_to_be_stored(
    function: MessageFunction, rows: FaultyRows, name: str
) -> None:
    rows.scripts = {"store": [name]}
    function.send("a=", "s1")
    kinds = [kind for kind, _ in asked(rows)]
    assert kinds == ["sender", "number", "store", "store", "item", "page"]


@pytest.mark.parametrize("kind", ["number", "store"])
@pytest.mark.parametrize("name", sorted(REFUSALS))
def test_what_cannot_be_stored_is_not_delivered_and_the_other_sessions_are(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint, kind: str, name: str
) -> None:
    rows.lasting = {f"{kind} s1": name}
    answer = function.send("a=", "s1", "s2", "t")
    assert answer["delivered"] == {"s2": 1, "t": 1}
    assert answer["failed"] == {"s1": 0}
    assert list(answer["seq"]) == ["s2"]
    assert set(posted(faulty)) == {"b=", "c="}
    assert ("page", "s1") not in asked(rows)
    (line,) = [line for line in function.lines() if line["level"] == "ERROR"]
    assert (line["message"], line["session_id"], line["sessions"]) == ("message not stored", "s1", 1)
    assert name in line["exception"]
    assert QUOTED not in json.dumps(line)


def test_a_session_that_is_stored_and_not_readable_has_a_number_and_has_failed(
    function: MessageFunction, rows: FaultyRows
) -> None:
    rows.lasting = {"page": "AccessDeniedException"}
    answer = function.send("a=", "s1")
    assert (answer["delivered"], answer["failed"], list(answer["seq"])) == ({}, {"s1": 0}, ["s1"])


def test_a_table_of_history_that_is_away_costs_the_message_seconds_and_the_others_go(
    function: MessageFunction, rows: FaultyRows
) -> None:
    rows.lasting = {"number s1": "503", "store s2": "503"}
    began = time.monotonic()
    answer = function.send("a=", "s1", "s2", "t")
    assert (answer["delivered"], answer["failed"]) == ({"t": 1}, {"s1": 0, "s2": 0})
    assert time.monotonic() - began < 20  # of the 27 that the message has
    rows.recover()
    assert set(function.send("a=", "s1", "s2")["seq"]) == {"s1", "s2"}


@pytest.mark.parametrize("answer", ["silence", "late"])
def test_a_table_of_history_that_hangs_fails_no_session_without_history(
    rows: FaultyRows, faulty: FaultyEndpoint, answer: str
) -> None:
    with_history = [f"s{number}" for number in range(85)]
    without = [f"t{number}" for number in range(15)]
    rows.add(*(row(name, f"{name}=") for name in without))
    rows.lasting = {"number": answer, "store": answer}
    with message_function(rows, faulty, **ON) as function:
        ack = function.send("a=", *with_history, *without)
    assert (len(ack["delivered"]), set(ack["failed"])) == (15, set(with_history))


def test_throttling_is_said_counted_and_nothing_is_delivered(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    rows.lasting = {"number": "throttled"}
    answer = function.send("a=", "s1", "s2", remaining_ms=LITTLE)
    assert answer["failed"] == {"s1": 0, "s2": 0}
    assert faulty.requests == []
    assert counted(capsys) >= {"Stored": 0, "Unstored": 2}.items()
    errors = [line for line in function.lines() if line["level"] == "ERROR"]
    assert {line["message"] for line in errors} <= {"message not stored", "out of time"}


def counted(capsys: pytest.CaptureFixture[str]) -> Any:
    (record,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"_aws"')]
    return {name: value[0] for name, value in record.items() if isinstance(value, list)}.items()


def test_what_is_stored_is_counted(
    function: MessageFunction, rows: FaultyRows, capsys: pytest.CaptureFixture[str]
) -> None:
    function.send("a=", "s1", "s2", "t")
    assert counted(capsys) >= {"Messages": 1, "Stored": 2, "Unstored": 0}.items()
    function.answer("a=", {"action": "resume"})
    assert counted(capsys) == {"Resumed": 1}.items()


# Resuming.


def test_a_client_gets_what_it_has_missed(function: MessageFunction, rows: FaultyRows) -> None:
    position = function.answer("a=", {"action": "resume", "id": "r0"})
    assert position == {
        "type": "resumed",
        "id": "r0",
        "session": "s1",
        "seq": position["seq"],
        "more": False,
        "messages": [],
    }
    for message in ("x", "y"):
        function.send("b=", "s1", message=message)
    answer = function.answer("a=", {"action": "resume", "id": "r1", "after": position["seq"]})
    assert answer == {
        "type": "resumed",
        "id": "r1",
        "session": "s1",
        "recovered": True,
        "seq": position["seq"] + 2,
        "more": False,
        "messages": [json.loads(frame) for frame in stored(rows, "s1")],
    }
    assert [frame["from"] for frame in answer["messages"]] == ["s2", "s2"]


def test_a_position_that_is_too_old_is_said_to_be(function: MessageFunction, rows: FaultyRows) -> None:
    function.send("b=", "s1")
    (newest,) = rows.history.numbers("s1")
    answer = function.answer("a=", {"action": "resume", "after": 5})
    assert answer == {
        "type": "resumed",
        "session": "s1",
        "recovered": False,
        "seq": newest,
        "more": False,
        "messages": [],
    }


def test_the_session_is_the_connections_own(function: MessageFunction, rows: FaultyRows) -> None:
    function.send("a=", "s2", message="for s2")
    answer = function.answer("a=", {"action": "resume", "last": 100, "session": "s2", "sessions": ["s2"]})
    assert (answer["session"], answer["messages"]) == ("s1", [])
    assert ("span", "s2") not in asked(rows)


def test_pages_fit_and_lose_nothing(function: MessageFunction, rows: FaultyRows) -> None:
    function.send("b=", "s1", message="first")
    (position,) = rows.history.numbers("s1")
    sent = [f'{number} é"' * (number * 97 % 2_900) for number in range(40)]
    for message in sent:
        function.send("b=", "s1", message=message)
    got, more, pages = [], True, 0
    identifier = "\N{GRINNING FACE}" * 64
    while more:
        event = function.answer("a=", {"action": "resume", "id": identifier, "after": position})
        assert event["recovered"]
        assert len(replies.resumed(identifier, "s1", True, 2**53 - 1, True, [])) < replies.MAX_PAGE_BYTES
        size = len(json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode())
        assert size <= replies.MAX_PAGE_BYTES or len(event["messages"]) == 1
        got += [frame["message"] for frame in event["messages"]]
        position, more, pages = event["seq"], event["more"], pages + 1
    assert got == sent
    assert pages > 8


@pytest.mark.parametrize(
    ("sender", "code"),
    [
        pytest.param("unknown=", "not_connected", id="a-connection-without-a-row"),
        pytest.param("late=", "not_connected", id="an-expired-row"),
        pytest.param("c=", "no_history", id="a-session-that-is-left-out"),
    ],
)
def test_who_may_not_resume(function: MessageFunction, rows: FaultyRows, sender: str, code: str) -> None:
    rows.add(row("s1", "late=", expires_at=1))
    answer = function.answer(sender, {"action": "resume", "id": "r1", "after": 5})
    assert (answer["type"], answer["code"], answer["id"]) == ("error", code, "r1")
    assert {kind for kind, _ in asked(rows)} == {"sender"}


def test_a_credential_that_has_run_out_resumes_nothing(rows: FaultyRows, faulty: FaultyEndpoint) -> None:
    rows.add(row("s1", "late=", expires_at=1, subject="somebody"))
    with message_function(rows, faulty, AUTH_MODE="jwt", **ON) as function:
        assert function.answer("late=", {"action": "resume"})["code"] == "expired"
        assert function.answer("a=", {"action": "resume"})["code"] == "not_connected"  # it has proven nothing


def test_asking_a_hub_without_history_is_not_a_refusal(
    rows: FaultyRows, faulty: FaultyEndpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    with message_function(rows, faulty) as function:
        function.answer("a=", {"action": "resume"})
        lines = function.lines()
    assert [(line["level"], line["message"], line["code"]) for line in lines] == [("INFO", "answered", "no_history")]
    assert '"_aws"' not in capsys.readouterr().out


def test_a_hub_without_history_says_so(rows: FaultyRows, faulty: FaultyEndpoint) -> None:
    with message_function(rows, faulty) as function:
        answer = function.answer("a=", {"action": "resume", "id": "r1", "after": 1})
        assert (answer["code"], answer["id"]) == ("no_history", "r1")
        assert function.answer("unknown=", {"action": "resume"})["code"] == "not_connected"
        assert function.answer("a=", {"action": "resume", "after": "1"})["code"] == "bad_request"
        assert function.send("a=", "s1") == ack({"s1": 1})
    assert {request.kind for request in rows.asked} == {"sender", "page"}


def test_each_page_counts_for_the_rate(rows: FaultyRows, faulty: FaultyEndpoint) -> None:
    with message_function(rows, faulty, MESSAGE_RATE="1", MESSAGE_BURST="2", **ON) as function:
        answers = [function.answer("a=", {"action": "resume"}) for _ in range(3)]
    assert [answer["type"] for answer in answers] == ["resumed", "resumed", "error"]
    assert answers[2]["code"] == "rate_limited"


@pytest.mark.parametrize("kind", ["item", "span"])
@pytest.mark.parametrize("name", sorted(PASSING))
def test_a_fault_that_passes_costs_a_question_nothing(
    function: MessageFunction, rows: FaultyRows, kind: str, name: str
) -> None:
    (first,) = function.send("b=", "s1", message="x")["seq"].values()
    function.send("b=", "s1", message="y")
    rows.scripts = {kind: [name] * 2}
    answer = function.answer("a=", {"action": "resume", "after": first})
    assert (answer["recovered"], [frame["message"] for frame in answer["messages"]]) == (True, ["y"])
    assert rows.scripts == {kind: []}
    assert function.errors() == []


@pytest.mark.parametrize("kind", ["item", "span"])
@pytest.mark.parametrize("name", [*sorted(REFUSALS), "503", "silence", "5 MB"])
def test_a_fault_that_lasts_is_internal_and_logged_once(
    function: MessageFunction, rows: FaultyRows, kind: str, name: str
) -> None:
    (first,) = function.send("b=", "s1", message="x")["seq"].values()
    function.send("b=", "s1", message="y")
    function.lines()
    rows.lasting = {kind: name}
    answer = function.answer("a=", {"action": "resume", "id": "r1", "after": first}, remaining_ms=LITTLE)
    assert (answer["code"], answer["id"]) == ("internal", "r1")
    assert "request_id" in answer
    assert function.errors() == ["failed"]
    rows.recover()
    assert function.answer("a=", {"action": "resume", "after": first})["recovered"] is True


def test_a_head_that_somebody_else_has_stored_spoils_its_own_session_only(
    function: MessageFunction, rows: FaultyRows
) -> None:
    rows.history.items["s1", 0] = key_of("s1", 0) | {"last": {"S": "x"}}
    assert function.answer("a=", {"action": "resume"})["code"] == "internal"
    answer = function.send("a=", "s1", "s2")
    assert (answer["failed"], answer["delivered"]) == ({"s1": 0}, {"s2": 1})


def test_no_message_is_in_the_log(function: MessageFunction, rows: FaultyRows) -> None:
    secret = "a-message-that-no-log-may-quote"
    function.send("a=", "s1", message=secret)
    function.answer("a=", {"action": "resume", "last": 5})
    rows.lasting = {"store": "ValidationException"}
    function.send("a=", "s1", message=secret)
    assert secret not in json.dumps(function.lines())
