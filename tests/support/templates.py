"""Small templates for tests, and functions that write and load them."""

from pathlib import Path

from local.stack.app import App
from local.stack.loading import load

FUNCTION = """
Transform: AWS::Serverless-2016-10-31
Resources:
  MyFunction:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: CODE, Handler: main.handle, Runtime: python3.12 }
"""
API = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Milliseconds: { Type: Number, Default: 1000 }
Resources:
  Api:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: test
      RouteSelectionExpression: $request.body.action
      Routes:
        $default:
          FunctionArn: !GetAtt MyFunction.Arn
          IntegrationTimeout: !Ref Milliseconds
          RouteResponseSelectionExpression: $default
  MyFunction:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: function/, Handler: main.handle, Runtime: python3.12 }
"""
BY_HAND = """
Resources:
  Api: { Type: AWS::ApiGatewayV2::Api, Properties: { ProtocolType: WEBSOCKET, RouteSelectionExpression: x } }
  Stage: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Api, StageName: STAGE } }
"""
MOCK = """
  Mock:
    Type: AWS::ApiGatewayV2::Route
    Properties: { ApiId: !Ref Api, RouteKey: mock, Target: !Sub "integrations/${Integration}" }
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties: { ApiId: !Ref Api, IntegrationType: MOCK }
  IntegrationResponse:
    Type: AWS::ApiGatewayV2::IntegrationResponse
    Properties: { IntegrationId: !Ref Integration, ResponseTemplates: { $default: REPLY } }
"""
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
CONNECT_WITH_MODEL = ROUTE.replace("KEY", "$connect").replace(
    "MORE", "ModelSelectionExpression: m, RequestModels: { $default: m }"
)


def written(folder: Path, text: str | bytes) -> Path:
    """Write a template into the folder, and return its path."""
    path = folder / "template.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def loaded(folder: Path, text: str = API, **parameters: str) -> App:
    """Write a template and an empty folder for its function into the folder, and load the template."""
    (folder / "function").mkdir(exist_ok=True)
    return load(written(folder, text), parameters)
