"""The notes that a user gets at the start: what of a template does nothing here, or something else than on AWS."""

from pathlib import Path

import pytest

from tests.support.templates import API, BY_HAND, CONNECT_WITH_MODEL, MOCK, MODEL, ROUTE, loaded

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
            API.replace("Handler:", "Environment: {Variables: {A: '{{resolve:ssm:/a:1}}'}}, Handler:"),
            "{{resolve:…}} stays as it is written here, in MyFunction: a parameter instead of it can have a value.",
            id="a-dynamic-reference",
        ),
        pytest.param(
            API.replace("Transform: ", "Transform: [Own, ").replace("-31\n", "-31]\n", 1),
            "The macro Own is not run here.",
            id="a-macro",
        ),
        pytest.param(
            API + ROUTE.replace("KEY", "other").replace("MORE", "AuthorizationType: AWS_IAM"),
            "{template}:20: Route asks for authorization, which API Gateway does for $connect only.",
            id="authorization-of-a-message",
        ),
        pytest.param(
            API + ROUTE.replace("!Ref Api", "!ImportValue other").replace("KEY", "k").replace("MORE", "Target: x"),
            "{template}:20: Fn::ImportValue takes other from another stack, and there is none here. "
            "A parameter instead of it can have a value here. Route is left out.",
            id="a-route-of-another-stack-s-api",
        ),
        pytest.param(
            API + ROUTE.replace("!Ref Api", "other").replace("KEY", "k").replace("MORE", "Target: x"),
            "{template}:20: Route is a route of no API of the template.",
            id="a-route-of-nothing",
        ),
        pytest.param(
            BY_HAND.replace("STAGE", "s, RouteSettings: { helo: { ThrottlingRateLimit: 1 } }"),
            "The stage has RouteSettings of helo, and the API no such route.",
            id="settings-of-no-route",
        ),
        pytest.param(
            BY_HAND.replace("STAGE", "s"),
            "{template}:3: The RouteSelectionExpression of Api is x, without a variable: "
            "every message that is JSON goes to $default.",
            id="a-selection-of-nothing",
        ),
        pytest.param(
            BY_HAND.replace("RouteSelectionExpression: x", "Name: x").replace("STAGE", "s"),
            "{template}:3: The RouteSelectionExpression of Api is missing, without a variable: "
            "every message that is JSON goes to $default.",
            id="no-selection",
        ),
        pytest.param(
            API.replace("$request.body.action", "$request.header.x"),
            "{template}:6: In the RouteSelectionExpression of Api, $request.header.x is not a variable that it takes.",
            id="a-selection-by-a-header",
        ),
        pytest.param(
            BY_HAND.replace("STAGE", "s"),
            "{template}:4: Stage has neither AutoDeploy nor a DeploymentId, so API Gateway would serve no route of it.",
            id="a-stage-without-a-deployment",
        ),
        pytest.param(
            API + AUTHORIZED,
            "{template}:20: The IdentitySource method.request.header.Auth of Authorizer is not known here: "
            "the authorizer is asked without it.",
            id="an-identity-of-rest-apis",
        ),
        pytest.param(
            API + AUTHORIZED.replace("[method.request.header.Auth]", "'route.request.header.A, context.principalId'"),
            "{template}:20: The IdentitySource context.principalId of Authorizer is not known here: "
            "the authorizer is asked without it.",
            id="an-identity-that-no-context-has",
        ),
        pytest.param(
            API + AUTHORIZED.replace("method.request.header.Auth", "stageVariables.who"),
            "{template}:20: The IdentitySource stageVariables.who of Authorizer is a variable that the stage does not "
            "have: nobody gets in.",
            id="an-identity-that-the-stage-lacks",
        ),
        pytest.param(
            API + AUTHORIZED.replace("AuthorizerId: !Ref Authorizer", "AuthorizerId: abc123"),
            "{template}:24: Route has no authorizer of the template.",
            id="an-authorizer-of-somebody-else-s",
        ),
        pytest.param(
            API + AUTHORIZED.replace("AuthorizerUri: x", "AuthorizerUri: x, AuthorizerType: JWT"),
            "{template}:20: Authorizer is of the type JWT; a WebSocket API takes REQUEST.",
            id="an-authorizer-of-http-apis",
        ),
        pytest.param(
            API + AUTHORIZED.replace("AuthorizerUri: x, ", ""),
            "{template}:20: Authorizer has no AuthorizerUri.",
            id="an-authorizer-of-nothing",
        ),
        pytest.param(
            API + KEYED + "  Key: { Type: AWS::ApiGateway::ApiKey, Properties: { Value: a } }\n",
            "{template}:23: Key does not say Enabled: it counts here, and API Gateway may refuse it.",
            id="a-key-that-may-be-disabled",
        ),
        pytest.param(
            API + AUTHORIZED.replace("AuthorizationType: CUSTOM, ", ""),
            "{template}:24: Route has an AuthorizerId and the AuthorizationType NONE: nobody is asked.",
            id="an-authorizer-that-nobody-asks",
        ),
        pytest.param(
            API
            + MODEL.replace("SCHEMA", "{ type: object }")
            + CONNECT_WITH_MODEL.replace("ModelSelectionExpression: m, ", ""),
            "{template}:24: Route has RequestModels and no ModelSelectionExpression: no message of Route is validated.",
            id="models-that-nobody-selects",
        ),
        pytest.param(
            API + MOCK.replace("IntegrationType: MOCK", "IntegrationType: AWS_PROXY, RequestTemplates: { a: b }"),
            "{template}:23: Integration is a proxy, and does not apply RequestTemplates.",
            id="templates-of-a-proxy",
        ),
        pytest.param(
            API + ROUTE.replace("KEY", "other").replace("MORE", "ApiKeyRequired: true"),
            "{template}:20: Route asks for an API key, which API Gateway does for $connect only.",
            id="an-api-key-of-a-message",
        ),
        pytest.param(
            API.replace("      StageName", "      ApiKeySelectionExpression: $context.x\n      StageName") + KEYED,
            "{template}:6: The ApiKeySelectionExpression of Api is $context.x, which API Gateway does not take: "
            "the key is the header's.",
            id="an-api-key-from-nowhere",
        ),
        pytest.param(
            API.replace("      StageName", f"      ApiKeySelectionExpression: {USAGE_KEY}\n      StageName") + KEYED,
            "{template}:21: Route takes the API key from an authorizer, and has none: nobody gets in.",
            id="an-api-key-from-no-authorizer",
        ),
        pytest.param(
            API
            + ROUTE.replace("KEY", "k").replace("MORE", "RouteResponseSelectionExpression: $x")
            + "  Response: { Type: AWS::ApiGatewayV2::RouteResponse, Properties: { RouteId: !Ref Route } }\n",
            "{template}:20: Route has a response for $x, and API Gateway knows $default only: the route is one-way.",
            id="a-response-of-another-key",
        ),
        pytest.param(
            API.replace("      StageName", "      DisableSchemaValidation: true\n      StageName")
            + MODEL.replace("SCHEMA", "{ type: 5 }")
            + CONNECT_WITH_MODEL,
            "{template}:21: The Schema of Model is no JSON schema: 5 is not valid under any of the given schemas. "
            "No message of Route is validated.",
            id="a-schema-that-nobody-validates",
        ),
        pytest.param(
            API + MODEL.replace("SCHEMA", r"{ properties: { a: { pattern: '\p{L}' } } }") + CONNECT_WITH_MODEL,
            r"{template}:20: The Schema of Model cannot be evaluated here: bad escape \p at position 0. "
            "No message of Route is validated.",
            id="a-schema-with-a-pattern-of-java",
        ),
        pytest.param(
            API
            + MODEL.replace("SCHEMA", "{ $ref: 'https://apigateway.amazonaws.com/restapis/a/models/b' }")
            + CONNECT_WITH_MODEL,
            "{template}:20: The Schema of Model cannot be evaluated here: "
            "https://apigateway.amazonaws.com/restapis/a/models/b. No message of Route is validated.",
            id="a-schema-that-refers-to-another-model",
        ),
        pytest.param(
            API
            + MODEL.replace("SCHEMA", "{ type: object }")
            + CONNECT_WITH_MODEL.replace("Expression: m", "Expression: $a.b"),
            "{template}:24: In the ModelSelectionExpression of Route, $a.b is not a variable that it takes.",
            id="a-model-by-another-variable",
        ),
        pytest.param(
            API.replace("Type: Number,", r"Type: Number, AllowedPattern: '\p{Digit}+',"),
            r"{template}:4: The AllowedPattern \p{Digit}+ of Milliseconds cannot be read here: any value fits.",
            id="a-pattern-of-java",
        ),
        pytest.param(
            API + "  Fn::Transform: { Name: AWS::Include }\n",
            "{template}:19: Some of the Resources are made by Fn::Transform, which is not run here.",
            id="resources-of-a-macro",
        ),
        pytest.param(
            API + "  Made: { Fn::Transform: { Name: AWS::Include } }\n",
            "{template}:19: Made is made by Fn::Transform, which is not run here.",
            id="a-resource-of-a-macro",
        ),
        pytest.param(
            API + "  Made: { Fn::Transform: { Name: AWS::Include } }\n",
            "Not imitated here: Made (Fn::Transform). What refers to it gets a made-up value.",
            id="a-resource-of-a-macro-by-its-name",
        ),
        pytest.param(
            API + "  Own: { Type: AWS::SecretsManager::Secret, Properties: { KmsKeyId: !ImportValue x } }\n",
            "{template}:19: Fn::ImportValue takes x from another stack, and there is none here. "
            "A parameter instead of it can have a value here. The KmsKeyId of Own is left out.",
            id="a-value-of-another-stack-that-nobody-needs",
        ),
        pytest.param(
            API.replace("      StageName", "      Newest: true\n      StageName"),
            "{template}:6: SAM does not know Newest of Api: it does nothing here.",
            id="a-property-that-sam-does-not-know",
        ),
        pytest.param(
            API.replace("Handler:", "Newest: { A: 1 }, Handler:"),
            "{template}:16: SAM does not know Newest of MyFunction: it does nothing here.",
            id="a-property-of-a-function-that-sam-does-not-know",
        ),
        pytest.param(
            API + "Globals: { Function: { Newest: 1 } }\n",
            "{template}:19: SAM does not know Newest of the Globals of Function: it does nothing here.",
            id="a-global-that-sam-does-not-know",
        ),
        pytest.param(
            API + "Globals: { Newest: { A: 1 } }\n",
            "{template}:19: SAM does not know Newest of the Globals: it does nothing here.",
            id="globals-of-a-type-that-sam-does-not-know",
        ),
        pytest.param(
            API.replace(
                "          IntegrationTimeout", "          IntegrationType: MOCK\n          IntegrationTimeout"
            ),
            "{template}:6: SAM does not know IntegrationType of the route $default of Api: it does nothing here.",
            id="a-property-that-sam-ignores",
        ),
        pytest.param(
            API + "  Own: { Type: Custom::Own }\n",
            "Not imitated here: Own (Custom::Own). What refers to it gets a made-up value.",
            id="a-custom-resource",
        ),
    ],
)
def test_what_is_left_out_is_said(text: str, note: str, tmp_path: Path) -> None:
    assert note.replace("{template}", f"{tmp_path}/template.yaml") in loaded(tmp_path, text).notes
