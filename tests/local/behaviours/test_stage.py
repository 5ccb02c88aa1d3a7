"""Behaviours 64, 65, 67 and 68: throttles, custom domains, stage variables, and reloaded code."""

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import connect

from tests.support.api import ERROR_FRAME, Api, Connected
from tests.support.gateway import PATIENCE

STAGED = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: real
      RouteSelectionExpression: $request.body.action
      DefaultRouteSettings: { ThrottlingBurstLimit: BURST, ThrottlingRateLimit: 0.001 }
      RouteSettings: { $default: { ThrottlingBurstLimit: 1000, ThrottlingRateLimit: 1000 } }
      StageVariables: { colour: green }
      Routes:
        $connect: { FunctionArn: !GetAtt Staged.Arn }
        $default: { FunctionArn: !GetAtt Staged.Arn, RouteResponseSelectionExpression: $default }
  DefaultRouteResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref Api, RouteId: !Ref ApiDefaultRoute, RouteResponseKey: $default }
  Domain:
    Type: AWS::ApiGatewayV2::DomainName
    Properties: { DomainName: ws.example.com }
  Mapping:
    Type: AWS::ApiGatewayV2::ApiMapping
    Properties: { ApiId: !Ref Api, DomainName: !Ref Domain, Stage: !Ref Api.Stage, ApiMappingKey: chat }
  Wildcard:
    Type: AWS::ApiGatewayV2::DomainName
    Properties: { DomainName: "*.example.com" }
  WildcardMapping:
    Type: AWS::ApiGatewayV2::ApiMapping
    Properties: { ApiId: !Ref Api, DomainName: !Ref Wildcard, Stage: !Ref Api.Stage, ApiMappingKey: any }
  Staged:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: function/
      Runtime: python3.12
      Handler: staged.handler
      Policies: [AmazonAPIGatewayInvokeFullAccess]
"""

CODE = """
import contextlib
import json
import boto3
def handler(event, context):
    what = event.get("body")
    if what and what.startswith("https://"):
        api = boto3.client("apigatewaymanagementapi", endpoint_url=what)
        try:
            api.post_to_connection(ConnectionId=event["requestContext"]["connectionId"], Data=b"posted")
        except api.exceptions.ForbiddenException:
            return {"statusCode": 200, "body": "forbidden"}
    return {"statusCode": 200, "body": json.dumps(event)}
"""


@contextlib.contextmanager
def started(folder: Path, burst: int) -> Iterator[Api]:
    """Serve the template. At most ``burst`` handshakes pass its throttle."""
    (folder / "function").mkdir()
    (folder / "function" / "staged.py").write_text(CODE)
    (folder / "template.yaml").write_text(STAGED.replace("BURST", str(burst)))
    with Api.start(template=folder / "template.yaml") as api:
        yield api


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("staged")


@pytest.fixture(scope="module")
def staged(folder: Path) -> Iterator[Api]:
    with started(folder, burst=1000) as api:
        yield api


@pytest.mark.behaviour(64)
def test_64_handshakes_over_the_throttle_are_429(tmp_path: Path) -> None:
    with started(tmp_path, burst=3) as api:
        for _ in range(3):
            with api.connect():
                pass
        assert [api.refused().status_code for _ in range(2)] == [429, 429]


@pytest.mark.behaviour(65)
def test_65_a_throttled_message_is_an_error_frame_and_the_socket_stays(api: Api, client: Connected) -> None:
    frames = [client.order("throttled", "event") for _ in range(3)]
    matches = [ERROR_FRAME.fullmatch(frame) for frame in frames]
    assert [match and match[1] for match in matches[1:]] == ["Too Many Requests"] * 2
    reached = [event["requestContext"]["routeKey"] for event in api.events_of(client.connection_id)]
    assert reached.count("throttled") <= 1
    assert client.is_alive()


@pytest.mark.behaviour(67)
@pytest.mark.parametrize(
    ("host", "name", "key"),
    [
        pytest.param("ws.example.com", "ws.example.com", "chat", id="a-name"),
        pytest.param("ws.example.com.", "ws.example.com", "chat", id="a-dot-at-the-end"),
        pytest.param("other.example.com", "other.example.com", "any", id="a-wildcard"),
    ],
)
def test_67_events_and_the_management_api_behind_a_custom_domain(staged: Api, host: str, name: str, key: str) -> None:
    page = urlsplit(staged.gateway.endpoints["page"])
    there = socket.create_connection((page.hostname, page.port))
    with connect(f"ws://{host}/{key}", proxy=None, compression=None, sock=there) as client:
        client.send("hello")
        context = json.loads(client.recv(timeout=PATIENCE))["requestContext"]
        assert (context["domainName"], context["stage"]) == (name, "real")

        client.send(f"https://{host}/{key}")  # the mapping's key instead of the stage
        assert "posted" in {client.recv(timeout=PATIENCE), client.recv(timeout=PATIENCE)}
        client.send(f"https://{name}/real")
        assert client.recv(timeout=PATIENCE) == "forbidden"


def test_both_addresses_that_handlers_compute_reach_the_gateway(staged: Api) -> None:
    with staged.connect() as client:
        context = json.loads(client.ask("hello"))["requestContext"]
        for host in (context["domainName"], f"{context['apiId']}.execute-api.us-east-1.amazonaws.com"):
            client.socket.send(f"https://{host}/{context['stage']}")
            assert "posted" in {client.receive(), client.receive()}


def test_stage_variables_are_in_every_event(staged: Api) -> None:
    with staged.connect() as client:
        assert json.loads(client.ask("hello"))["stageVariables"] == {"colour": "green"}


def test_an_unknown_host_is_served_by_the_stage_s_own_path(staged: Api) -> None:
    assert staged.request("GET", "@connections/AAAAAAAAAAAAAAA=")[0] == 410


def replace(file: Path, content: str) -> None:
    """Change a file at once: a gateway that reads it meanwhile does not find a part of it."""
    new = file.parents[1] / "new"
    new.write_text(content)
    new.replace(file)


@pytest.mark.behaviour(68)
def test_68_the_next_message_runs_the_new_code_and_the_socket_stays(staged: Api, folder: Path) -> None:
    code = folder / "function" / "staged.py"
    with staged.connect() as client:
        for word in ("first", "other", "third"):  # of equal length: the size of the file does not show the change
            lines = len(staged.gateway.output.lines)
            replace(code, f"def handler(event, context):\n    return {{'statusCode': 200, 'body': '{word}'}}\n")
            staged.gateway.output.wait_for(r"staged\.py has changed: Staged starts anew\.", lines)
            assert client.ask("hello") == word
        lines = len(staged.gateway.output.lines)
        replace(code, "def handler(:\n")
        staged.gateway.output.wait_for(r"Staged cannot start: .*staged\.py:1: SyntaxError: ", lines)
        assert ERROR_FRAME.fullmatch(client.ask("hello"))
        replace(code, CODE)
        staged.gateway.output.wait_for(r"staged\.py has changed", lines + 1)
        deadline = time.monotonic() + PATIENCE
        while "requestContext" not in client.ask("hello"):
            assert time.monotonic() < deadline
