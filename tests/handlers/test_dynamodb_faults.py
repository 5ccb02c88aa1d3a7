"""MessageFunction and a DynamoDB that misbehaves: faults that pass lose nothing, and faults that last are said once."""

import json
from collections.abc import Iterator

import pytest
from botocore.credentials import Credentials

from tests.support.faulty import FaultyEndpoint
from tests.support.faulty_rows import SECRETS, FaultyRows, faulty_rows
from tests.support.frames import ack
from tests.support.in_moto import row
from tests.support.message_functions import MessageFunction, keys_of, message_function
from tests.support.row_answers import HONEST, ODD, PASSING, QUOTED, REFUSALS, SLOW

KINDS = ("sender", "page s1", "next page s1", "remove")

ACK = ack({"s1": 4}, ["gone", "nobody"])
"""The ack of a message to SESSIONS, if DynamoDB answers in the end."""

SESSIONS = ("s1", "gone", "nobody")
"""Five connections on three pages, of which one is gone; one that is gone; none."""

WARNS_OF = {
    "ResourceNotFoundException": "table",
    "AccessDeniedException": "role",
    "ExpiredTokenException": "credentials",
    "UnrecognizedClientException": "credentials",
    "InvalidSignatureException": "clock",
}
"""A word of the log line of each refusal: it says what to look at."""

LITTLE = 2_000
"""Milliseconds until Lambda ends the function, one second of which is kept for the answer."""


@pytest.fixture
def rows() -> Iterator[FaultyRows]:
    """A DynamoDB with the sender, and with the connections of SESSIONS on pages of two rows."""
    with faulty_rows() as served:
        served.most = 2
        served.add(row("me", "me="), *(row("s1", name) for name in ("a=", "b=", "c=", "d=", "e=")), row("gone", "f="))
        yield served


@pytest.fixture
def function(rows: FaultyRows, faulty: FaultyEndpoint) -> Iterator[MessageFunction]:
    """MessageFunction with both servers."""
    faulty.scripts = {"b=": ["410"] * 9, "f=": ["410"] * 9}
    with message_function(rows, faulty) as started:
        yield started


def send(function: MessageFunction, remaining_ms: int = 28_000) -> object:
    return function.send("me=", *SESSIONS, remaining_ms=remaining_ms)


def faults_counted(capsys: pytest.CaptureFixture[str]) -> int:
    """Return the metric ``Faults`` of all events since the last call."""
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"_aws"')]
    return int(sum(sum(record.get("Faults", [])) for record in records))


def check_delivery(function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint) -> None:
    """Send a message, and check that it reaches every connection once, and that the rows of gone ones are removed."""
    rows.add(row("s1", "b="), row("gone", "f="))
    before = rows.connection_ids()
    faulty.requests.clear()
    function.lines()

    assert send(function) == ACK
    assert sorted(name for _, name, _ in faulty.requests) == ["a=", "b=", "c=", "d=", "e=", "f="]
    assert rows.connection_ids() == before - {"b=", "f="}
    assert function.errors() == []
    assert rows.wrong == []


def check_recovery(function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint) -> None:
    """Check that the next message is delivered in full, now that DynamoDB is honest again."""
    rows.recover()
    check_delivery(function, rows, faulty)


# Faults that pass.


@pytest.mark.parametrize("name", sorted(HONEST))
def test_an_honest_answer_may_have_any_form(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint, name: str
) -> None:
    rows.lasting = dict.fromkeys(("sender", "page", "next page", "remove"), name)
    for _ in range(2):
        check_delivery(function, rows, faulty)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", sorted(PASSING))
def test_a_fault_that_passes_loses_nothing(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint, kind: str, name: str
) -> None:
    for times in (1, 2):
        rows.scripts = {kind: [name] * times}
        check_delivery(function, rows, faulty)
        assert rows.scripts == {kind: []}


@pytest.mark.parametrize("name", sorted(SLOW))
def test_an_answer_that_does_not_come_in_time_is_asked_for_again(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint, name: str
) -> None:
    rows.scripts = {"sender": [name], "page s1": [name], "remove b=": [name]}
    check_delivery(function, rows, faulty)


def test_faults_of_many_kinds_in_a_row_lose_nothing(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint
) -> None:
    rows.scripts = {kind: ["503", "half a body, closed", "closed"] for kind in KINDS}
    check_delivery(function, rows, faulty)


def test_a_row_that_was_replaced_since_it_was_read_stays(function: MessageFunction, rows: FaultyRows) -> None:
    rows.lasting = {"remove b=": "changed"}

    assert send(function) == ACK
    assert "b=" in rows.connection_ids()
    assert "f=" not in rows.connection_ids()
    assert function.errors() == []


