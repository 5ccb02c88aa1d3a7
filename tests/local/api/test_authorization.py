"""Who may connect: where an authorizer's identity may be, and where an API key."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local.api.events import Event
from local.api.handshake import Refused
from local.lambdas.process import Result
from local.stack.app import CONTEXT, ApiKeys, LambdaAuthorizer, Route
from tests.support.fakes import FUNCTION, HANDSHAKE, World
from tests.support.templates import API, loaded

POLICY = {"Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}]}


def world(authorizer: LambdaAuthorizer | None, keys: ApiKeys | None = None, **answer: Any) -> World:
    async def answers(event: Event) -> Result:
        asks = event.get("type") == "REQUEST"
        return Result({"principalId": "p", "policyDocument": POLICY, **answer} if asks else {"statusCode": 200})

    route = Route("$connect", FUNCTION, two_way=False, authorizer=authorizer, api_keys=keys)
    return World(answers, (route,), app={"stage_variables": {"color": "blue", "none": ""}})


def outcome(tried: World, headers: tuple[tuple[str, str], ...] = (), query: str = "") -> int:
    handshake = replace(HANDSHAKE, query=query, headers=[*HANDSHAKE.headers, *headers])
    try:
        asyncio.run(tried.connect(handshake))
    except Refused as refused:
        return refused.status
    return 101


@pytest.mark.parametrize(
    ("source", "status"),
    [
        pytest.param("route.request.header.Auth", 101, id="a-header"),
        pytest.param("$route.request.header.auth", 101, id="with-a-dollar-and-in-another-case"),
        pytest.param("route.request.multivalueheader.Auth", 101, id="all-headers-of-a-name"),
        pytest.param("route.request.header.Other", 401, id="no-such-header"),
        pytest.param("route.request.querystring.name", 101, id="a-parameter"),
        pytest.param("route.request.multivaluequerystring.name", 101, id="all-parameters-of-a-name"),
        pytest.param("route.request.querystring.Name", 401, id="a-parameter-in-another-case"),
        pytest.param("stageVariables.color", 101, id="a-stage-variable"),
        pytest.param("$stageVariables.color", 101, id="a-stage-variable-with-a-dollar"),
        pytest.param("stageVariables.none", 401, id="an-empty-stage-variable"),
        pytest.param("context.identity.sourceIp", 101, id="the-address"),
        pytest.param("$context.identity.sourceIp", 101, id="the-address-with-a-dollar"),
        pytest.param("context.identity.userAgent", 101, id="the-agent"),
        pytest.param("context.identity.apiKey", 401, id="a-key-of-nobody"),
        pytest.param("context.stage", 101, id="the-stage"),
        pytest.param("context.accountId", 101, id="the-account"),
        pytest.param("context.requestTimeEpoch", 101, id="a-number"),
    ],
)
def test_where_an_identity_may_be(source: str, status: int) -> None:
    assert outcome(world(LambdaAuthorizer(FUNCTION, (source,))), (("AUTH", "x"),), "name=me") == status


def test_the_context_is_that_of_a_handshake() -> None:
    handshake = replace(HANDSHAKE, headers=[*HANDSHAKE.headers, ("x-api-key", "k")])
    opened = world(None, ApiKeys(None))
    asyncio.run(opened.connect(handshake))
    context = opened.events[0]["requestContext"]
    names = {*context} - {"identity"} | {f"identity.{name}" for name in context["identity"]}
    assert names | {"accountId"} == {*CONTEXT.split()}


@pytest.mark.parametrize(
    ("written", "sources"),
    [
        pytest.param("route.request.header.A", ["route.request.header.A"], id="text"),
        pytest.param("[route.request.header.A]", ["route.request.header.A"], id="a-list"),
        pytest.param(
            '"route.request.header.A, context.identity.sourceIp"',
            ["route.request.header.A", "context.identity.sourceIp"],
            id="a-text-of-two",
        ),
        pytest.param(
            '["route.request.header.A,$stageVariables.v", context.stage]',
            ["route.request.header.A", "$stageVariables.v", "context.stage"],
            id="a-list-with-a-text-of-two",
        ),
        pytest.param('["$request.header.A", context.nothing]', [], id="none-that-is-known"),
        pytest.param("[]", [], id="an-empty-list"),
    ],
)
def test_how_identity_sources_may_be_written(written: str, sources: list[str], tmp_path: Path) -> None:
    auth = f"Auth: {{ AuthType: CUSTOM, AuthArn: !GetAtt MyFunction.Arn, IdentitySource: {written} }}"
    text = API.replace("$default:", "$connect:").replace("      StageName:", f"      {auth}\n      StageName:")
    authorizer = loaded(tmp_path, text).routes["$connect"].authorizer
    assert isinstance(authorizer, LambdaAuthorizer)
    assert list(authorizer.identity_sources) == sources


KEY = ApiKeys(frozenset({"good"}), from_authorizer=True)


@pytest.mark.parametrize(
    ("tried", "header", "status"),
    [
        pytest.param(
            world(LambdaAuthorizer(FUNCTION), KEY, usageIdentifierKey="good"), "", 101, id="beside-the-context"
        ),
        pytest.param(
            world(LambdaAuthorizer(FUNCTION), KEY, context={"usageIdentifierKey": "good"}), "", 101, id="in-the-context"
        ),
        pytest.param(world(LambdaAuthorizer(FUNCTION), KEY, usageIdentifierKey="bad"), "good", 403, id="a-wrong-one"),
        pytest.param(world(LambdaAuthorizer(FUNCTION), KEY), "good", 403, id="only-in-the-header"),
        pytest.param(world(None, KEY), "good", 403, id="no-authorizer"),
        pytest.param(world(None, ApiKeys(frozenset({"good"}))), "good", 101, id="the-header-s"),
        pytest.param(world(None, ApiKeys(frozenset())), "good", 403, id="no-key-is-enabled"),
        pytest.param(world(None, ApiKeys(None)), "any", 101, id="any-key"),
        pytest.param(world(None, ApiKeys(None)), "", 403, id="any-key-and-none-sent"),
    ],
)
def test_where_an_api_key_may_be(tried: World, header: str, status: int) -> None:
    assert outcome(tried, (("x-api-key", header),) if header else ()) == status


def test_the_key_that_an_authorizer_finds_is_in_the_event() -> None:
    tried = world(LambdaAuthorizer(FUNCTION), KEY, usageIdentifierKey="good")
    assert outcome(tried) == 101
    asked, connected = tried.events
    assert "apiKey" not in asked["requestContext"]["identity"]
    assert connected["requestContext"]["identity"]["apiKey"] == "good"
    assert connected["requestContext"]["authorizer"] == {"principalId": "p"}


@pytest.mark.parametrize(
    ("selection", "keys", "expected"),
    [
        pytest.param("", "Value: a", ApiKeys(frozenset({"a"})), id="by-header"),
        pytest.param("$request.header.x-api-key", "Value: 7", ApiKeys(frozenset({"7"})), id="a-number"),
        pytest.param("", "Value: a, Enabled: false", ApiKeys(frozenset()), id="disabled"),
        pytest.param("", 'Value: a, Enabled: "true"', ApiKeys(frozenset({"a"})), id="enabled-as-text"),
        pytest.param("", "Name: a", ApiKeys(None), id="no-value"),
        pytest.param("$context.authorizer.usageIdentifierKey", "Value: a", KEY, id="from-the-authorizer"),
        pytest.param("${context.authorizer.usageIdentifierKey}", "Value: a", KEY, id="from-the-authorizer-in-braces"),
    ],
)
def test_the_api_keys_of_a_template(selection: str, keys: str, expected: ApiKeys, tmp_path: Path) -> None:
    text = API.replace("$default:", "$connect:\n          ApiKeyRequired: true")
    if selection:
        text = text.replace("      StageName:", f"      ApiKeySelectionExpression: {selection}\n      StageName:")
    text += f"  Key: {{ Type: AWS::ApiGateway::ApiKey, Properties: {{ {keys} }} }}\n"
    found = loaded(tmp_path, text).routes["$connect"].api_keys
    assert found == replace(expected, values=frozenset({"a"}) if expected is KEY else expected.values)


def test_a_route_of_connections_may_have_no_integration(tmp_path: Path) -> None:
    text = API + "  Open: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Api, RouteKey: $connect } }\n"
    app = loaded(tmp_path, text)
    opened = World(Result(), (app.routes["$connect"],))
    assert outcome(opened) == 101


def test_the_authorizer_of_another_api_may_be_of_another_kind(tmp_path: Path) -> None:
    auth = "Auth: { AuthType: CUSTOM, AuthArn: !GetAtt MyFunction.Arn }"
    text = API.replace("$default:", "$connect:").replace("      StageName:", f"      {auth}\n      StageName:")
    other = """
  Http: { Type: AWS::ApiGatewayV2::Api, Properties: { ProtocolType: HTTP } }
  Jwt: { Type: AWS::ApiGatewayV2::Authorizer, Properties: { ApiId: !Ref Http, AuthorizerType: JWT, Name: jwt } }
"""
    assert isinstance(loaded(tmp_path, text + other).routes["$connect"].authorizer, LambdaAuthorizer)
