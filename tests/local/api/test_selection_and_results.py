"""Selection expressions choose routes and models, and results of functions are accepted or refused."""

import json
from typing import Any

import pytest

from local.api.results import Answer, Malformed, error_frame, read_result
from local.api.selection import fits, select
from local.lambdas.process import Result
from local.stack.app import Models, Route
from local.stack.integration_types import MockIntegration

ACTION = "$request.body.action"


def routes(*keys: str) -> dict[str, Route]:
    return {key: Route(key, MockIntegration(), two_way=False) for key in keys}


ALL = routes("$connect", "$disconnect", "$default", "sendMessage", "7", "true", "1.5")


@pytest.mark.parametrize(
    ("body", "key"),
    [
        pytest.param('{"action":"sendMessage"}', "sendMessage", id="a-route-key"),
        pytest.param('{"x":1,"action":"sendMessage","y":2}', "sendMessage", id="among-other-members"),
        pytest.param('{"action":"SendMessage"}', "$default", id="another-case"),
        pytest.param('{"action":"sendMessage "}', "$default", id="a-space-at-the-end"),
        pytest.param('{"action":"other"}', "$default", id="no-such-route"),
        pytest.param('{"action":7}', "7", id="a-number"),
        pytest.param('{"action":1.5}', "1.5", id="a-fraction"),
        pytest.param('{"action":true}', "true", id="a-boolean-value"),
        pytest.param('{"action":null}', "$default", id="null"),
        pytest.param('{"action":{"a":1}}', "$default", id="an-object"),
        pytest.param('{"action":["sendMessage"]}', "$default", id="a-list"),
        pytest.param("{}", "$default", id="no-action"),
        pytest.param("[]", "$default", id="not-an-object"),
        pytest.param('"sendMessage"', "$default", id="only-a-string"),
        pytest.param("sendMessage", "$default", id="not-json"),
        pytest.param("", "$default", id="empty"),
        pytest.param('{"action":"$connect"}', "$default", id="the-connect-route"),
        pytest.param('{"action":"$disconnect"}', "$default", id="the-disconnect-route"),
        pytest.param('{"action":"$default"}', "$default", id="the-default-route-by-name"),
        pytest.param("[" * 100_000, "$default", id="too-deep-to-parse"),
        pytest.param('{"action":' + "9" * 5000 + "}", "$default", id="a-number-too-long-to-parse"),
    ],
)
def test_a_message_takes_the_route_that_its_action_names(body: str, key: str) -> None:
    assert select(ACTION, ALL, body) == ALL[key]


def test_an_action_may_be_nested_at_any_depth() -> None:
    # The limits of Python's parser and of its serialiser differ a little.
    for depth in range(900, 3_000):
        assert select(ACTION, ALL, f'{{"action":{"[" * depth}{"]" * depth}}}') == ALL["$default"]


@pytest.mark.parametrize(
    ("expression", "key"),
    [
        pytest.param("$request.body.action", "a", id="without-braces"),
        pytest.param("${request.body.action}", "a", id="with-braces"),
        pytest.param("$request.body.room.name", "r", id="a-path"),
        pytest.param("${request.body.room.name}/${request.body.action}", "r/a", id="two-variables"),
        pytest.param("${request.body.action}${request.body.missing}", "a", id="a-missing-one-is-empty"),
        pytest.param("v1-${request.body.action}", "v1-a", id="with-text"),
        pytest.param("$request.body.action.deeper", "$default", id="a-path-into-text"),
    ],
)
def test_selection_expressions(expression: str, key: str) -> None:
    known = routes("a", "r", "r/a", "v1-a", "$default")
    assert select(expression, known, '{"action": "a", "room": {"name": "r"}}') == known[key]


