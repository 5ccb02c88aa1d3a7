"""``python -m local publish``, ``who`` and others find the hub, or say in one line why not."""

import os
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from local.cli.command_line import main
from local.cli.operators.local_hub import function_of_gateway
from local.cli.operators.stack import function_of_stack
from local.errors import CannotDo
from tests.support.gateway import RunningGateway
from tests.support.operators import ARN, ME, Run
from tests.support.pools import OBEDIENT
from tests.support.scripted import Scripted, answer


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


def nobody() -> str:
    raise KeyError("getpwuid(): uid not found: 1234")


@pytest.mark.parametrize(
    ("user", "by"),
    [
        pytest.param(lambda: "ann", "local:ann", id="a-name"),
        pytest.param(nobody, "local:unknown", id="no-name"),
    ],
)
def test_a_local_hub_is_told_the_user_s_name(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch, user: Callable[[], str], by: str
) -> None:
    monkeypatch.setattr("getpass.getuser", user)
    page = urlsplit(gateway.endpoints["page"])
    assert page.hostname
    assert page.port
    assert function_of_gateway(page.hostname, page.port).by == by


def test_a_gateway_of_another_application_is_not_asked(capsys: pytest.CaptureFixture[str]) -> None:
    with RunningGateway.start("--template", str(OBEDIENT)) as other:
        page = other.endpoints["page"]
        assert main(["who", "s1", "--port", str(urlsplit(page).port)]) == 1
    assert capsys.readouterr().err == f"The gateway at {page}/ serves another application than the hub.\n"
