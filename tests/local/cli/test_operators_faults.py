"""``python -m local publish``, ``who`` and others, when the hub refuses or does not answer: one line each."""

import json
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from local.cli.operators.message_function import MessageFunction
from local.errors import CannotDo
from tests.support.operators import ARN, HI, Run
from tests.support.scripted import CLOSED, Scripted, answer, error

BAD = {"type": "error", "code": "bad_request", "message": "sessions[0] is not a session id", "field": "sessions[0]"}


@pytest.mark.parametrize(
    ("arguments", "reply"),
    [
        pytest.param(["who", "a b"], BAD, id="the-invocation"),
        pytest.param([*HI, "1"], {"answers": [BAD]}, id="the-message"),
    ],
)
def test_an_error_of_the_hub_is_one_line_or_its_json(run: Run, arguments: list[str], reply: Any) -> None:
    sentence = "The hub answers bad_request: sessions[0] is not a session id.\n"
    assert run(arguments, reply) == (1, "", sentence)
    status, printed, complaints = run([*arguments, "--json"], reply)
    assert (status, json.loads(printed), complaints) == (1, BAD, "")


def failed(body: bytes) -> bytes:
    """Return Lambda's answer about a function that has failed."""
    return answer(body).replace(b"\r\n", b"\r\nX-Amz-Function-Error: Unhandled\r\n", 1)


LOOK = "Look at the log of MessageFunction (make logs)."


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        pytest.param(
            failed(b'{"errorType": "Sandbox.Timedout", "errorMessage": "Task timed out\\nafter 28.00 s"}'),
            f"MessageFunction failed (Sandbox.Timedout: Task timed out after 28.00 s). {LOOK}",
            id="timeout",
        ),
        pytest.param(failed(b"null"), f"MessageFunction failed (error: null). {LOOK}", id="an-odd-failure"),
        pytest.param(
            {"statusCode": 200, "body": "{}"},
            "The function does not answer as a hub does: "
            '{"statusCode": 200, "body": "{}"}. Is it older than this command?',
            id="a-hub-of-sockets-only",
        ),
        pytest.param(
            answer(b"<html>"),
            "The function does not answer as a hub does: <html>. Is it older than this command?",
            id="not-json",
        ),
        pytest.param(
            answer(b"x" * 300),
            f"The function does not answer as a hub does: {'x' * 200}…. Is it older than this command?",
            id="a-long-answer",
        ),
        pytest.param(
            answer(b""),
            "The function does not answer as a hub does: nothing. Is it older than this command?",
            id="nothing",
        ),
        pytest.param(
            error("AccessDeniedException", "User: u is not authorized to perform: it", 403),
            "The invocation of MessageFunction is refused with AccessDeniedException: User: u is not "
            "authorized to perform: it.",
            id="not-allowed",
        ),
        pytest.param(
            error("TooManyRequestsException", "Rate Exceeded.", 429),
            "The invocation of MessageFunction is "
            "refused with TooManyRequestsException: Rate Exceeded. Nothing was done. Try again in a moment.",
            id="throttled",
        ),
    ],
)
def test_a_function_that_does_not_answer_is_one_line(run: Run, function: Scripted, reply: Any, sentence: str) -> None:
    assert run(["who", "s1"], reply) == (1, "", f"{sentence}\n")
    assert len(function.requests) == 1  # an invocation is never repeated


LOST = f"The hub closed the connection without an answer, and may have done it all the same. {LOOK}"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(["who", "s1"], LOST, id="who"),
        pytest.param([*HI, "1"], f"{LOST} To send the same message again, add --id o-1.", id="publish"),
    ],
)
@pytest.mark.parametrize(
    "reply", [pytest.param(CLOSED, id="nothing"), pytest.param(answer(b"{", missing=1), id="half-an-answer")]
)
def test_a_lost_answer_is_one_line(
    run: Run, function: Scripted, arguments: list[str], sentence: str, reply: bytes
) -> None:
    assert run(arguments, reply) == (1, "", f"{sentence}\n")
    assert len(function.requests) == 1


def test_a_function_that_is_silent_may_have_done_it() -> None:
    class Silent:
        def invoke(self, **_parameters: Any) -> Any:
            raise ReadTimeoutError(endpoint_url="https://lambda.example")

    sentence = "The hub did not answer within 40 seconds, and may have done it all the same. Look at its log."
    with pytest.raises(CannotDo) as ended:
        MessageFunction(Silent(), ARN, "me", log="its log").ask("who", {"sessions": ["s1"]})
    assert str(ended.value) == sentence
