"""What a worker passes to a handler, and makes of its log lines and results."""

import json
import os
import re
import sys
import uuid
from dataclasses import replace
from typing import Any

import pytest

from local.lambdas.process import Invocation
from tests.support.gateway import PATIENCE
from tests.support.pools import RunningPool, obedient, run

ARN = "arn:aws:lambda:us-east-1:123456789012:function:ObedientFunction"
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
