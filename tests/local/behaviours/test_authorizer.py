"""Behaviours 9, 10, 15 and 23: a Lambda authorizer on ``$connect``. Also AWS_IAM and API keys."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.api import TAGS, Api, policy

GUARDED = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Guarded:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: test
      RouteSelectionExpression: $request.body.action
      Routes:
        $connect: { FunctionArn: !GetAtt Connect.Arn }
        $disconnect: { FunctionArn: !GetAtt Connect.Arn }
        $default: { FunctionArn: !GetAtt Connect.Arn }
      Auth:
        AuthType: CUSTOM
        AuthArn: !GetAtt Authorizer.Arn
        IdentitySource: [route.request.querystring.policy, route.request.header.X-Who]
  Connect:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      InlineCode: |
        import json
        def handler(event, context):
            print("EVENT", json.dumps(event))
            return {"statusCode": 200}
  Authorizer:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      InlineCode: |
        import json
        def handler(event, context):
            print("ASKED", json.dumps(event))
            policy = event["queryStringParameters"]["policy"]
            if policy == "raise":
                raise Exception(event["headers"]["X-Who"])
            return json.loads(policy.replace("ARN", event["methodArn"]))
"""


DENIED_AND_ALLOWED = {
    "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": ["execute-api:Invoke"], "Resource": ["arn:aws:execute-api:*/$connect"]},
    ]
}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    template = tmp_path_factory.mktemp("guarded") / "template.yaml"
    template.write_text(GUARDED)
    with Api.start(template=template) as started:
        yield started


@pytest.mark.behaviour(9)
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(policy("Deny"), id="denied"),
        pytest.param(
            policy(resource="arn:aws:execute-api:us-east-1:123456789012:localapi00/test/*/*"),
            id="the-routes-of-messages",
        ),
        pytest.param(policy(resource="arn:aws:execute-api:us-east-1:123456789012:other/*"), id="another-api"),
        pytest.param(policy(policyDocument=DENIED_AND_ALLOWED), id="a-deny-and-an-allow"),
    ],
)
def test_9_a_policy_that_does_not_allow_the_handshake_refuses_with_403(guarded: Api, answer: str) -> None:
    tag = next(TAGS)
    assert guarded.refused("", [("X-Who", "me")], policy=answer, tag=tag).status_code == 403
    guarded.gateway.output.wait_for(f'ASKED .*"{tag}"')
    assert not [line for line in guarded.gateway.output.lines if "EVENT" in line and f'"{tag}"' in line]


@pytest.mark.behaviour(9)
@pytest.mark.parametrize(
    "resource",
    [
        pytest.param("ARN", id="the-arn"),
        pytest.param("*", id="everything"),
        pytest.param(["x", "arn:aws:execute-api:us-east-?:*:localapi00/test/*"], id="with-wildcards"),
        pytest.param("arn:aws:execute-api:ap-south-1:111122223333:localapi00/test/*", id="of-another-account"),
    ],
)
def test_9_a_policy_that_allows_the_handshake_opens_the_connection(guarded: Api, resource: Any) -> None:
    with guarded.connect("", [("x-who", "me")], policy=policy(resource=resource)) as client:
        assert client.connection_id


@pytest.mark.behaviour(10)
@pytest.mark.parametrize(
    ("query", "who", "status"),
    [
        pytest.param({"policy": "raise"}, "Unauthorized", 401, id="raises-unauthorized"),
        pytest.param({"policy": "raise"}, "something else", 500, id="raises-anything-else"),
        pytest.param({"policy": '{"statusCode": 401}'}, "me", 500, id="no-policy"),
        pytest.param({"policy": "[]"}, "me", 500, id="a-list"),
        pytest.param({"policy": "null"}, "me", 500, id="nothing"),
        pytest.param({"policy": policy(principalId=None)}, "me", 500, id="no-principal"),
        pytest.param({"policy": policy(context={"a": {"b": 1}})}, "me", 500, id="a-context-that-is-not-flat"),
        pytest.param({"policy": '{"isAuthorized": true}'}, "me", 500, id="the-simple-answer-of-http-apis"),
    ],
)
def test_10_a_failure_of_the_authorizer_refuses_with_401_or_500(
    guarded: Api, query: dict[str, str], who: str, status: int
) -> None:
    assert guarded.refused("", [("X-Who", who)], **query).status_code == status