def test_without_a_default_route_a_message_may_have_none() -> None:
    assert select(ACTION, routes("sendMessage"), '{"action":"other"}') is None
    assert select(ACTION, routes("$connect"), '{"action":"$connect"}') is None


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        pytest.param({"statusCode": 200, "body": "text"}, Answer(200, {}, "text"), id="status-and-body"),
        pytest.param({"statusCode": "404"}, Answer(404, {}, ""), id="status-as-text"),
        pytest.param({"statusCode": 599}, Answer(599, {}, ""), id="the-highest-status"),
        pytest.param({"body": "text"}, Answer(None, {}, "text"), id="no-status"),
        pytest.param({"statusCode": 200, "body": None}, Answer(200, {}, ""), id="body-null"),
        pytest.param({}, Answer(None, {}, ""), id="an-empty-object"),
        pytest.param(None, Answer(None, {}, ""), id="nothing"),
        pytest.param(
            {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "hub.v1", "X-N": 1}},
            Answer(200, {"sec-websocket-protocol": "hub.v1", "x-n": "1"}, ""),
            id="headers-in-lower-case",
        ),
        pytest.param(
            {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": None}}, Answer(200, {}, ""), id="a-header-null"
        ),
        pytest.param({"statusCode": 200, "headers": None}, Answer(200, {}, ""), id="headers-null"),
        pytest.param(
            {"statusCode": 200, "headers": {}, "multiValueHeaders": {}, "body": "", "isBase64Encoded": False},
            Answer(200, {}, ""),
            id="every-key-that-is-allowed",
        ),
    ],
)
def test_results_that_api_gateway_accepts(value: Any, answer: Answer) -> None:
    assert read_result(Result(value)) == answer


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        pytest.param(
            Result(error={"errorType": "KeyError", "errorMessage": "'x'", "stackTrace": []}),
            "KeyError: 'x'",
            id="the-function-raised",
        ),
        pytest.param(Result([]), "malformed result: a list instead of an object", id="a-list"),
        pytest.param(Result("text"), "malformed result: a str instead of an object", id="text"),
        pytest.param(Result(False), "malformed result: a bool instead of an object", id="a-boolean"),
        pytest.param(
            Result({"statusCode": 200, "data": 1, "action": 2}),
            "malformed result: unknown keys action, data",
            id="unknown-keys",
        ),
        pytest.param(
            Result({"statusCode": 200, "body": {"a": 1}}),
            "malformed result: the body is a dict instead of a string",
            id="body-an-object",
        ),
        pytest.param(
            Result({"statusCode": 200, "body": 7}),
            "malformed result: the body is a int instead of a string",
            id="body-a-number",
        ),
        pytest.param(
            Result({"statusCode": 200, "headers": ["a"]}),
            "malformed result: the headers are a list instead of an object",
            id="headers-a-list",
        ),
        pytest.param(Result({"statusCode": None}), "malformed result: the statusCode is None", id="status-null"),
        pytest.param(Result({"statusCode": True}), "malformed result: the statusCode is True", id="status-a-boolean"),
        pytest.param(
            Result({"statusCode": 200.0}), "malformed result: the statusCode is 200.0", id="status-a-fraction"
        ),
        pytest.param(Result({"statusCode": "OK"}), "malformed result: the statusCode is 'OK'", id="status-a-word"),
        pytest.param(Result({"statusCode": "٢٠٠"}), "malformed result: the statusCode is '٢٠٠'", id="other-digits"),
        pytest.param(Result({"statusCode": -200}), "malformed result: the statusCode is -200", id="status-negative"),
        pytest.param(Result({"statusCode": 101}), "malformed result: the statusCode is 101", id="status-below-200"),
        pytest.param(Result({"statusCode": 600}), "malformed result: the statusCode is 600", id="status-above-599"),
        pytest.param(Result({"statusCode": 10**9}), "malformed result: the statusCode is 1000000000", id="status-huge"),
    ],
)
def test_results_that_api_gateway_takes_for_malformed(result: Result, reason: str) -> None:
    with pytest.raises(Malformed) as raised:
        read_result(result)
    assert str(raised.value) == reason


def test_an_error_frame_has_api_gateway_s_order_and_spacing() -> None:
    frame = error_frame("Internal server error", "eHrdFcnvvHcCE-w=", "eHrjDEuVPHcFWMg=")
    assert frame == (
        '{"message": "Internal server error", "connectionId":"eHrdFcnvvHcCE-w=", "requestId":"eHrjDEuVPHcFWMg="}'
    )
    assert list(json.loads(frame)) == ["message", "connectionId", "requestId"]


def test_a_number_too_large_for_its_model_does_not_fit() -> None:
    schema = {"properties": {"n": {"multipleOf": 0.1}}}
    assert not fits(Models("$request.body.action", {"$default": schema}), f'{{"n": {10**400}}}')
