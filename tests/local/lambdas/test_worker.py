"""The environment and the context of a function, its output, and the processes that it starts."""

import json
import os
import re
import sys
import uuid
from dataclasses import replace
from typing import Any

import pytest

from local.lambdas.process import Invocation
from local.lambdas.worker_environment import environment_of
from local.stack.app import Logging
from tests.support.gateway import PATIENCE
from tests.support.pools import RunningPool, obedient, run

ARN = "arn:aws:lambda:us-east-1:123456789012:function:ObedientFunction"


def test_the_environment_comes_from_the_template_lambda_and_the_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEVELOPERS_OWN", "not for functions")
    environment: dict[str, str] = {}

    async def work(running: RunningPool) -> None:
        environment.update(await running.value("environment"))

    variables = {"TEMPLATES_OWN": "for it", "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "https://elsewhere.example"}
    function = replace(obedient(), environment=variables)
    run(work, function, {"AWS_ENDPOINT_URL": "http://127.0.0.1:3003"})
    environment.pop("LC_CTYPE", None)  # Python sets it if the locale is not installed
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", environment.pop("AWS_LAMBDA_LOG_STREAM_NAME"))
    assert re.fullmatch(TRACE, environment.pop("_X_AMZN_TRACE_ID"))
    assert environment == {
        "AWS_ACCESS_KEY_ID": "local-ObedientFunction",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:3003",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.12",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_NAME": "ObedientFunction",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/ObedientFunction",
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
        "AWS_REGION": "eu-west-1",
        "AWS_SECRET_ACCESS_KEY": "localgateway",
        "AWS_SESSION_TOKEN": "localgateway",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "HOME": "/home/sbx_user1051",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LAMBDA_TASK_ROOT": str(function.path[0]),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "PYTHONPATH": "/var/runtime",
        "TEMPLATES_OWN": "for it",
        "TZ": ":UTC",
        "_HANDLER": "obedient.lambda_handler",
    }


@pytest.mark.parametrize(
    ("logging", "variables"),
    [
        pytest.param(Logging(), {"AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/ObedientFunction"}, id="text"),
        pytest.param(
            Logging("JSON", "DEBUG", "mine"),
            {
                "AWS_LAMBDA_LOG_FORMAT": "JSON",
                "AWS_LAMBDA_LOG_GROUP_NAME": "mine",
                "AWS_LAMBDA_LOG_LEVEL": "DEBUG",
            },
            id="json-in-another-log-group",
        ),
    ],
)
def test_the_logging_config_is_in_the_environment(logging: Logging, variables: dict[str, str]) -> None:
    environment = environment_of(replace(obedient(), logging=logging), {})
    stream = environment.pop("AWS_LAMBDA_LOG_STREAM_NAME")
    assert {name: value for name, value in environment.items() if "_LOG_" in name} == variables
    assert ("ObedientFunction[$LATEST]" in stream) == bool(logging.group)


TRACE = "Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0"


@pytest.mark.parametrize(
    ("invocation", "changed"),
    [
        pytest.param(Invocation(), {}, id="of-the-function"),
        pytest.param(Invocation("$LATEST"), {"invoked_function_arn": f"{ARN}:$LATEST"}, id="of-the-latest-version"),
        pytest.param(
            Invocation("live"), {"invoked_function_arn": f"{ARN}:live", "function_version": "7"}, id="of-an-alias"
        ),
        pytest.param(Invocation("3"), {"invoked_function_arn": f"{ARN}:3", "function_version": "3"}, id="of-a-version"),
        pytest.param(
            Invocation(client_context='{"custom": {"a": 1}, "client": {"app_title": "x"}}', tenant_id="blue"),
            {
                "client_context": (
                    "ClientContext([custom={'a': 1},env=None,client=Client([installation_id=None,app_title=x,"
                    "app_version_name=None,app_version_code=None,app_package_name=None])])"
                ),
                "tenant_id": "blue",
            },
            id="with-a-client-context-and-a-tenant",
        ),
    ],
)
def test_the_context_has_the_members_of_lambda_s(invocation: Invocation, changed: dict[str, Any]) -> None:
    async def work(running: RunningPool) -> None:
        order = json.dumps({"do": "describe_context"})
        first, second = [(await running.pool.invoke(order, invocation)).value for _ in range(2)]
        assert 0 < first.pop("remaining") <= PATIENCE * 1000
        assert first["aws_request_id"] != second["aws_request_id"]
        assert first["trace"] != second["trace"]
        assert re.fullmatch(TRACE, first.pop("trace"))
        assert uuid.UUID(first.pop("aws_request_id")).version == 4
        assert "[$LATEST]" in first.pop("log_stream_name")
        assert first == {
            "client_context": "None",
            "function_name": "ObedientFunction",
            "function_version": "$LATEST",
            "identity": "CognitoIdentity([cognito_identity_id=None,cognito_identity_pool_id=None])",
            "invoked_function_arn": ARN,
            "log_group_name": "/aws/lambda/ObedientFunction",
            "memory_limit_in_mb": "512",
            "tenant_id": None,
            **changed,
        }

    run(work, replace(obedient(), aliases={"live": "7"}))


def test_on_linux_a_worker_runs_as_a_batch_process() -> None:
    async def work(running: RunningPool) -> None:
        pid = (await running.value("look"))["pid"]
        assert sys.platform != "linux" or os.sched_getscheduler(pid) == os.SCHED_BATCH

    run(work)


def test_numbers_of_dynamodb_are_returned_as_json_numbers() -> None:
    async def work(running: RunningPool) -> None:
        assert await running.value("answer_decimals") == {"whole": 10, "part": 1.5}

    run(work)


def test_log_lines_have_lambda_s_format_and_the_function_s_levels() -> None:
    async def work(running: RunningPool) -> None:
        await running.value("log")

    time, request = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "[0-9a-f-]{36}"
    one, two = run(work).lines
    assert re.fullmatch(rf"\[INFO\]\t{time}\t{request}\tone", one)
    assert re.fullmatch(rf"\[WARNING\]\t{time}\t{request}\ttwo", two)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        pytest.param('{"statusCode": 200}', {"statusCode": 200}, id="json"),
        pytest.param("not json", "not json", id="not-json"),
    ],
)
def test_a_result_of_bytes_is_taken_as_json(written: str, value: Any) -> None:
    async def work(running: RunningPool) -> None:
        assert await running.value("answer_bytes", **{"with": written}) == value

    run(work)


