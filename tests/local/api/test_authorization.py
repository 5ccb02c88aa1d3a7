"""Who may connect: an authorizer's identity sources, its policy's place in the events, and API keys."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local.api.events import Event
from local.api.handshake import Refused
from local.lambdas.process import Result
from local.stack.app import CONTEXT, ApiKeys, LambdaAuthorizer, Route
from tests.support.fakes import FUNCTION, HANDSHAKE, OfflineApi
from tests.support.templates import API, loaded

POLICY = {"Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}]}


def api_with(authorizer: LambdaAuthorizer | None, keys: ApiKeys | None = None, **answer: Any) -> OfflineApi:
    async def answers(event: Event) -> Result:
        is_for_authorizer = event.get("type") == "REQUEST"
        allowed = {"principalId": "p", "policyDocument": POLICY, **answer}
        return Result(allowed if is_for_authorizer else {"statusCode": 200})

    route = Route("$connect", FUNCTION, two_way=False, authorizer=authorizer, api_keys=keys)
    return OfflineApi(answers, (route,), app={"stage_variables": {"color": "blue", "none": ""}})


def status_of_handshake(api: OfflineApi, headers: tuple[tuple[str, str], ...] = (), query: str = "") -> int:
    handshake = replace(HANDSHAKE, query=query, headers=[*HANDSHAKE.headers, *headers])
    try:
        asyncio.run(api.connect(handshake))
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
        pytest.param("context.identity.apiKey", 401, id="no-api-key"),
        pytest.param("context.stage", 101, id="the-stage"),
        pytest.param("context.accountId", 101, id="the-account"),
        pytest.param("context.requestTimeEpoch", 101, id="a-number"),
    ],
)
def test_where_an_identity_may_be(source: str, status: int) -> None:
    assert status_of_handshake(api_with(LambdaAuthorizer(FUNCTION, (source,))), (("AUTH", "x"),), "name=me") == status


def test_identity_sources_may_name_each_member_of_a_handshake_s_context() -> None:
    handshake = replace(HANDSHAKE, headers=[*HANDSHAKE.headers, ("x-api-key", "k")])
    opened = api_with(None, ApiKeys(None))
    asyncio.run(opened.connect(handshake))
    context = opened.events[0]["requestContext"]
    names = {*context} - {"identity"} | {f"identity.{name}" for name in context["identity"]}
    assert names | {"accountId"} == {*CONTEXT.split()}


@pytest.mark.parametrize(
    ("written", "sources"),
    [
        pytest.param("route.request.header.A", ["route.request.header.A"], id="a-string"),
        pytest.param("[route.request.header.A]", ["route.request.header.A"], id="a-list"),
        pytest.param(
            '"route.request.header.A, context.identity.sourceIp"',
            ["route.request.header.A", "context.identity.sourceIp"],
            id="two-in-one-string",
        ),
        pytest.param(
            '["route.request.header.A,$stageVariables.v", context.stage]',
            ["route.request.header.A", "$stageVariables.v", "context.stage"],
            id="a-list-with-two-in-one-string",
        ),
        pytest.param('["$request.header.A", context.nothing]', [], id="no-known-source"),
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
    ("api", "header", "status"),
    [
        pytest.param(
            api_with(LambdaAuthorizer(FUNCTION), KEY, usageIdentifierKey="good"), "", 101, id="sibling-of-the-context"
        ),
        pytest.param(
            api_with(LambdaAuthorizer(FUNCTION), KEY, context={"usageIdentifierKey": "good"}),
            "",
            101,
            id="in-the-context",
        ),
        pytest.param(
            api_with(LambdaAuthorizer(FUNCTION), KEY, usageIdentifierKey="bad"), "good", 403, id="a-wrong-one"
        ),
        pytest.param(api_with(LambdaAuthorizer(FUNCTION), KEY), "good", 403, id="only-in-the-header"),
        pytest.param(api_with(None, KEY), "good", 403, id="no-authorizer"),
        pytest.param(api_with(None, ApiKeys(frozenset({"good"}))), "good", 101, id="in-the-header"),
        pytest.param(api_with(None, ApiKeys(frozenset())), "good", 403, id="no-key-is-enabled"),
        pytest.param(api_with(None, ApiKeys(None)), "any", 101, id="any-key"),
        pytest.param(api_with(None, ApiKeys(None)), "", 403, id="no-key-sent"),
    ],
)
def test_where_an_api_key_may_be(api: OfflineApi, header: str, status: int) -> None:
    assert status_of_handshake(api, (("x-api-key", header),) if header else ()) == status


def test_the_key_that_an_authorizer_finds_is_in_the_event() -> None:
    api = api_with(LambdaAuthorizer(FUNCTION), KEY, usageIdentifierKey="good")
    assert status_of_handshake(api) == 101
    asked, connected = api.events
    assert "apiKey" not in asked["requestContext"]["identity"]
    assert connected["requestContext"]["identity"]["apiKey"] == "good"
    assert connected["requestContext"]["authorizer"] == {"principalId": "p"}


@pytest.mark.parametrize(
    ("selection", "keys", "expected"),
    [
        pytest.param("", "Value: a", ApiKeys(frozenset({"a"})), id="by-header"),
        pytest.param("$request.header.x-api-key", "Value: 7", ApiKeys(frozenset({"7"})), id="a-number"),
        pytest.param("", "Value: a, Enabled: false", ApiKeys(frozenset()), id="disabled"),
        pytest.param("", 'Value: a, Enabled: "true"', ApiKeys(frozenset({"a"})), id="enabled-as-a-string"),
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
    api_keys = loaded(tmp_path, text).routes["$connect"].api_keys
    assert api_keys == replace(expected, values=frozenset({"a"}) if expected is KEY else expected.values)


def test_the_connect_route_may_have_no_integration(tmp_path: Path) -> None:
    text = API + "  Open: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Api, RouteKey: $connect } }\n"
    app = loaded(tmp_path, text)
    opened = OfflineApi(Result(), (app.routes["$connect"],))
    assert status_of_handshake(opened) == 101


def test_the_authorizer_of_another_api_may_be_of_another_kind(tmp_path: Path) -> None:
    auth = "Auth: { AuthType: CUSTOM, AuthArn: !GetAtt MyFunction.Arn }"
    text = API.replace("$default:", "$connect:").replace("      StageName:", f"      {auth}\n      StageName:")
    other = """
  Http: { Type: AWS::ApiGatewayV2::Api, Properties: { ProtocolType: HTTP } }
  Jwt: { Type: AWS::ApiGatewayV2::Authorizer, Properties: { ApiId: !Ref Http, AuthorizerType: JWT, Name: jwt } }
"""
    assert isinstance(loaded(tmp_path, text + other).routes["$connect"].authorizer, LambdaAuthorizer)