def test_http_connections_that_the_server_closed_between_two_messages_lose_nothing(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint
) -> None:
    assert send(function) == ACK
    rows.close_idle()

    check_recovery(function, rows, faulty)


# Faults that last.


@pytest.mark.parametrize("name", sorted({*REFUSALS, *PASSING, *ODD}))
def test_a_sender_that_cannot_be_looked_up_is_a_fault_of_the_hub(
    function: MessageFunction,
    rows: FaultyRows,
    faulty: FaultyEndpoint,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    rows.lasting = {"sender": name}

    answer = send(function, remaining_ms=1_300)

    assert answer == {
        "type": "error",
        "code": "internal",
        "message": "The hub failed. The fault is not yours.",
        "id": "c-1",
        "request_id": "request-1",
    }
    assert faulty.requests == []
    assert faults_counted(capsys) == 1
    written = function.log.getvalue()
    assert function.errors() == ["failed"]
    assert not [secret for secret in (QUOTED, *SECRETS) if secret in written]
    check_recovery(function, rows, faulty)


@pytest.mark.parametrize("name", sorted({*REFUSALS, "throttled"}))
def test_when_every_request_fails_the_log_has_one_error(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint, name: str
) -> None:
    rows.lasting = dict.fromkeys(("sender", "page", "next page", "remove"), name)

    answer = send(function)

    assert isinstance(answer, dict)
    assert answer["code"] == "internal"
    assert function.errors() == ["failed"]
    assert faulty.requests == []
    check_recovery(function, rows, faulty)


def test_a_dynamodb_that_nobody_reaches_is_a_fault_of_the_hub(rows: FaultyRows, faulty: FaultyEndpoint) -> None:
    with message_function(rows, faulty, AWS_ENDPOINT_URL_DYNAMODB="http://127.0.0.1:9") as function:
        answer = function.send("me=", *SESSIONS, remaining_ms=1_300)

        assert (answer["code"], answer["request_id"]) == ("internal", "request-1")
        assert function.errors() == ["failed"]
        assert (rows.asked, faulty.requests) == ([], [])


@pytest.mark.parametrize("name", sorted(REFUSALS))
@pytest.mark.parametrize("kind", ["page", "next page"])
def test_a_session_that_cannot_be_read_is_failed_and_other_sessions_get_the_message(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint, kind: str, name: str
) -> None:
    rows.add(row("s2", "g="))
    rows.lasting = {f"{kind} s1": name}

    answer = function.send("me=", *SESSIONS, "s2")

    read = {"s1": 1} if kind == "next page" else {}  # a page of two rows, one of which is gone
    assert answer == ack(read | {"s2": 1}, ["gone", "nobody"]) | {"failed": {"s1": 0}}
    assert set(faulty.posts()) == {"f=", "g="} | ({"a=", "b="} if read else set())
    written = function.log.getvalue()
    (line,) = [line for line in function.lines() if line["level"] == "ERROR"]
    assert line["session_id"] == "s1"
    assert not [secret for secret in (QUOTED, *SECRETS) if secret in written]
    check_recovery(function, rows, faulty)


def test_each_fault_that_lasts_makes_its_own_session_unreadable(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint
) -> None:
    faults = dict(enumerate(sorted({*PASSING, *REFUSALS, *ODD})))
    rows.lasting = {f"page x{number}": name for number, name in faults.items()}
    rows.add(*(row(f"x{number}", f"x{number}=") for number in faults))

    answer = function.send("me=", *SESSIONS, *(f"x{number}" for number in faults))

    assert answer == ACK | {"failed": dict.fromkeys((f"x{number}" for number in faults), 0)}
    assert set(faulty.posts()) == {"a=", "b=", "c=", "d=", "e=", "f="}
    errors = [line["session_id"] for line in function.lines() if line["level"] == "ERROR"]
    assert sorted(errors) == sorted(f"x{number}" for number in faults)
    check_recovery(function, rows, faulty)


@pytest.mark.parametrize("name", sorted({*REFUSALS, "throttled"}))
def test_rows_that_cannot_be_removed_do_not_change_the_ack(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint, name: str
) -> None:
    rows.lasting = {"remove": name}

    assert send(function) == ACK
    assert rows.connection_ids() >= {"b=", "f="}
    written = function.log.getvalue()
    assert len(function.errors()) == 1
    assert not [secret for secret in (QUOTED, *SECRETS) if secret in written]
    check_recovery(function, rows, faulty)


@pytest.mark.parametrize("kind", ["sender", "page s1", "remove"])
@pytest.mark.parametrize("name", sorted(WARNS_OF))
def test_the_log_says_what_to_check(function: MessageFunction, rows: FaultyRows, kind: str, name: str) -> None:
    rows.lasting = {kind: name}
    send(function)

    (line,) = [line for line in function.lines() if line["level"] == "ERROR"]
    line["exception"] = [text for text in line.get("exception", "").splitlines() if not text.startswith("  ")]
    said = json.dumps(line).lower()  # without the lines of code that a traceback shows
    assert name.lower() in said
    assert WARNS_OF[name] in said.replace(name.lower(), "")
    if name == "AccessDeniedException":
        assert ("dynamodb:deleteitem" if kind == "remove" else "dynamodb:query") in said


# Little time.


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["silence", "drips in its body"])
def test_a_request_without_an_answer_ends_when_the_time_is_up(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint, kind: str, name: str
) -> None:
    rows.lasting = {kind: name}

    answer = send(function, LITTLE)

    assert isinstance(answer, dict)
    if kind == "sender":
        assert (answer["code"], answer["request_id"]) == ("internal", "request-1")
        assert faulty.requests == []
    elif kind == "remove":
        assert answer == ACK
    else:
        read = {"s1": 1} if kind == "next page s1" else {}
        assert answer == ack(read, ["gone", "nobody"]) | {"failed": {"s1": 0}}
    assert function.errors()
    check_recovery(function, rows, faulty)


