"""``python -m local publish``, ``who`` and others, when there is no hub, or no answer: one line each."""

import json
import os
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ReadTimeoutError

from local.cli.command_line import main
from local.cli.operators.message_function import MessageFunction
from local.cli.operators.stack import function_of_stack
from local.errors import CannotDo
from tests.support.gateway import RunningGateway
from tests.support.operators import ARN, HI, ME, Run
from tests.support.pools import OBEDIENT
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


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(
            ["--stack", "nothing"],
            "There is no stack nothing in us-east-1. Check its name, --region and --profile.",
            id="no-such-stack",
        ),
        pytest.param(
            ["--stack", "operated", "--region", "eu-west-1"],
            "There is no stack operated in eu-west-1. Check its name, --region and --profile.",
            id="in-another-region",
        ),
        pytest.param(
            ["--stack", "older"],
            "The stack older has no output MessageFunctionArn. It is not a hub, or an older one: deploy it again.",
            id="without-the-output",
        ),
        pytest.param(
            ["--stack", "operated", "--profile", "nobody"],
            "The look-up of the stack operated failed: The config profile (nobody) could not be found. "
            "See aws configure list-profiles.",
            id="no-such-profile",
        ),
        pytest.param(
            ["--region", "eu-west-1"],
            "--region and --profile are for a stack in AWS: name it with --stack.",
            id="a-region-without-a-stack",
        ),
        pytest.param(
            ["--port", "1"],
            "No hub runs at http://127.0.0.1:1/. Start it with make run, or name a stack with --stack.",
            id="no-local-hub",
        ),
    ],
)
def test_a_hub_that_is_not_there_is_one_line(
    stack: str, function: Scripted, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert main(["who", "s1", *arguments]) == 1
    assert capsys.readouterr() == ("", f"{sentence}\n")
    assert function.requests == []


def refusal(code: str, message: str) -> bytes:
    """Return an error in AWS's Query protocol."""
    body = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    return answer(body.encode(), 403)


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        pytest.param("AccessDenied", "", id="not-allowed"),
        pytest.param("ExpiredToken", " Renew your AWS credentials, for example with aws sso login.", id="expired"),
    ],
)
def test_a_look_up_that_is_refused_is_one_line(
    run: Run, function: Scripted, monkeypatch: pytest.MonkeyPatch, code: str, advice: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", function.url)
    ended = run(["who", "s1"], refusal(code, "User: u may not"))
    assert ended == (1, "", f"The look-up of the stack operated is refused with {code}: User: u may not.{advice}\n")
    assert [request["Action"] for request in function.requests] == ["DescribeStacks"]


def test_without_credentials_there_is_one_line(run: Run, function: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert run(["who", "s1"]) == (
        1,
        "",
        "The look-up of the stack operated failed: Unable to locate credentials. "
        "Name a profile with --profile, or run aws configure.\n",
    )


def test_who_asks_is_left_out_if_aws_does_not_say_it(
    run: Run, function: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", function.url)
    status, printed, complaints = run(["who", "s1"], refusal("AccessDenied", "No."), {"online": {}, "offline": ["s1"]})
    assert (status, printed) == (0, "s1  offline\n")
    assert complaints.startswith("The hub's log will not say who asked: An error occurred (AccessDenied)")
    assert function.requests[1:] == [{"hub": "who", "sessions": ["s1"]}]


def test_the_function_of_a_stack_is_the_one_in_its_output(stack: str, function: Scripted) -> None:
    found = function_of_stack(stack, None, None)
    assert (found.name, found.by) == (ARN, ME)


@pytest.mark.parametrize(
    ("region", "found"),
    [pytest.param(None, "eu-west-3", id="without"), pytest.param("eu-west-1", "eu-west-1", id="with")],
)
def test_the_region_may_be_in_the_variable_that_the_aws_cli_reads(
    stack: str, function: Scripted, monkeypatch: pytest.MonkeyPatch, region: str | None, found: str
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    with pytest.raises(CannotDo, match=f"There is no stack operated in {found}"):
        function_of_stack(stack, region, None)


def test_without_a_stack_no_setting_of_aws_counts(
    function: Scripted, gateway: RunningGateway, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    main(["who", "s1", "--port", str(urlsplit(gateway.endpoints["page"]).port)])
    assert "profile" not in capsys.readouterr().err
    assert function.requests == []


def test_a_gateway_of_another_application_is_not_asked(capsys: pytest.CaptureFixture[str]) -> None:
    with RunningGateway.start("--template", str(OBEDIENT)) as other:
        page = other.endpoints["page"]
        assert main(["who", "s1", "--port", str(urlsplit(page).port)]) == 1
    assert capsys.readouterr().err == f"The gateway at {page}/ serves another application than the hub.\n"
