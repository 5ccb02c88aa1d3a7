"""Templates that the gateway refuses, each with a sentence and, where there is one, the line."""

from pathlib import Path

import pytest

from local.stack.errors import TemplateError
from tests.support.templates import API, BY_HAND, CONNECT_WITH_MODEL, MODEL, ROUTE, loaded

BOMB = "Metadata:\n  a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"  a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]\n" for number in range(1, 9)
)
"""YAML with 9 to the power of 9 values when its aliases are written out."""


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
            "The template {folder}/template.yaml is for the Serverless Framework; "
            "it must be for SAM or CloudFormation.",
            id="a-serverless-yml",
        ),
        pytest.param(
            "Resources: { Api: { Type: AWS::ApiGatewayV2::Api, Properties: { ProtocolType: HTTP } } }",
            "{folder}/template.yaml:1: The template has no WebSocket API to serve: Api is an API of another type.",
            id="an-http-api",
        ),
        pytest.param(
            "Transform: AWS::Serverless-2016-10-31\nResources: { Http: { Type: AWS::Serverless::HttpApi } }",
            "{folder}/template.yaml:2: The template has no WebSocket API to serve: Http is an API of another type.",
            id="an-http-api-of-sam",
        ),
        pytest.param(
            BY_HAND.replace("STAGE", "a/b"),
            "{folder}/template.yaml:4: The StageName of Stage is a/b; "
            "it must consist of letters, digits, hyphens and underscores.",
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
            "The type of Api is one of SAM's, but the template has no Transform: AWS::Serverless-2016-10-31.",
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
            "The template {folder}/template.yaml has more than 100,000 values when its YAML aliases are written out.",
            id="aliases-that-multiply",
        ),
        pytest.param(
            API.replace("Type: Number", "Type: Numbre"),
            "{folder}/template.yaml:4: The Type of the parameter Milliseconds is Numbre, "
            "which CloudFormation does not have.",
            id="a-parameter-of-an-unknown-type",
        ),
        pytest.param(
            API.replace("Default: 1000", "Default: !Ref Api"),
            "{folder}/template.yaml:4: The default of the parameter Milliseconds is {{'Ref': 'Api'}}; it must be text.",
            id="a-default-that-is-a-reference",
        ),
        pytest.param(
            API + "  Fn::ForEach::Tables: []\n",
            "{folder}/template.yaml:19: Fn::ForEach::Tables needs the Transform AWS::LanguageExtensions.",
            id="a-loop-without-its-macro",
        ),
        pytest.param(
            API.replace("      StageName: test", "      Missing: {}").replace("Missing: {}", "StageName: !Ref Nothing"),
            "{folder}/template.yaml:6: "
            "The template refers to Nothing, which is neither one of its parameters nor one of its resources.",
            id="a-reference-to-nothing",
        ),
    ],
)
def test_a_template_that_cannot_be_served_is_refused_with_a_sentence(text: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(TemplateError) as raised:
        loaded(tmp_path, text)
    assert str(raised.value) == problem.format(folder=tmp_path)


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
            "19: The property RouteKey of Route is ['a']; it must be text.",
            id="a-list-for-a-route-key",
        ),
        pytest.param(
            ROUTE.replace("KEY", "$connect").replace("MORE", "AuthorizationType: JWT").lstrip("\n"),
            "19: The AuthorizationType of Route is JWT; it must be NONE, AWS_IAM or CUSTOM.",
            id="an-authorization-of-http-apis",
        ),
        pytest.param(
            MODEL.replace("SCHEMA", "{ type: 5 }").lstrip("\n") + CONNECT_WITH_MODEL,
            "19: The Schema of Model is not a JSON schema: 5 is not valid under any of the given schemas.",
            id="a-model-that-is-not-a-schema",
        ),
        pytest.param(
            MODEL.replace("SCHEMA", "'{'").lstrip("\n") + CONNECT_WITH_MODEL,
            "19: The Schema of Model is not a JSON schema: "
            "Expecting property name enclosed in double quotes: line 1 column 2 (char 1).",
            id="a-model-that-is-not-json",
        ),
        pytest.param(
            "  A: { Type: AWS::DynamoDB::Table, Properties: { AttributeDefinitions: {}, KeySchema: [] } }",
            "19: The property AttributeDefinitions of A is {}; it must be a list.",
            id="a-mapping-for-a-list",
        ),
        pytest.param(
            "  A: { Type: AWS::DynamoDB::Table, Properties: { TableName: !Ref A } }",
            "19: A refers to itself.",
            id="itself",
        ),
        pytest.param(
            "  A: { Type: AWS::SNS::Topic, Properties: { TopicName: !Join [x] } }",
            '19: Fn::Join does not accept ["x"].',
            id="a-join-of-nothing",
        ),
        pytest.param(
            "  A: { Type: AWS::SNS::Topic, Properties: { TopicName: !Join ['-', !Ref AWS::StackName] } }",
            '19: Fn::Join does not accept ["-", {"Ref": "AWS::StackName"}].',
            id="a-join-of-a-text",
        ),
        pytest.param(
            "  A: { Type: AWS::SNS::Topic, Properties: { TopicName: !GetAtt MyFunction.Name } }",
            "19: The template refers to MyFunction.Name, but MyFunction has no attribute Name.",
            id="an-unknown-attribute",
        ),
    ],
)
def test_a_value_that_cloudformation_would_refuse_is_refused_with_its_line(
    more: str, problem: str, tmp_path: Path
) -> None:
    with pytest.raises(TemplateError) as raised:
        loaded(tmp_path, API + more)
    assert str(raised.value) == f"{tmp_path}/template.yaml:{problem}"


def test_a_stage_may_be_a_number(tmp_path: Path) -> None:
    assert loaded(tmp_path, BY_HAND.replace("STAGE", "5")).stage == "5"


def test_a_route_key_may_be_a_number(tmp_path: Path) -> None:
    assert "7" in loaded(tmp_path, API + ROUTE.replace("KEY", "7").replace("MORE", "Target: x")).routes
