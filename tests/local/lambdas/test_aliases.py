"""What a function sees of the alias or version that it is called by, and of the caller's client context."""

import base64
import json
from typing import Any

import pytest

from tests.support.prober import Prober

ARN = "arn:aws:lambda:us-east-1:123456789012:function:prober"
READ_VERSION = "import os; answer = [context.invoked_function_arn, context.function_version, os.environ['{}']]".format(
    "AWS_LAMBDA_FUNCTION_VERSION"
)


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        pytest.param("$default", [ARN, "$LATEST", "$LATEST"], id="function"),
        pytest.param("alias", [f"{ARN}:live", "1", "1"], id="alias"),
    ],
)
def test_a_function_sees_the_alias_that_its_route_calls(
    default_prober: Prober, route: str, expected: list[str]
) -> None:
    assert default_prober.run(READ_VERSION, route) == expected


def invoked(default_prober: Prober, source: str, **options: Any) -> Any:
    """Invoke the function from itself, and return the version that ran and its answer."""
    payload = json.dumps({"body": json.dumps({"run": source})})
    call = "(answered := boto3.client('lambda').invoke(Payload=payload, **options))"
    answer = f"[{call}['ExecutedVersion'], json.loads(json.load(answered['Payload'])['body'])]"
    return default_prober.evaluate(f"(json := __import__('json')) and {answer}", payload=payload, options=options)


@pytest.mark.parametrize(
    ("options", "version", "arn"),
    [
        pytest.param({"FunctionName": "prober"}, "$LATEST", ARN, id="name-alone"),
        pytest.param({"FunctionName": "prober", "Qualifier": "live"}, "1", f"{ARN}:live", id="alias"),
        pytest.param({"FunctionName": f"{ARN}:live"}, "1", f"{ARN}:live", id="alias-in-the-arn"),
        pytest.param({"FunctionName": "prober:$LATEST"}, "$LATEST", f"{ARN}:$LATEST", id="latest"),
        pytest.param({"FunctionName": "prober", "Qualifier": "1"}, "1", f"{ARN}:1", id="version"),
    ],
)
def test_a_function_sees_the_qualifier_that_it_is_invoked_with(
    default_prober: Prober, options: dict[str, str], version: str, arn: str
) -> None:
    assert invoked(default_prober, READ_VERSION, **options) == [version, [arn, version, version]]


@pytest.mark.parametrize("qualifier", [pytest.param("other", id="alias"), pytest.param("2", id="version")])
def test_an_unknown_alias_or_version_cannot_be_invoked(default_prober: Prober, qualifier: str) -> None:
    kind, text = invoked(default_prober, READ_VERSION, FunctionName="prober", Qualifier=qualifier)
    assert (kind, text.rpartition(": ")[2]) == ("ResourceNotFoundException", f"{ARN}:{qualifier}")


def encoded(context: str) -> str:
    return base64.b64encode(context.encode()).decode()


def test_a_caller_s_context_is_the_function_s_client_context(default_prober: Prober) -> None:
    source = "answer = [context.client_context.custom, context.client_context.client, context.w3c()]"
    context = encoded('{"custom": {"a": [1]}, "w3c": {"traceparent": "00-1", "other": "x"}}')
    expected = [{"a": [1]}, None, {"traceparent": "00-1"}]
    assert invoked(default_prober, source, FunctionName="prober", ClientContext=context) == ["$LATEST", expected]


@pytest.mark.parametrize(
    "context", [encoded("{"), encoded("[]"), "no base64"], ids=["not-json", "a-list", "not-base64"]
)
def test_a_context_that_is_not_a_json_object_is_refused(default_prober: Prober, context: str) -> None:
    kind, text = invoked(default_prober, READ_VERSION, FunctionName="prober", ClientContext=context)
    assert kind == "InvalidRequestContentException"
    assert "Client context must be a valid Base64-encoded JSON object" in text
