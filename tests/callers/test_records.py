"""Records of the queue: one is done unless another attempt may help, and a malformed one goes to the dead letters."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from hub.event_kinds import QUEUE_SERVICE
from tests.support.faulty import FaultyEndpoint
from tests.support.faulty_rows import FaultyRows
from tests.support.message_functions import MessageFunction, counted, message_function
from tests.support.scripted import CLOSED, Scripted, answer, error, scripted
from tests.support.stored_history import HISTORY

TAKEN = answer(b'{"MessageId": "1"}')
TEXT = "as-it-was-told-in-confidence"
URL = "https://sqs.us-east-1.amazonaws.com/123456789012/dead-letters"

MALFORMED = [
    pytest.param(f" {TEXT}é\n", "bad_json", id="not-json"),
    pytest.param("", "bad_json", id="empty"),
    pytest.param(f'["{TEXT}"]', "bad_json", id="a-list"),
    pytest.param(f'{{"sessions": ["s1"], "message": "{TEXT}", "message": 1}}', "bad_json", id="a-duplicate-member"),
    pytest.param(f'{{"sessions": ["s1"], "message": ["{TEXT}", NaN]}}', "bad_json", id="nan"),
    pytest.param('{"sessions": ["s1"], "message": "\\ud800"}', "bad_json", id="a-lone-surrogate"),
    pytest.param(f'{{"message": "{TEXT}"}}', "bad_request", id="no-sessions"),
    pytest.param('{"sessions": ["s1"], "message": 1, "from": "#orders"}', "bad_request", id="a-false-sender"),
    pytest.param('{"Records": [{"eventSource": "aws:s3"}]}', "bad_request", id="a-notification-of-s3"),
    pytest.param(f'{{"sessions": ["s1"], "message": "{"x" * 131_072}"}}', "message_too_large", id="too-large"),
]


def record(*sessions: str, message_id: str = "queue-1", body: str | None = None, **members: Any) -> dict[str, Any]:
    message = {"sessions": list(sessions), "message": TEXT, "id": "o-1"} | members
    text = json.dumps(message) if body is None else body
    return {"eventSource": QUEUE_SERVICE, "messageId": message_id, "body": text, "attributes": {}}


def failed(function: MessageFunction, *records: dict[str, Any], remaining_ms: int = 28_000) -> list[str]:
    """Return the ids of the records that SQS must deliver again."""
    answer = function.invoke({"Records": list(records)}, remaining_ms)
    assert answer.keys() == {"batchItemFailures"}
    assert {*map(len, answer["batchItemFailures"])} <= {1}
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def posted(faulty: FaultyEndpoint) -> list[tuple[str, Any]]:
    return [(name, json.loads(body)) for _, name, body in faulty.requests]


@pytest.fixture
def sqs() -> Iterator[Scripted]:
    """An SQS that takes everything."""
    with scripted() as served:
        served.last = TAKEN
        yield served


@pytest.fixture
def with_queue(rows: FaultyRows, faulty: FaultyEndpoint, sqs: Scripted) -> Iterator[MessageFunction]:
    """MessageFunction with a queue for dead letters."""
    with message_function(rows, faulty, DEAD_LETTERS_URL=URL, AWS_ENDPOINT_URL_SQS=sqs.url) as started:
        yield started


def test_a_record_is_delivered_and_done(with_queue: MessageFunction, faulty: FaultyEndpoint, sqs: Scripted) -> None:
    assert failed(with_queue, record("s1", "s2", **{"from": "orders"})) == []
    assert sorted((name, body["session"], body["from"], body["id"]) for name, body in posted(faulty)) == [
        ("a=", "s1", "#orders", "o-1"),
        ("b=", "s1", "#orders", "o-1"),
        ("c=", "s2", "#orders", "o-1"),
    ]
    assert sqs.requests == []


def test_a_record_for_nobody_is_done(with_queue: MessageFunction, faulty: FaultyEndpoint, sqs: Scripted) -> None:
    faulty.scripts = {"c=": ["410"]}
    assert failed(with_queue, record("nobody"), record("s2", message_id="all-gone")) == []
    assert sqs.requests == []


@pytest.mark.parametrize(
    ("sessions", "is_done"),
    [
        pytest.param(["s2"], False, id="nobody-got-it"),
        pytest.param(["s2", "s2", "nobody"], False, id="nobody-got-it-and-somebody-is-offline"),
        pytest.param(["unreadable"], False, id="a-session-cannot-be-read"),
        pytest.param(["unreadable", "s2"], False, id="neither"),
        pytest.param(["s2", "s1"], True, id="somebody-got-it"),
        pytest.param(["unreadable", "s1"], True, id="somebody-got-it-and-a-session-cannot-be-read"),
    ],
)
def test_a_record_fails_only_if_another_attempt_may_help_and_nobody_has_got_it(
    with_queue: MessageFunction,
    rows: FaultyRows,
    faulty: FaultyEndpoint,
    sqs: Scripted,
    sessions: list[str],
    is_done: bool,
) -> None:
    faulty.scripts = {"c=": ["403"]}
    rows.lasting = {"page unreadable": "AccessDeniedException"}
    assert failed(with_queue, record(*sessions)) == ([] if is_done else ["queue-1"])
    assert sqs.requests == []


@pytest.mark.parametrize(("body", "code"), MALFORMED)
def test_a_malformed_record_goes_to_the_dead_letters_unchanged_and_is_done(
    with_queue: MessageFunction, faulty: FaultyEndpoint, sqs: Scripted, body: str, code: str
) -> None:
    assert failed(with_queue, record(body=body)) == []
    assert sqs.requests == [{"QueueUrl": URL, "MessageBody": body}]
    assert faulty.requests == []
    (line,) = with_queue.lines()
    assert [line[name] for name in ("level", "message", "code", "record")] == ["WARNING", "refused", code, "queue-1"]
    assert TEXT not in json.dumps(line)


@pytest.mark.parametrize(("body", "code"), MALFORMED[:1])
def test_without_a_queue_for_dead_letters_a_malformed_record_fails(
    function: MessageFunction, body: str, code: str
) -> None:
    assert failed(function, record(body=body)) == ["queue-1"]
    assert [(line["level"], line["code"]) for line in function.lines()] == [("WARNING", code)]


@pytest.mark.usefixtures("no_backoff")
@pytest.mark.parametrize(
    ("said", "exception"),
    [
        pytest.param(error("AccessDeniedException", TEXT), "AccessDeniedException", id="refused"),
        pytest.param(error("QueueDoesNotExist", TEXT), "QueueDoesNotExist", id="no-such-queue"),
        pytest.param(error("ServiceUnavailable", TEXT, 503), "ServiceUnavailable", id="unavailable"),
        pytest.param(CLOSED, "ConnectionClosedError", id="closed"),
    ],
)
def test_a_malformed_record_fails_if_it_cannot_be_put_among_the_dead_letters(
    with_queue: MessageFunction,
    sqs: Scripted,
    said: bytes,
    exception: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sqs.last = said
    assert failed(with_queue, record(body=TEXT)) == ["queue-1"]
    warning, line = with_queue.lines()
    assert (warning["level"], warning["message"]) == ("WARNING", "refused")
    assert (line["level"], line["message"], line["record"]) == ("ERROR", "failed", "queue-1")
    assert exception in line["exception"]
    assert TEXT not in json.dumps(line)
    assert counted(capsys) == [{"Refused": 1, "Faults": 1}]

    sqs.last = TAKEN
    assert failed(with_queue, record(body=TEXT)) == []


def test_a_fault_of_the_hub_fails_the_record(
    with_queue: MessageFunction, sqs: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_arguments: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(with_queue.module.FAN_OUT, "delivery", breaks)
    assert failed(with_queue, record("s1")) == ["queue-1"]
    assert with_queue.errors() == ["failed"]
    assert sqs.requests == []


def test_without_time_a_record_fails_and_is_not_begun(with_queue: MessageFunction, faulty: FaultyEndpoint) -> None:
    assert failed(with_queue, record("s1"), remaining_ms=1_050) == ["queue-1"]
    assert faulty.requests == []


def test_a_record_without_an_id_has_the_same_one_when_it_is_delivered_again(
    with_queue: MessageFunction, faulty: FaultyEndpoint
) -> None:
    body = json.dumps({"sessions": ["s2"], "message": 1})
    faulty.scripts = {"c=": ["403"]}
    assert failed(with_queue, record(message_id="queue-7", body=body)) == ["queue-7"]
    assert failed(with_queue, record(message_id="queue-7", body=body)) == []
    assert [body["id"] for _, body in posted(faulty)] == ["queue-7", "queue-7"]


def test_one_record_of_a_batch_spoils_no_other(
    with_queue: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint, sqs: Scripted
) -> None:
    rows.lasting = {"page unreadable": "AccessDeniedException"}
    batch = [
        record("s2", message_id="1", id="first"),
        record(message_id="2", body=TEXT),
        record("unreadable", message_id="3"),
        record("nobody", message_id="4"),
        record("unreadable", message_id="5"),
        record("s2", message_id="6", id="last"),
    ]
    assert failed(with_queue, *batch) == ["3", "5"]
    assert [body["id"] for _, body in posted(faulty)] == ["first", "last"]
    assert [request["MessageBody"] for request in sqs.requests] == [TEXT]


def test_each_line_of_a_batch_says_which_record_it_is_about(with_queue: MessageFunction) -> None:
    failed(
        with_queue, record("s2", message_id="1"), record(message_id="2", body=TEXT), record("nobody", message_id="3")
    )
    names = ("message", "record", "message_id")
    assert [tuple(line.get(name) for name in names) for line in with_queue.lines()] == [
        ("sent", "1", "o-1"),
        ("refused", "2", None),
        ("sent", "3", "o-1"),
    ]


def test_an_empty_batch_is_done(with_queue: MessageFunction) -> None:
    assert failed(with_queue) == []


def test_a_batch_with_a_record_of_another_service_is_refused_as_a_whole(
    with_queue: MessageFunction, faulty: FaultyEndpoint, sqs: Scripted
) -> None:
    answer = with_queue.invoke({"Records": [record("s1"), record("s1") | {"eventSource": "aws:sns"}]})
    assert (answer["type"], answer["code"], answer["field"]) == ("error", "bad_request", "Records")
    assert (faulty.requests, sqs.requests) == ([], [])


def test_a_record_is_stored_and_counted_as_published(
    with_history: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failed(with_history, record("s2"), record("s-offline", message_id="2")) == []
    ((_, body),) = posted(faulty)
    assert rows.history.numbers("s2") == [body["seq"]]
    assert len(rows.history.numbers("s-offline")) == 1
    assert [(counts["Published"], counts["Stored"]) for counts in counted(capsys)] == [(1, 1), (1, 1)]


def test_a_record_that_could_not_be_stored_fails(
    rows: FaultyRows, faulty: FaultyEndpoint, with_history: MessageFunction
) -> None:
    rows.lasting = {"store": "AccessDeniedException"}
    assert failed(with_history, record("s2")) == ["queue-1"]
    assert (faulty.requests, HISTORY in str(rows.asked)) == ([], False)


def test_after_a_fault_outside_of_the_records_sqs_keeps_all_of_them(
    function: MessageFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(function.module, "_records", None)  # as if its import failed
    assert failed(function, record("s1", message_id="queue-1"), record("s1", message_id="queue-2")) == [
        "queue-1",
        "queue-2",
    ]
    assert function.errors() == ["failed"]
