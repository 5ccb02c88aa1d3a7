"""Features that few APIs use: JSONPath, identity sources in the context, API keys of authorizers, choosing mocks."""

import json
from collections.abc import Iterator

import pytest

from tests.support.api import Api, policy

TEMPLATE = r"""
Transform: AWS::Serverless-2016-10-31
Resources:
  Unusual:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: test
      RouteSelectionExpression: $request.body.items[0].type
      ApiKeySelectionExpression: $context.authorizer.usageIdentifierKey
      Routes:
        $connect: { FunctionArn: !GetAtt Echo.Arn, ApiKeyRequired: true }
        $default: { FunctionArn: !GetAtt Echo.Arn, RouteResponseSelectionExpression: $default }
        chosen: { FunctionArn: !GetAtt Echo.Arn, RouteResponseSelectionExpression: $default }
      Auth:
        AuthType: CUSTOM
        AuthArn: !GetAtt Authorizer.Arn
        IdentitySource: [ "context.identity.sourceIp, route.request.querystring.policy", "$request.header.Odd" ]
  DefaultResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref Unusual, RouteId: !Ref UnusualDefaultRoute, RouteResponseKey: $default }
  ChosenResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref Unusual, RouteId: !Ref UnusualChosenRoute, RouteResponseKey: $default }
  Key:
    Type: AWS::ApiGateway::ApiKey
    Properties: { Enabled: true, Value: a-key-of-twenty-characters }
  Mock:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: !Ref Unusual
      RouteKey: mock
      RouteResponseSelectionExpression: $default
      Target: !Sub integrations/${Integration}
  MockResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref Unusual, RouteId: !Ref Mock, RouteResponseKey: $default }
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Unusual
      IntegrationType: MOCK
      TemplateSelectionExpression: ${request.body.want}
      RequestTemplates: { bad: '{"statusCode": 400}', $default: '{"statusCode": 200}' }
  Good:
    Type: AWS::ApiGatewayV2::IntegrationResponse
    Properties:
      ApiId: !Ref Unusual
      IntegrationId: !Ref Integration
      IntegrationResponseKey: /2\d\d/
      TemplateSelectionExpression: ${request.body.lang}
      ResponseTemplates: { pt: olá, $default: hello, velocity: $context.connectionId }
  Others:
    Type: AWS::ApiGatewayV2::IntegrationResponse
    Properties:
      ApiId: !Ref Unusual
      IntegrationId: !Ref Integration
      IntegrationResponseKey: $default
      ResponseTemplates: { $default: refused }
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      InlineCode: |
        def handler(event, context):
            return {"statusCode": 200, "body": event["requestContext"]["routeKey"]}
  Authorizer:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      InlineCode: |
        import json
        def handler(event, context):
            return json.loads(event["queryStringParameters"]["policy"].replace("ARN", event["methodArn"]))
"""
ALLOWED = policy(usageIdentifierKey="a-key-of-twenty-characters")


@pytest.fixture(scope="module")
def unusual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    template = tmp_path_factory.mktemp("unusual") / "template.yaml"
    template.write_text(TEMPLATE)
    with Api.start(template=template) as started:
        yield started


def test_a_client_has_the_api_key_that_its_authorizer_returned(unusual: Api) -> None:
    with unusual.connect(policy=ALLOWED):
        pass
    assert unusual.refused(policy=policy()).status_code == 403
    assert unusual.refused().status_code == 401


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        pytest.param({"items": [{"type": "chosen"}, {"type": "mock"}]}, "chosen", id="the-first-item"),
        pytest.param({"items": []}, "$default", id="no-item"),
        pytest.param({"items": [{"type": "mock"}]}, "hello", id="a-mock"),
        pytest.param({"items": [{"type": "mock"}], "lang": "pt"}, "olá", id="a-mock-by-language"),
        pytest.param({"items": [{"type": "mock"}], "want": "bad", "lang": "pt"}, "refused", id="a-mock-that-refuses"),
    ],
)
def test_a_message_chooses_its_route_and_its_reply(unusual: Api, message: dict[str, object], answer: str) -> None:
    with unusual.connect(policy=ALLOWED) as client:
        assert client.ask(json.dumps(message)) == answer


def test_an_expression_that_is_not_imitated_fails_and_is_named_with_its_line(unusual: Api) -> None:
    unusual.gateway.output.wait_for(r"template.yaml:4: The IdentitySource \$request.header.Odd of \w+ is not imitated")
    unusual.gateway.output.wait_for(
        r"template.yaml:44: The response template velocity of Good contains \$context.connectionId,"
    )
    with unusual.connect(policy=ALLOWED) as client:
        frame = client.ask('{"items": [{"type": "mock"}], "lang": "velocity"}')
        assert json.loads(frame)["message"] == "Internal server error"
    unusual.gateway.output.wait_for(r"mock +The reply of the mock contains \$context.connectionId,")
