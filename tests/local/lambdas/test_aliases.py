"""Aliases and versions of functions, and what a caller says beside the event: what the function sees of them."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.prober import Prober

ARN = "arn:aws:lambda:us-east-1:123456789012:function:prober"
LOOK = "import os; answer = [context.invoked_function_arn, context.function_version, os.environ['{}']]".format(
    "AWS_LAMBDA_FUNCTION_VERSION"
)


@pytest.fixture(scope="module")
def prober() -> Iterator[Prober]:
    with Prober.start() as started:
        yield started


@pytest.mark.parametrize(
    ("route", "seen"),
    [
        pytest.param("$default", [ARN, "$LATEST", "$LATEST"], id="of-the-function"),
        pytest.param("alias", [f"{ARN}:live", "1", "1"], id="of-the-alias"),
    ],
)
def test_a_function_sees_what_its_route_calls_it_by(prober: Prober, route: str, seen: list[str]) -> None:
    assert prober.run(LOOK, route) == seen


def invoked(prober: Prober, look: str, **options: Any) -> Any:
    """Invoke the function from itself, and return the version that was run, and its answer."""
    payload = json.dumps({"body": json.dumps({"run": look})})
    call = "(answered := boto3.client('lambda').invoke(Payload=payload, **options))"
    found = f"[{call}['ExecutedVersion'], json.loads(json.load(answered['Payload'])['body'])]"
    return prober.evaluate(f"(json := __import__('json')) and {found}", payload=payload, options=options)


@pytest.mark.parametrize(
    ("options", "version", "arn"),
    [
        pytest.param({"FunctionName": "prober"}, "$LATEST", ARN, id="nothing"),
        pytest.param({"FunctionName": "prober", "Qualifier": "live"}, "1", f"{ARN}:live", id="alias"),
        pytest.param({"FunctionName": f"{ARN}:live"}, "1", f"{ARN}:live", id="alias-in-the-arn"),
        pytest.param({"FunctionName": "prober:$LATEST"}, "$LATEST", f"{ARN}:$LATEST", id="latest"),
        pytest.param({"FunctionName": "prober", "Qualifier": "3"}, "3", f"{ARN}:3", id="version"),
    ],
)
def test_a_function_sees_what_it_is_invoked_by(prober: Prober, options: dict[str, str], version: str, arn: str) -> None:
    assert invoked(prober, LOOK, **options) == [version, [arn, version, version]]


def test_an_alias_that_is_not_there_cannot_be_invoked(prober: Prober) -> None:
    kind, text = invoked(prober, LOOK, FunctionName="prober", Qualifier="other")
    assert (kind, text.rpartition(": ")[2]) == ("ResourceNotFoundException", f"{ARN}:other")


def encoded(context: str) -> str:
    return base64.b64encode(context.encode()).decode()


def test_a_caller_s_context_is_the_function_s_client_context(prober: Prober) -> None:
    look = "answer = [context.client_context.custom, context.client_context.client, context.w3c()]"
    context = encoded('{"custom": {"a": [1]}, "w3c": {"traceparent": "00-1", "other": "x"}}')
    expected = [{"a": [1]}, None, {"traceparent": "00-1"}]
    assert invoked(prober, look, FunctionName="prober", ClientContext=context) == ["$LATEST", expected]


@pytest.mark.parametrize(
    "context", [encoded("{"), encoded("[]"), "no base64"], ids=["not-json", "a-list", "not-base64"]
)
def test_a_context_that_is_no_object_is_refused(prober: Prober, context: str) -> None:
    kind, text = invoked(prober, LOOK, FunctionName="prober", ClientContext=context)
    assert kind == "InvalidRequestContentException"
    assert "Client context must be a valid Base64-encoded JSON object" in text
