"""What DynamoDB's answers mean: which faults pass, and what the error says."""

import json

import botocore.session
import pytest
from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker

from delivery.dynamodb_answers import ADVICE, CONDITION_FAILED, ENDPOINT, PASSING, REFUSED, DynamoDBError, result_of
from delivery.http.exchange import Response

QUOTED = "a text that no log may quote"


def error_of(response: Response) -> DynamoDBError:
    """Return the error that a response means."""
    with pytest.raises(DynamoDBError) as caught:
        result_of(response, lambda content: content["Items"])
    return caught.value


def refusal(code: object, status: int = 400, request_id: str = "") -> Response:
    return Response(status, body=json.dumps({"__type": code, "message": QUOTED}).encode(), request_id=request_id)


# Which faults pass.


def test_what_botocore_repeats_passes_and_hardly_anything_else() -> None:
    throttled, transient = vars(ThrottledRetryableChecker), vars(TransientRetryableChecker)
    shapes = botocore.session.get_session().get_service_model("dynamodb").error_shapes
    modelled = {shape.name for shape in shapes if "retryable" in shape.metadata}
    theirs = {*throttled["_THROTTLED_ERROR_CODES"], *transient["_TRANSIENT_ERROR_CODES"], *modelled}
    assert theirs | {"InternalServerError"} == PASSING
    for code in PASSING:
        assert error_of(refusal(f"com.amazonaws.dynamodb.v20120810#{code}")).may_pass
        assert error_of(refusal(code)).code == code
    for status in transient["_TRANSIENT_STATUS_CODES"]:
        assert error_of(refusal("ValidationException", status)).may_pass
        assert error_of(Response(status, body=b"<html>")).may_pass
        assert error_of(Response(status)).may_pass


@pytest.mark.parametrize("code", sorted({CONDITION_FAILED, "ValidationException", "Unheard", *ADVICE} - PASSING))
def test_any_other_refusal_does_not_pass(code: str) -> None:
    error = error_of(refusal(f"com.amazon.coral.service#{code}"))
    assert (error.code, error.may_pass) == (code, False)


# What the error says.


@pytest.mark.parametrize("code", sorted({*ADVICE, *PASSING, CONDITION_FAILED, "ValidationException"}))
def test_the_error_names_itself_and_its_request_and_says_what_to_check(code: str) -> None:
    error = error_of(refusal(f"com.amazonaws.dynamodb.v20120810#{code}", request_id="1HOPG5T4RCUEJ6H6KHNE"))
    advice = ADVICE.get(code, REFUSED)
    assert str(error) == f"{code} (HTTP 400, request 1HOPG5T4RCUEJ6H6KHNE): {advice}"
    assert "check" in advice or code not in ADVICE


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(f"<html>{QUOTED}</html>".encode(), id="a-page"),
        pytest.param(f'["{QUOTED}"]'.encode(), id="a-list"),
        pytest.param(f'"{QUOTED}"'.encode(), id="a-text"),
        pytest.param(b"[]", id="an-empty-list"),
        pytest.param(b"null", id="null"),
        pytest.param(b'{"__type":null}', id="no-type"),
        pytest.param(b'{"__type":["a"]}', id="an-odd-type"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b"1" * 5_000, id="a-long-number"),
        pytest.param(b"\xff", id="not-utf-8"),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 404, 503])
def test_an_answer_that_is_not_of_dynamodb_is_said_so(status: int, body: bytes) -> None:
    with pytest.raises(DynamoDBError) as caught:
        result_of(Response(status, body=body), lambda content: content["Items"])
    assert str(caught.value) == f"not an answer from DynamoDB (HTTP {status}, request without an id): {ENDPOINT}"
    assert (caught.value.code, caught.value.may_pass) == ("", True)
    assert caught.value.__suppress_context__, "a traceback would show the error of the parser, which may quote"


@pytest.mark.parametrize("code", [QUOTED, f"a#{QUOTED}", "x" * 81, "naïve", "", "a\n"])
def test_the_error_quotes_nothing_that_could_be_any_text(code: str) -> None:
    error = error_of(refusal(code, request_id=QUOTED))
    assert (error.code, error.may_pass) == ("", False)
    assert str(error) == f"an error without a name (HTTP 400, request without an id): {REFUSED}"