@pytest.mark.behaviour(10)
@pytest.mark.parametrize(
    ("headers", "query"),
    [
        pytest.param([("X-Who", "me")], {}, id="no-parameter"),
        pytest.param([("X-Who", "me")], {"policy": ""}, id="an-empty-parameter"),
        pytest.param([], {"policy": policy()}, id="no-header"),
        pytest.param([("X-Who", "")], {"policy": policy()}, id="an-empty-header"),
    ],
)
def test_10_without_an_identity_source_it_is_401_and_the_authorizer_is_not_called(
    guarded: Api, headers: Any, query: dict[str, str]
) -> None:
    before = len(guarded.gateway.output.lines)
    assert guarded.refused("", headers, tag="not-called", **query).status_code == 401
    guarded.gateway.output.wait_for(r"\$connect +401: The handshake lacks one of", before)
    assert not [line for line in guarded.gateway.output.lines if "ASKED" in line and "not-called" in line]


@pytest.mark.behaviour(15)
def test_15_the_authorizer_gets_the_headers_connection_and_upgrade(guarded: Api) -> None:
    with guarded.connect("", [("X-Who", "me")], policy=policy()) as client:
        line = guarded.gateway.output.wait_for(f'ASKED .*"{client.tag}"')
    event = json.loads(line.partition("ASKED ")[2])
    assert event.keys() == {
        "type",
        "methodArn",
        "headers",
        "multiValueHeaders",
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "stageVariables",
        "requestContext",
    }
    assert (event["type"], event["stageVariables"]) == ("REQUEST", {})
    assert event["methodArn"] == "arn:aws:execute-api:us-east-1:123456789012:localapi00/test/$connect"
    headers = {name.lower(): value for name, value in event["headers"].items()}
    assert (headers["connection"].lower(), headers["upgrade"].lower(), headers["content-length"]) == (
        "upgrade",
        "websocket",
        "0",
    )
    assert event["requestContext"]["eventType"] == "CONNECT"


@pytest.mark.behaviour(23)
def test_23_the_authorizer_s_context_is_in_every_event_as_strings(guarded: Api) -> None:
    context = {"tenant": "acme", "level": 7, "admin": True}
    with guarded.connect("", [("X-Who", "me")], policy=policy(context=context)) as client:
        connection_id = client.connection_id
        client.socket.send("hello")
        guarded.event("MESSAGE", connection_id)
    guarded.event("DISCONNECT", connection_id)
    assert [event["requestContext"]["authorizer"] for event in guarded.events_of(connection_id)] == [
        {"principalId": "user-7", "tenant": "acme", "level": "7", "admin": "true"}
    ] * 3


KEYS = """
  Key:
    Type: AWS::ApiGateway::ApiKey
    Properties: { Enabled: true, Value: a-key-of-twenty-characters }
"""


def authorized_by(folder: Path, auth: str) -> Path:
    """Write the template without its authorizer, and with another ``Auth`` or an API key. Return its path."""
    head, _, rest = GUARDED.partition("      Auth:\n")
    _, _, functions = rest.partition("  Connect:\n")
    head = (
        f"{head}      Auth: {{ {auth} }}\n"
        if auth
        else head.replace("$connect: {", "$connect: { ApiKeyRequired: true,")
    )
    path = folder / "template.yaml"
    path.write_text(f"{head}  Connect:\n{functions}{KEYS}")
    return path


@pytest.mark.parametrize(
    ("auth", "member", "accepted", "refused"),
    [
        pytest.param(
            "AuthType: AWS_IAM",
            "userArn",
            ("Authorization", "AWS4-HMAC-SHA256 Credential=x/"),
            [[]],
            id="a-signature",
        ),
        pytest.param(
            "", "apiKey", ("x-api-key", "a-key-of-twenty-characters"), [[], [("X-Api-Key", "another")]], id="an-api-key"
        ),
    ],
)
def test_signatures_and_keys(
    tmp_path: Path, auth: str, member: str, accepted: tuple[str, str], refused: list[list[tuple[str, str]]]
) -> None:
    with Api.start(template=authorized_by(tmp_path, auth)) as api:
        assert [api.refused("", headers).status_code for headers in refused] == [403] * len(refused)
        with api.connect("", [accepted]) as client:
            assert member in api.event("CONNECT", client.tag)["requestContext"]["identity"]
