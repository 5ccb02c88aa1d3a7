"""Notes about authorizers and API keys."""

from pathlib import Path

import pytest

from tests.support.templates import API, ROUTE, loaded

AUTHORIZED = """
  Authorizer:
    Type: AWS::ApiGatewayV2::Authorizer
    Properties: { ApiId: !Ref Api, AuthorizerUri: x, IdentitySource: [method.request.header.Auth] }
""" + ROUTE.replace("KEY", "$connect").replace("MORE", "AuthorizationType: CUSTOM, AuthorizerId: !Ref Authorizer")
USAGE_KEY = "$context.authorizer.usageIdentifierKey"
KEYED = ROUTE.replace("KEY", "$connect").replace("MORE", "ApiKeyRequired: true")


@pytest.mark.parametrize(
    ("text", "note"),
    [
        pytest.param(
            API + ROUTE.replace("KEY", "other").replace("MORE", "AuthorizationType: AWS_IAM"),
            "{template}:20: Route has an AuthorizationType, which API Gateway uses for $connect only.",
            id="authorization-of-a-message",
        ),
        pytest.param(
            API + AUTHORIZED,
            "{template}:20: The IdentitySource method.request.header.Auth of Authorizer is not imitated: "
            "the gateway calls the authorizer without checking it.",
            id="an-identity-of-rest-apis",
        ),
        pytest.param(
            API + AUTHORIZED.replace("[method.request.header.Auth]", "'route.request.header.A, context.principalId'"),
            "{template}:20: The IdentitySource context.principalId of Authorizer is not imitated: "
            "the gateway calls the authorizer without checking it.",
            id="an-identity-that-no-context-has",
        ),
        *(
            pytest.param(
                API + AUTHORIZED.replace("[method.request.header.Auth]", f'"{source}"'),
                f"{{template}}:20: The IdentitySource {source} of Authorizer is not imitated: "
                "the gateway calls the authorizer without checking it.",
                id=case,
            )
            for source, case in (
                ("route.request.header.x-a;context.identity.sourceIp", "sources-with-a-semicolon-between-them"),
                ("route.request.header.x-a context.identity.sourceIp", "sources-with-a-space-between-them"),
                ("route.request.header.x-a|context.identity.sourceIp", "sources-with-a-bar-between-them"),
                (
                    "route.request.querystring.a&route.request.querystring.b",
                    "parameters-with-an-ampersand-between-them",
                ),
                ("stageVariables.who;context.identity.sourceIp", "a-variable-with-a-semicolon-behind-it"),
                ("route.request.header.x-a=b", "a-header-with-a-value"),
                ("route.request.header.", "a-header-without-a-name"),
            )
        ),
        pytest.param(
            API + AUTHORIZED.replace("method.request.header.Auth", "stageVariables.who"),
            "{template}:20: The IdentitySource stageVariables.who of Authorizer is a variable that the stage does not "
            "have: no client can connect.",
            id="an-identity-that-the-stage-does-not-have",
        ),
        pytest.param(
            API + AUTHORIZED.replace("AuthorizerId: !Ref Authorizer", "AuthorizerId: abc123"),
            "{template}:24: The authorizer of Route is not in the template.",
            id="an-authorizer-of-another-stack",
        ),
        pytest.param(
            API + AUTHORIZED.replace("AuthorizerUri: x", "AuthorizerUri: x, AuthorizerType: JWT"),
            "{template}:20: The AuthorizerType of Authorizer is JWT; it must be REQUEST.",
            id="an-authorizer-of-http-apis",
        ),
        pytest.param(
            API + AUTHORIZED.replace("AuthorizerUri: x, ", ""),
            "{template}:20: Authorizer has no AuthorizerUri.",
            id="an-authorizer-of-nothing",
        ),
        pytest.param(
            API + KEYED + "  Key: { Type: AWS::ApiGateway::ApiKey, Properties: { Value: a } }\n",
            "{template}:23: Key does not set Enabled: "
            "the local gateway accepts the key, but API Gateway may refuse it.",
            id="a-key-that-may-be-disabled",
        ),
        pytest.param(
            API + AUTHORIZED.replace("AuthorizationType: CUSTOM, ", ""),
            "{template}:24: "
            "Route has an AuthorizerId, but its AuthorizationType is NONE: the authorizer is not called.",
            id="an-authorizer-that-is-not-called",
        ),
        pytest.param(
            API + ROUTE.replace("KEY", "other").replace("MORE", "ApiKeyRequired: true"),
            "{template}:20: Route has ApiKeyRequired, which API Gateway uses for $connect only.",
            id="an-api-key-of-a-message",
        ),
        pytest.param(
            API.replace("      StageName", "      ApiKeySelectionExpression: $context.x\n      StageName") + KEYED,
            "{template}:6: The ApiKeySelectionExpression of Api is $context.x, which API Gateway refuses: "
            "the local gateway reads the API key from the header x-api-key.",
            id="an-api-key-from-nowhere",
        ),
        pytest.param(
            API.replace("      StageName", f"      ApiKeySelectionExpression: {USAGE_KEY}\n      StageName") + KEYED,
            "{template}:21: The API key of Route comes from an authorizer, but Route does not have one: "
            "no client can connect.",
            id="an-api-key-from-no-authorizer",
        ),
    ],
)
def test_an_authorization_that_cannot_be_imitated_gets_a_note(text: str, note: str, tmp_path: Path) -> None:
    assert note.replace("{template}", f"{tmp_path}/template.yaml") in loaded(tmp_path, text).notes
