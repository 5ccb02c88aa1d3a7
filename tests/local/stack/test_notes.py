"""The notes that the user gets at the start: parts of a template that the gateway does not imitate, or cannot check."""

from pathlib import Path

import pytest

from tests.support.templates import API, BY_HAND, MOCK, ROUTE, loaded


@pytest.mark.parametrize(
    ("text", "note"),
    [
        pytest.param(
            API.replace("Handler:", "Environment: {Variables: {A: '{{resolve:ssm:/a:1}}'}}, Handler:"),
            "{template}: The gateway does not evaluate the dynamic references ({{resolve:…}}) of MyFunction. "
            "Use parameters instead.",
            id="a-dynamic-reference",
        ),
        pytest.param(
            API.replace("Transform: ", "Transform: [Own, ").replace("-31\n", "-31]\n", 1),
            "{template}: The gateway does not run the macro Own.",
            id="a-macro",
        ),
        pytest.param(
            API + ROUTE.replace("!Ref Api", "!ImportValue other").replace("KEY", "k").replace("MORE", "Target: x"),
            "{template}:20: Fn::ImportValue imports other from another stack, which the gateway does not have. "
            "Use a parameter instead. Route is left out.",
            id="a-route-of-another-stack-s-api",
        ),
        pytest.param(
            API + ROUTE.replace("!Ref Api", "other").replace("KEY", "k").replace("MORE", "Target: x"),
            "{template}:20: The API of Route is not in the template. Route is left out.",
            id="a-route-of-nothing",
        ),
        pytest.param(
            BY_HAND.replace("STAGE", "s, RouteSettings: { helo: { ThrottlingRateLimit: 1 } }"),
            "{template}: The RouteSettings of the stage are for helo, but the API has no such route.",
            id="settings-of-no-route",
        ),
        pytest.param(
            BY_HAND.replace("STAGE", "s"),
            "{template}:3: The RouteSelectionExpression of Api is x, without a variable: "
            "every JSON message goes to $default.",
            id="a-selection-of-nothing",
        ),
        pytest.param(
            BY_HAND.replace("RouteSelectionExpression: x", "Name: x").replace("STAGE", "s"),
            "{template}:3: The RouteSelectionExpression of Api is missing, without a variable: "
            "every JSON message goes to $default.",
            id="no-selection",
        ),
        pytest.param(
            API.replace("$request.body.action", "$request.header.x"),
            "{template}:6: In the RouteSelectionExpression of Api, $request.header.x is not a supported variable: "
            "the variable is empty.",
            id="a-selection-by-a-header",
        ),
        pytest.param(
            BY_HAND.replace("STAGE", "s"),
            "{template}:4: Stage has neither AutoDeploy nor a DeploymentId. API Gateway would not serve its routes.",
            id="a-stage-without-a-deployment",
        ),
        pytest.param(
            API + MOCK.replace("IntegrationType: MOCK", "IntegrationType: AWS_PROXY, RequestTemplates: { a: b }"),
            "{template}:23: Integration is an AWS_PROXY integration, which does not use RequestTemplates.",
            id="templates-of-a-proxy",
        ),
        pytest.param(
            API
            + ROUTE.replace("KEY", "k").replace("MORE", "RouteResponseSelectionExpression: $x")
            + "  Response: { Type: AWS::ApiGatewayV2::RouteResponse, Properties: { RouteId: !Ref Route } }\n",
            "{template}:20: Route has a response for $x, but API Gateway has responses for $default only: "
            "the route is one-way.",
            id="a-response-of-another-key",
        ),
        pytest.param(
            API.replace("Type: Number,", r"Type: Number, AllowedPattern: '\p{Digit}+',"),
            r"{template}:4: The gateway cannot read the AllowedPattern \p{Digit}+ of Milliseconds: "
            r"it accepts every value.",
            id="a-pattern-of-java",
        ),
        pytest.param(
            API + "  Fn::Transform: { Name: AWS::Include }\n",
            "{template}:19: Fn::Transform makes some of the Resources, and the gateway does not run it.",
            id="resources-of-a-macro",
        ),
        pytest.param(
            API + "  Made: { Fn::Transform: { Name: AWS::Include } }\n",
            "{template}:19: Fn::Transform makes Made, and the gateway does not run it.",
            id="a-resource-of-a-macro",
        ),
        pytest.param(
            API + "  Made: { Fn::Transform: { Name: AWS::Include } }\n",
            "{template}: These resources are not imitated: "
            "Made (Fn::Transform). References to them have made-up values.",
            id="a-resource-of-a-macro-by-its-name",
        ),
        pytest.param(
            API + "  Own: { Type: AWS::SecretsManager::Secret, Properties: { SecretString: !ImportValue x } }\n",
            "{template}:19: Fn::ImportValue imports x from another stack, which the gateway does not have. "
            "Use a parameter instead. The property SecretString of Own is left out.",
            id="an-optional-value-of-another-stack",
        ),
        pytest.param(
            API.replace("      StageName", "      Newest: true\n      StageName"),
            "{template}:6: SAM does not know the property Newest of Api: the property does nothing.",
            id="a-property-that-sam-does-not-know",
        ),
        pytest.param(
            API.replace("Handler:", "Newest: { A: 1 }, Handler:"),
            "{template}:16: SAM does not know the property Newest of MyFunction: the property does nothing.",
            id="a-property-of-a-function-that-sam-does-not-know",
        ),
        pytest.param(
            API + "Globals: { Function: { Newest: 1 } }\n",
            "{template}:19: SAM does not know the property Newest of the Globals of Function: "
            "the property does nothing.",
            id="a-global-that-sam-does-not-know",
        ),
        pytest.param(
            API + "Globals: { Newest: { A: 1 } }\n",
            "{template}:19: SAM does not know the property Newest of the Globals: the property does nothing.",
            id="globals-of-a-type-that-sam-does-not-know",
        ),
        pytest.param(
            API.replace(
                "          IntegrationTimeout", "          IntegrationType: MOCK\n          IntegrationTimeout"
            ),
            "{template}:6: SAM does not know the property IntegrationType of the route $default of Api: "
            "the property does nothing.",
            id="a-property-that-sam-ignores",
        ),
        pytest.param(
            API + "  Own: { Type: Custom::Own }\n",
            "{template}: These resources are not imitated: Own (Custom::Own). References to them have made-up values.",
            id="a-custom-resource",
        ),
    ],
)
def test_a_part_that_is_not_imitated_gets_a_note(text: str, note: str, tmp_path: Path) -> None:
    assert note.replace("{template}", f"{tmp_path}/template.yaml") in loaded(tmp_path, text).notes