# Refusals of a frame.


@pytest.mark.parametrize("answers", ["whole", "throttled", "silence"])
@pytest.mark.parametrize("code", ["not_connected", "forbidden", "message_too_large"])
def test_a_refused_frame_posts_nothing(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint, code: str, answers: str
) -> None:
    """Whatever becomes of the sessions, which may be read while the sender is looked up."""
    rows.add(row("me", "bound=", send=("me",)))
    rows.lasting = {"page": answers}
    sender = {"not_connected": "nobody=", "forbidden": "bound="}.get(code, "me=")
    message = "x" * 131_072 if code == "message_too_large" else "hello"

    answer = function.send(sender, *SESSIONS, message=message)

    assert answer["code"] == code
    assert faulty.requests == []
    assert function.errors() == []
    check_recovery(function, rows, faulty)


# Credentials.


def test_a_request_is_signed_with_the_credentials_of_its_time(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert send(function) == ACK
    rows.credentials = Credentials("AKIDSECOND", "second-secret", "second-token")
    for name, value in keys_of(rows.credentials).items():
        monkeypatch.setenv(name, value)

    check_recovery(function, rows, faulty)


@pytest.mark.parametrize(
    ("credentials", "wrong"),
    [
        pytest.param(Credentials("AKIDOTHER", *SECRETS), "another key or scope", id="key"),
        pytest.param(Credentials("AKIDFUNCTION", "other", SECRETS[1]), "another signature", id="secret"),
        pytest.param(Credentials("AKIDFUNCTION", SECRETS[0], "other"), "another token", id="token"),
    ],
)
def test_the_server_refuses_wrong_signatures(
    function: MessageFunction, rows: FaultyRows, credentials: Credentials, wrong: str
) -> None:
    rows.credentials = credentials

    answer = send(function)

    assert isinstance(answer, dict)
    assert answer["code"] == "internal"
    assert set(rows.wrong) == {wrong}


# Much to read.


def test_many_sessions_are_read_over_few_http_connections_and_each_once(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint
) -> None:
    sessions = [f"x{number}" for number in range(100)]
    rows.add(*(row(session, f"{session}=") for session in sessions))
    rows.lasting = {"page": "slowly"}

    assert function.send("me=", *sessions) == ack(dict.fromkeys(sessions, 1))
    assert sorted(rows.keys("page")) == sorted(sessions)
    assert rows.keys("next page") == []
    assert 1 < rows.most_open <= 16
    assert sorted(name for _, name, _ in faulty.requests) == sorted(f"{session}=" for session in sessions)


def test_a_large_session_is_read_in_pages_of_a_thousand_rows(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint
) -> None:
    rows.most = 1_000_000
    rows.add(*(row("large", f"{number}=") for number in range(2_500)))

    assert function.send("me=", "large") == ack({"large": 2_500})
    assert (rows.keys("page"), rows.keys("next page")) == (["large"], ["large"] * 2)
    assert {name for _, name, _ in faulty.requests} == {f"{number}=" for number in range(2_500)}
    assert len(faulty.requests) == 2_500
