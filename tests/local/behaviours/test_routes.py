"""Behaviours 2 and 24 to 39: the route of a message, and the reply or the error frame that the client gets."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.api import ERROR_FRAME, Api, Connected
from tests.support.gate import Gate

BARE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Bare:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: bare
      RouteSelectionExpression: $request.body.action
      Routes: { only: { FunctionArn: !GetAtt Only.Arn } }
  Only:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      InlineCode: |
        def handler(event, context):
            print("EVENT", event["body"])
"""


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An API with one route, which is neither $connect nor $default."""
    template = tmp_path_factory.mktemp("bare") / "template.yaml"
    template.write_text(BARE)
    with Api.start(template=Path(template)) as started:
        yield started


def error(frame: str, client: Connected) -> str:
    """Check that a frame is an error frame of API Gateway, and return its message."""
    match = ERROR_FRAME.fullmatch(frame)
    assert match, frame
    assert match[2] == client.connection_id
    assert list(json.loads(frame)) == ["message", "connectionId", "requestId"]
    return match[1]


@pytest.mark.behaviour(2)
def test_2_without_a_connect_route_a_handshake_is_accepted(bare: Api) -> None:
    with bare.connect() as client:
        assert client.socket.response
        assert client.socket.response.status_code == 101


@pytest.mark.behaviour(24, 25, 26)
@pytest.mark.parametrize(
    ("text", "key"),
    [
        pytest.param('{"action": "twoWay"}', "twoWay", id="24-an-exact-match"),
        pytest.param('{"action": "twoway"}', "$default", id="24-another-case"),
        pytest.param("not json", "$default", id="25-not-json"),
        pytest.param("{}", "$default", id="25-no-such-member"),
        pytest.param('{"action": "unknown"}', "$default", id="25-no-such-route"),
        pytest.param("", "$default", id="25-nothing-at-all"),
        pytest.param('{"action": 7}', "7", id="26-a-number"),
        pytest.param('{"action": true}', "true", id="26-a-boolean"),
    ],
)
def test_24_to_26_route_keys_are_compared_with_the_selected_value_as_text(
    client: Connected, text: str, key: str
) -> None:
    event = json.loads(client.ask(text))
    assert (event["requestContext"]["routeKey"], event["body"]) == (key, text)


@pytest.mark.behaviour(27)
def test_27_without_a_match_and_without_default_one_forbidden_frame_comes(bare: Api) -> None:
    with bare.connect() as client:
        for _ in range(2):
            match = ERROR_FRAME.fullmatch(client.ask('{"action": "other"}'))
            assert match
            assert match[1] == "Forbidden"
        client.socket.send('{"action": "only"}')
        bare.gateway.output.wait_for('EVENT {"action": "only"}')
    assert [line for line in bare.gateway.output.lines if "EVENT" in line and "other" in line] == []


@pytest.mark.behaviour(28)
@pytest.mark.parametrize("key", ["$connect", "$disconnect"])
def test_28_no_message_reaches_the_connect_and_disconnect_routes(client: Connected, key: str) -> None:
    context = client.event_of(action=key)["requestContext"]
    assert (context["routeKey"], context["eventType"]) == ("$default", "MESSAGE")


@pytest.mark.behaviour(29, 31)
@pytest.mark.parametrize("action", ["oneWay", "twoWay"])
def test_29_and_31_a_handler_that_raises_is_one_error_frame(api: Api, client: Connected, action: str) -> None:
    frame = client.order(action, "raise")
    assert error(frame, client) == "Internal server error"
    event = api.event("MESSAGE", json.loads(frame)["requestId"])
    assert event["requestContext"]["connectionId"] == client.connection_id
    assert client.is_alive()


@pytest.mark.behaviour(30)
@pytest.mark.parametrize("status", [200, 301, 401, 500])
def test_30_a_one_way_route_sends_nothing_back(client: Connected, status: int) -> None:
    client.send_order("oneWay", "answer", **{"with": {"statusCode": status, "body": "back"}})
    assert client.is_alive()


@pytest.mark.behaviour(32)
@pytest.mark.parametrize("action", ["oneWay", "twoWay"])
def test_32_an_unknown_key_is_an_error_on_any_route(client: Connected, action: str) -> None:
    assert error(client.order(action, "unknown-key"), client) == "Internal server error"
    assert client.is_alive()


@pytest.mark.behaviour(33)
@pytest.mark.parametrize("status", [200, 404, 500])
def test_33_a_two_way_route_sends_the_body_unchanged(client: Connected, status: int) -> None:
    answer = {"statusCode": status, "body": '{ "olá":\n1 }', "headers": {"X": "1"}}
    assert client.order("twoWay", "answer", **{"with": answer}) == '{ "olá":\n1 }'


@pytest.mark.behaviour(34)
def test_34_without_a_route_response_a_route_is_one_way(client: Connected) -> None:
    client.send_order("half", "no-status")
    assert client.is_alive()


@pytest.mark.behaviour(35)
@pytest.mark.parametrize("do", ["no-body", "none"])
def test_35_without_a_body_the_client_gets_an_empty_message(client: Connected, do: str) -> None:
    assert client.order("twoWay", do) == ""
    assert client.is_alive()


@pytest.mark.behaviour(36)
@pytest.mark.parametrize("do", ["object-body", "a-list", "text", "bytes", "text-status"])
def test_36_a_malformed_result_is_an_error(client: Connected, do: str) -> None:
    assert error(client.order("twoWay", do), client) == "Internal server error"
    assert client.is_alive()


@pytest.mark.behaviour(37)
def test_37_after_the_integration_timeout_an_error_comes_and_the_handler_runs_on(
    api: Api, client: Connected, gate: Gate
) -> None:
    frame = client.order("slow", "wait", port=gate.port)
    assert error(frame, client) == "Endpoint request timed out"
    assert client.is_alive()
    gate.open()
    api.gateway.output.wait_for(f"WAITED {re.escape(json.loads(frame)['requestId'])}")
    assert client.is_alive()  # the late result reaches nobody


@pytest.mark.behaviour(38)
def test_38_without_a_permission_the_function_is_not_called(api: Api, client: Connected) -> None:
    assert error(client.order("notAllowed", "event"), client) == "Internal server error"
    assert client.is_alive()
    keys = [event["requestContext"]["routeKey"] for event in api.events_of(client.connection_id)]
    assert "notAllowed" not in keys


@pytest.mark.behaviour(39)
@pytest.mark.parametrize(
    ("message", "fits"),
    [
        pytest.param({"kind": "order", "count": 1}, True, id="as-the-model-says"),
        pytest.param({"kind": "order", "count": "1"}, False, id="another-type"),
        pytest.param({"kind": "order"}, False, id="a-member-missing"),
        pytest.param({"kind": "other", "count": 1}, False, id="no-such-model"),
    ],
)
def test_39_a_message_that_does_not_fit_its_model_does_not_reach_the_function(
    api: Api, client: Connected, message: dict[str, Any], fits: bool
) -> None:
    frame = client.ask(json.dumps({"action": "modelled"} | message))
    if fits:
        assert json.loads(frame)["requestContext"]["routeKey"] == "modelled"
    else:
        message_id = json.loads(frame)["messageId"]
        ids = f'"connectionId": "{client.connection_id}", "messageId": "{message_id}"'
        assert frame == f'{{"message" : "Bad request body", {ids}}}'
        assert client.is_alive()
        assert f'"routeKey": "modelled", "messageId": "{message_id}"' not in api.gateway.output.text
