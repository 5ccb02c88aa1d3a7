"""The queue for dead letters: SQS gets a body unchanged, or there is an error in time."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from callers.dead_letters import CONFIG, WITHIN, DeadLetters
from hub.asking import NoAnswer
from tests.support.scripted import CLOSED, DRIPS, SILENT, Scripted, answer, error, scripted

TAKEN = answer(b'{"MessageId": "1"}')
URL = "https://sqs.us-east-1.amazonaws.com/123456789012/dead-letters"


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    with scripted() as served:
        served.last = TAKEN
        monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", served.url)
        yield served


@pytest.mark.parametrize("body", ["hello", "é\n\x00", '{"a": 1}', "x" * 262_144], ids=["text", "odd", "json", "long"])
def test_a_body_goes_to_the_queue_unchanged(sqs: Scripted, body: str) -> None:
    DeadLetters(URL).put(body)
    assert sqs.requests == [{"QueueUrl": URL, "MessageBody": body}]


@pytest.mark.usefixtures("no_backoff")
@pytest.mark.parametrize(
    "fault", [error("ThrottlingException"), error("InternalError", status=500), CLOSED], ids=["429", "500", "closed"]
)
def test_a_fault_that_passes_is_not_noticed(sqs: Scripted, fault: bytes) -> None:
    sqs.script = [fault, fault]
    DeadLetters(URL).put("hello")
    assert [request["MessageBody"] for request in sqs.requests] == ["hello"] * 3


def test_a_refusal_is_an_error_at_once(sqs: Scripted) -> None:
    sqs.last = error("AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDenied"):
        DeadLetters(URL).put("hello")
    assert len(sqs.requests) == 1


@pytest.mark.parametrize("said", [SILENT, DRIPS], ids=["silent", "drips"])
def test_an_answer_that_does_not_come_is_an_error_in_time(sqs: Scripted, said: bytes) -> None:
    sqs.last = said
    with pytest.raises(NoAnswer):
        DeadLetters(URL, within=0.05).put("hello")


def test_a_record_has_time_for_two_lost_requests_before_the_function_ends() -> None:
    assert 2 * CONFIG.read_timeout < WITHIN < 28 / 2  # type: ignore[attr-defined]  # botocore sets it by name