@pytest.mark.parametrize(
    ("order", "lines"),
    [
        pytest.param({"text": "one\ntwo\n"}, ["one", "two"], id="lines"),
        pytest.param({"text": "no end"}, ["no end"], id="a-line-without-an-end"),
        pytest.param({"text": "\n\n"}, ["", ""], id="empty-lines"),
        pytest.param({"text": "to standard error\n", "to": 2}, ["to standard error"], id="standard-error"),
        pytest.param({"text": "\xff\n"}, ["\N{REPLACEMENT CHARACTER}"], id="bytes-that-are-not-utf-8"),
        pytest.param({"text": "x", "times": 10_000_000}, ["x" * 10_000_000], id="10-mb-in-one-line"),
        pytest.param(
            {"text": "0123456789\n", "times": 1_000_000}, ["0123456789"] * 1_000_000, id="10-mb-in-many-lines"
        ),
    ],
)
def test_every_line_that_a_function_prints_is_shown(order: dict[str, Any], lines: list[str]) -> None:
    async def work(running: RunningPool) -> None:
        assert await running.value("write", **order) == "written"

    assert run(work).lines == lines


def test_a_function_that_prints_10_mb_answers_and_so_does_its_next_event() -> None:
    async def work(running: RunningPool) -> None:
        assert [await running.value("write_much") for _ in range(2)] == ["written", "written"]
        await running.order("exit_at_once")
        assert await running.value("write", text="next") == "written"

    assert [len(line) for line in run(work).lines] == [10_000_000, 10_000_000, 4]


@pytest.mark.parametrize(
    "do",
    [
        pytest.param("fork", id="a-fork-that-hangs"),
        pytest.param("fork_twins", id="a-fork-that-answers-too"),
        pytest.param("spawn", id="another-program"),
    ],
)
def test_a_child_that_a_function_leaves_does_not_disturb_later_events(do: str) -> None:
    async def work(running: RunningPool) -> None:
        assert await running.value(do) == "parent"
        assert [await running.value("answer", **{"with": number}) for number in range(5)] == [0, 1, 2, 3, 4]

    run(work)


@pytest.mark.parametrize(
    "do", [pytest.param("fork", id="forked"), pytest.param("shell", id="with-all-open-files-but-the-channel")]
)
def test_a_worker_that_dies_before_its_child_reports_its_exit_status(do: str) -> None:
    async def work(running: RunningPool) -> None:
        await running.value(do)
        result = await running.order("exit_at_once")
        assert result.error
        assert result.error["errorMessage"] == "Runtime exited with exit status 4"

    run(work)


def test_a_timeout_does_not_wait_for_a_child_in_another_session() -> None:
    children: list[int] = []

    async def work(running: RunningPool) -> None:
        await running.value("spawn", own_session=True)
        children.append((await running.value("look"))["child"])
        assert (await running.order("hang")).error == {
            "errorType": "Sandbox.Timedout",
            "errorMessage": "Task timed out after 2.00 seconds",
        }

    run(work, replace(obedient(), timeout=2.0))
    os.kill(children[0], 9)
