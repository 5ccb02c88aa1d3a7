"""What is said of templates that cannot be served, or not whole: a sentence each, with the line where there is one."""

from pathlib import Path

import pytest

from local.stack.app import Unavailable
from local.stack.source import TemplateError
from tests.local.stack.test_app import API, BY_HAND, MOCK, loaded

BOMB = "Metadata:\n  a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"  a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]\n" for number in range(1, 9)
)
"""Nine to the ninth values, if somebody writes them out."""

ELSEWHERE = "The code of MyFunction is not a folder beside the template."


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(
            "Resources: { Topic: { Type: AWS::SNS::Topic } }",
            "The template has no WebSocket API to serve.",
            id="no-api",
        ),
        pytest.param(
            "service: chat\nprovider: { name: aws }\nfunctions: {}",
            "The template {folder}/template.yaml is one of the Serverless Framework; "
            "SAM's and CloudFormation's are served here.",
            id="a-serverless-yml",
        ),
        pytest.param(
            "Resources: { Api: { Type: AWS::ApiGatewayV2::Api, Properties: { ProtocolType: HTTP } } }",
            "{folder}/template.yaml:1: The template has no WebSocket API to serve: Api is an API of another kind.",
            id="an-http-api",
        ),
        pytest.param(
            "Transform: AWS::Serverless-2016-10-31\nResources: { Http: { Type: AWS::Serverless::HttpApi } }",
            "{folder}/template.yaml:2: The template has no WebSocket API to serve: Http is an API of another kind.",
            id="an-http-api-of-sam",
        ),
        pytest.param(
            BY_HAND.replace("STAGE", "a/b"),
            "{folder}/template.yaml:4: The StageName of Stage is a/b; it may have letters, digits, - and _ only.",
            id="a-stage-with-a-slash",
        ),
        pytest.param(
            API.replace("Milliseconds: { Type: Number,", "Milliseconds: { Type: Number, AllowedValues: [1, 2],"),
            "{folder}/template.yaml:4: The default of the parameter Milliseconds is '1000'; it must be one of 1, 2.",
            id="a-default-that-is-not-allowed",
        ),
        pytest.param(
            API.replace("    Properties: { CodeUri", "    Condition: Nothing\n    Properties: { CodeUri"),
            "{folder}/template.yaml:16: The template uses the condition Nothing, which it does not define.",
            id="an-unknown-condition",
        ),
        pytest.param(
            API.replace("Transform: AWS::Serverless-2016-10-31", ""),
            "{folder}/template.yaml:6: "
            "Api is of a type of SAM's, and the template has no Transform: AWS::Serverless-2016-10-31.",
            id="sam-without-its-transform",
        ),
        pytest.param(
            API.replace("StageName: test", "StageName: test\n      Routes: { a: x }").split("      RouteS")[0],
            "{folder}/template.yaml:6: The route a of Api is not a mapping.",
            id="a-route-that-is-text",
        ),
        pytest.param(
            API + "Globals: x\n", "The Globals of {folder}/template.yaml are not a mapping.", id="globals-that-are-text"
        ),
        pytest.param(
            API + BOMB,
            "The template {folder}/template.yaml grows beyond 100,000 values, by aliases of aliases.",
            id="aliases-that-multiply",
        ),
        pytest.param(
            API.replace("Type: Number", "Type: Numbre"),
            "{folder}/template.yaml:4: The parameter Milliseconds has the Type Numbre, which is none.",
            id="a-parameter-of-no-type",
        ),
        pytest.param(
            API.replace("Default: 1000", "Default: !Ref Api"),
            "{folder}/template.yaml:4: The default of the parameter Milliseconds is {{'Ref': 'Api'}}, and not text.",
            id="a-default-that-is-a-reference",
        ),
        pytest.param(
            API + "  Fn::ForEach::Tables: []\n",
            "{folder}/template.yaml:19: Fn::ForEach::Tables needs AWS::LanguageExtensions among the Transforms.",
            id="a-loop-without-its-macro",
        ),
        pytest.param(
            API.replace("      StageName: test", "      Missing: {}").replace("Missing: {}", "StageName: !Ref Nothing"),
            "{folder}/template.yaml:6: "
            "The template refers to Nothing, which is neither a parameter nor a resource of it.",
            id="a-reference-to-nothing",
        ),
    ],
)
def test_what_cannot_be_served_is_said_before_anything_starts(text: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(TemplateError) as raised:
        loaded(tmp_path, text)
    assert str(raised.value) == problem.format(folder=tmp_path)


NOT_THERE = "arn:aws:lambda:us-east-1:123456789012:function:other"


@pytest.mark.parametrize(
    ("text", "route", "reason"),
    [
        pytest.param(
            API.replace("!GetAtt MyFunction.Arn", NOT_THERE),
            "$default",
            "{template}:6: The function other is not one of the template.",
            id="a-function-of-another-stack",
        ),
        pytest.param(
            API + MOCK.replace("REPLY", "text").replace("IntegrationType: MOCK", "IntegrationType: HTTP_PROXY"),
            "mock",
            "{template}:23: Integration is an integration of type HTTP_PROXY, which is not imitated here.",
            id="an-http-integration",
        ),
        pytest.param(
            API + MOCK.replace("REPLY", "text").replace("${Integration}", "other"),
            "mock",
            "{template}:20: The route test/mock has no integration of the template.",
            id="no-integration",
        ),
        pytest.param(
            API.replace("function/,", "s3://bucket/key,"), "$default", f"{{template}}:16: {ELSEWHERE}", id="code-in-s3"
        ),
        pytest.param(
            API.replace("function/,", "missing/,"),
            "$default",
            "{template}:16: The code of MyFunction should be in {folder}/missing, and there is no such folder.",
            id="no-folder",
        ),
        pytest.param(
            API.replace("function/,", "template.yaml,"),
            "$default",
            "{template}:16: The code of MyFunction is {template}, which is neither a folder nor a zip archive.",
            id="a-file-for-a-folder",
        ),
        pytest.param(
            API.replace("main.handle", "main"),
            "$default",
            "{template}:16: The Handler of MyFunction is main, and not module.function.",
            id="a-handler-without-a-function",
        ),
        pytest.param(
            API.replace("Handler:", "Environment: {Variables: {A: [1]}}, Handler:"),
            "$default",
            "{template}:16: The variable A of MyFunction is [1], and not text.",
            id="a-list-for-a-variable",
        ),
        pytest.param(
            API.replace("Handler:", "Environment: {Variables: {AWS_REGION: a}}, Handler:"),
            "$default",
            "{template}:16: The variable AWS_REGION of MyFunction is one that Lambda sets, and nobody else may.",
            id="a-reserved-variable",
        ),
        pytest.param(
            API.replace("Handler:", "LoggingConfig: {LogFormat: XML}, Handler:"),
            "$default",
            "{template}:16: The LogFormat of MyFunction is XML; Lambda takes Text and JSON.",
            id="a-log-format",
        ),
        pytest.param(
            API.replace("Handler:", "LoggingConfig: {ApplicationLogLevel: INFO}, Handler:"),
            "$default",
            "{template}:16: MyFunction has the ApplicationLogLevel of a LogFormat JSON, and its LogFormat is Text.",
            id="a-level-of-text",
        ),
        pytest.param(
            API.replace("Handler:", "LoggingConfig: {LogFormat: JSON, ApplicationLogLevel: LOUD}, Handler:"),
            "$default",
            "{template}:16: The ApplicationLogLevel of MyFunction is LOUD; "
            "Lambda takes TRACE, DEBUG, INFO, WARN, ERROR, FATAL.",
            id="a-level",
        ),
        pytest.param(
            API.replace("!GetAtt MyFunction.Arn", "!Sub '${MyFunction.Arn}:other'"),
            "$default",
            "{template}:6: MyFunction has no alias other in the template.",
            id="an-alias-that-is-not-there",
        ),
        pytest.param(
            API.replace("Handler:", "Environment: {A: b}, Handler:"),
            "$default",
            "{template}:16: The Environment of MyFunction has A, and may have Variables only.",
            id="an-environment-without-variables",
        ),
        pytest.param(
            API + MOCK.replace("REPLY", "text").replace("integrations/", ""),
            "mock",
            "{template}:20: The route test/mock has no integration of the template.",
            id="a-target-without-its-first-part",
        ),
        pytest.param(
            API + MOCK.replace("REPLY", "text").replace("!Ref Api, Int", "another, Int"),
            "mock",
            "{template}:23: Integration is no integration of the API that Mock is a route of.",
            id="an-integration-of-another-api",
        ),
        pytest.param(
            API.replace("Handler:", "Timeout: 0, Handler:"),
            "$default",
            "{template}:16: The Timeout of MyFunction is 0; Lambda takes 1 to 900.",
            id="no-time",
        ),
        pytest.param(
            API.replace("Handler:", "MemorySize: much, Handler:"),
            "$default",
            "{template}:16: The MemorySize of MyFunction is much; Lambda takes 128 to 10240.",
            id="a-size-that-is-no-number",
        ),
        pytest.param(
            API + MOCK.replace("REPLY", "text").replace("IntegrationType: MOCK", "IntegrationType: AWS_PROXY"),
            "mock",
            "{template}:23: Integration has no IntegrationUri.",
            id="no-uri",
        ),
        pytest.param(
            API.replace("Default: 1000", "Default: 30000"),
            "$default",
            "{template}:6: The TimeoutInMillis of ApiDefaultIntegration is 30000; API Gateway takes 50 to 29000.",
            id="a-timeout-beyond-the-quota",
        ),
        pytest.param(
            API.replace("python3.12", "nodejs22.x"),
            "$default",
            "{template}:16: MyFunction runs on nodejs22.x, and only Python functions run here.",
            id="another-runtime",
        ),
        pytest.param(
            API.replace("Handler:", "FunctionName: mine, Environment: {Variables: {A: !ImportValue x}}, Handler:"),
            "$default",
            "{template}:16: Fn::ImportValue takes x from another stack, and there is none here. "
            "A parameter instead of it can have a value here.",
            id="a-value-of-another-stack",
        ),
    ],
)
def test_what_cannot_be_imitated_is_said_in_a_sentence_and_the_rest_still_runs(
    text: str, route: str, reason: str, tmp_path: Path
) -> None:
    app = loaded(tmp_path, text)
    expected = reason.format(folder=tmp_path, template=tmp_path / "template.yaml")
    assert app.routes[route].integration == Unavailable(expected)
    assert expected in app.notes


ROUTE = """
  Route:
    Type: AWS::ApiGatewayV2::Route
    Properties: { ApiId: !Ref Api, RouteKey: KEY, MORE }
"""
MODEL = """
  Model:
    Type: AWS::ApiGatewayV2::Model
    Properties: { ApiId: !Ref Api, Name: m, Schema: SCHEMA }
"""
AUTHORIZED = """
  Authorizer:
    Type: AWS::ApiGatewayV2::Authorizer
    Properties: { ApiId: !Ref Api, AuthorizerUri: x, IdentitySource: [method.request.header.Auth] }
""" + ROUTE.replace("KEY", "$connect").replace("MORE", "AuthorizationType: CUSTOM, AuthorizerId: !Ref Authorizer")
USAGE_KEY = "$context.authorizer.usageIdentifierKey"
KEYED = ROUTE.replace("KEY", "$connect").replace("MORE", "ApiKeyRequired: true")
WITH_MODEL = ROUTE.replace("KEY", "$connect").replace(
    "MORE", "ModelSelectionExpression: m, RequestModels: { $default: m }"
)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        pytest.param(
            ROUTE.replace("KEY", "$default").replace("MORE", "Target: x").lstrip("\n"),
            "6: ApiDefaultRoute and Route have the same RouteKey, $default.",
            id="a-route-key-twice",
        ),
        pytest.param(
            ROUTE.replace("KEY", "[a]").replace("MORE", "Target: x").lstrip("\n"),
            "19: The RouteKey of Route is ['a'], and not text.",
            id="a-list-for-a-route-key",
        ),
        pytest.param(
            ROUTE.replace("KEY", "$connect").replace("MORE", "AuthorizationType: JWT").lstrip("\n"),
            "19: The AuthorizationType of Route is JWT; a WebSocket API takes NONE, AWS_IAM and CUSTOM.",
            id="an-authorization-of-http-apis",
        ),
        pytest.param(
            MODEL.replace("SCHEMA", "{ type: 5 }").lstrip("\n") + WITH_MODEL,
            "19: The Schema of Model is no JSON schema: 5 is not valid under any of the given schemas.",
            id="a-model-that-is-no-schema",
        ),
        pytest.param(
            MODEL.replace("SCHEMA", "'{'").lstrip("\n") + WITH_MODEL,
            "19: The Schema of Model is no JSON schema: "
            "Expecting property name enclosed in double quotes: line 1 column 2 (char 1).",
            id="a-model-that-is-no-json",
        ),
        pytest.param(
            "  A: { Type: AWS::DynamoDB::Table, Properties: { AttributeDefinitions: {}, KeySchema: [] } }",
            "19: The AttributeDefinitions of A is {}, and not a list.",
            id="a-mapping-for-a-list",
        ),
        pytest.param(
            "  A: { Type: AWS::DynamoDB::Table, Properties: { TableName: !Ref A } }",
            "19: A refers to itself.",
            id="itself",
        ),
        pytest.param(
            "  A: { Type: AWS::SNS::Topic, Properties: { TopicName: !Join [x] } }",
            '19: Fn::Join cannot take ["x"].',
            id="a-join-of-nothing",
        ),
        pytest.param(
            "  A: { Type: AWS::SNS::Topic, Properties: { TopicName: !Join ['-', !Ref AWS::StackName] } }",
            '19: Fn::Join cannot take ["-", {"Ref": "AWS::StackName"}].',
            id="a-join-of-a-text",
        ),
        pytest.param(
            "  A: { Type: AWS::SNS::Topic, Properties: { TopicName: !GetAtt MyFunction.Name } }",
            "19: The template refers to MyFunction.Name, and MyFunction has no Name.",
            id="an-attribute-that-is-none",
        ),
    ],
)
def test_what_cloudformation_would_refuse_is_a_sentence_with_its_line(more: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(TemplateError) as raised:
        loaded(tmp_path, API + more)
    assert str(raised.value) == f"{tmp_path}/template.yaml:{problem}"


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
            API + MODEL.replace("SCHEMA", "{ type: object }") + WITH_MODEL.replace("ModelSelectionExpression: m, ", ""),
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
            + WITH_MODEL,
            "{template}:21: The Schema of Model is no JSON schema: 5 is not valid under any of the given schemas. "
            "No message of Route is validated.",
            id="a-schema-that-nobody-validates",
        ),
        pytest.param(
            API + MODEL.replace("SCHEMA", r"{ properties: { a: { pattern: '\p{L}' } } }") + WITH_MODEL,
            r"{template}:20: The Schema of Model cannot be evaluated here: bad escape \p at position 0. "
            "No message of Route is validated.",
            id="a-schema-with-a-pattern-of-java",
        ),
        pytest.param(
            API
            + MODEL.replace("SCHEMA", "{ $ref: 'https://apigateway.amazonaws.com/restapis/a/models/b' }")
            + WITH_MODEL,
            "{template}:20: The Schema of Model cannot be evaluated here: "
            "https://apigateway.amazonaws.com/restapis/a/models/b. No message of Route is validated.",
            id="a-schema-that-refers-to-another-model",
        ),
        pytest.param(
            API + MODEL.replace("SCHEMA", "{ type: object }") + WITH_MODEL.replace("Expression: m", "Expression: $a.b"),
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


def test_a_stage_may_be_a_number(tmp_path: Path) -> None:
    assert loaded(tmp_path, BY_HAND.replace("STAGE", "5")).stage == "5"


def test_a_route_key_may_be_a_number(tmp_path: Path) -> None:
    assert "7" in loaded(tmp_path, API + ROUTE.replace("KEY", "7").replace("MORE", "Target: x")).routes
