"""What helps while one works: sample events, a debugger, sentences for mistakes, TLS, other machines."""

import asyncio
import json
import re
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio import client as in_a_loop
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.support.api import Api
from tests.support.gateway import PATIENCE, RunningGateway, launch_local, run_local


def sample(*arguments: str) -> Any:
    ended = run_local("event", *arguments)
    assert (ended.returncode, ended.stderr) == (0, "")
    return json.loads(ended.stdout)


def test_sample_events_run_the_hub_s_functions(gateway: RunningGateway) -> None:
    port = gateway.endpoints["page"].rpartition(":")[2]
    events = {
        "ConnectFunction": sample("connect", "--session", "sample"),
        "MessageFunction": sample("message", "--session", "sample"),
        "DisconnectFunction": sample("disconnect", "--connection", "AAAAAAAAAAAAAAA="),
    }
    answers = {
        function: run_local("invoke", function, "--event", "-", "--port", port, stdin=json.dumps(event))
        for function, event in events.items()
    }
    assert {function: json.loads(ended.stdout)["statusCode"] for function, ended in answers.items()} == dict.fromkeys(
        events, 200
    )
    assert len(gateway.rows("sample")) == 1


@pytest.mark.parametrize(
    ("arguments", "members"),
    [
        pytest.param(["connect", "--query", "token=t", "--query", "x=1"], {"token": "t", "x": "1"}, id="query"),
        pytest.param(["connect"], {"session_id": "s1"}, id="the-hub-s-query"),
    ],
)
def test_the_query_of_a_sample(arguments: list[str], members: dict[str, str]) -> None:
    assert sample(*arguments)["queryStringParameters"] == members


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        pytest.param([], "sendMessage", id="of-the-hub"),
        pytest.param(["--body", '{"action": "ping"}'], "ping", id="of-its-action"),
        pytest.param(["--body", "text"], "$default", id="of-text"),
        pytest.param(["--body", '{"action": "$connect"}'], "$default", id="reserved"),
        pytest.param(["--body", "[]"], "$default", id="of-a-list"),
        pytest.param(["--body", "text", "--route", "own"], "own", id="given"),
    ],
)
def test_the_route_of_a_sample(arguments: list[str], key: str) -> None:
    assert sample("message", *arguments)["requestContext"]["routeKey"] == key


def test_a_sample_of_a_close_and_of_a_header() -> None:
    context = sample("disconnect", "--code", "1001", "--reason", "", "--stage", "dev")["requestContext"]
    assert (context["disconnectStatusCode"], context["disconnectReason"], context["stage"]) == (1001, "", "dev")
    assert sample("connect", "--header", "X-Session=s2")["headers"]["X-Session"] == "s2"


APP = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: test
      RouteSelectionExpression: $request.body.action
      Routes: { $default: { FunctionArn: !GetAtt Mine.Arn, RouteResponseSelectionExpression: $default } }
  Response:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref Api, RouteId: !Ref ApiDefaultRoute, RouteResponseKey: $default }
  Mine:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: mine/, Runtime: python3.12, Timeout: 1, Handler: app.main.handle }
"""


def app(folder: Path, source: str) -> Path:
    (folder / "mine" / "app").mkdir(parents=True)
    (folder / "mine" / "app" / "main.py").write_text(source)
    (folder / "template.yaml").write_text(APP)
    return folder / "template.yaml"


BREAKS = """
def handle(event, context):
    answer = "as it was"
    breakpoint()
    return {"statusCode": 200, "body": answer}
"""


def test_breakpoint_waits_for_a_debugger_and_nothing_times_out(tmp_path: Path) -> None:
    template = app(tmp_path, BREAKS)
    with Api.start("--debug", "--integration-timeout", "1", template=template) as api, api.connect() as client:
        client.socket.send("hello")
        line = api.gateway.output.wait_for(r"RemotePdb session open at 127\.0\.0\.1:\d+")
        port = int(line.rpartition("127.0.0.1:")[2].partition(",")[0])
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as debugger:
            read = debugger.makefile("r")
            assert "main.py(5)handle()" in read.readline()
            with pytest.raises(TimeoutError):
                client.socket.recv(timeout=2)  # longer than the function's timeout, and the integration's
            debugger.sendall(b"answer = 'as the debugger says'\nc\n")
            assert client.receive() == "as the debugger says"


@pytest.mark.parametrize("path", ["/", "/;;answer='owned';;c;;x"])
def test_a_web_page_that_finds_the_debugger_s_port_runs_nothing(tmp_path: Path, path: str) -> None:
    with Api.start("--debug", template=app(tmp_path, BREAKS)) as api, api.connect() as client:
        client.socket.send("hello")
        line = api.gateway.output.wait_for(r"RemotePdb session open at 127\.0\.0\.1:\d+")
        port = int(line.rpartition("127.0.0.1:")[2].partition(",")[0])
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as page:
            page.sendall(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\nanswer = 'owned'\nc\n".encode())
            assert client.receive() == "as it was"


def test_breakpoint_without_that_is_said_and_passed(tmp_path: Path) -> None:
    with Api.start(template=app(tmp_path, BREAKS)) as api, api.connect() as client:
        assert client.ask("hello") == "as it was"
        api.gateway.output.wait_for(r"breakpoint\(\) does nothing here: start the gateway with --debug")


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        pytest.param("\nimport not_there\n", r"main\.py:2: No module named 'not_there'\. Install it", id="dependency"),
        pytest.param("def handle(:\n", r"main\.py:1: SyntaxError: invalid syntax", id="syntax"),
        pytest.param("x = 1\n1 / 0\n", r"main\.py:2: ZeroDivisionError: division by zero", id="raises"),
        pytest.param("", r"main\.py has no handle, which its Handler app\.main\.handle asks for\.", id="no-handler"),
    ],
)
def test_why_a_function_cannot_start_is_one_sentence(tmp_path: Path, source: str, sentence: str) -> None:
    with Api.start(template=app(tmp_path, source)) as api, api.connect() as client:
        assert "Internal server error" in client.ask("hello")
        api.gateway.output.wait_for(f"Mine cannot start: .*{sentence}")
        assert "Traceback" not in api.gateway.output.text


def test_a_handler_whose_module_is_missing(tmp_path: Path) -> None:
    template = app(tmp_path, "")
    template.write_text(APP.replace("app.main.handle", "app.other.handle"))
    with Api.start(template=template) as api:
        api.gateway.output.wait_for(r"Mine cannot start: No module named 'app\.other' in .*mine, which its Handler")


def test_clients_may_come_by_tls_if_they_trust_the_authority(tmp_path: Path) -> None:
    template = app(tmp_path, "def handle(event, context): return {'statusCode': 200, 'body': 'secure'}\n")
    with Api.start("--tls", template=template) as api:
        line = api.gateway.output.wait_for(r"wss://")
        url, authority = re.search(r"(wss://\S+) +\(trust (\S+)\)", line).groups()  # type: ignore[union-attr]
        asyncio.run(_by_tls(url, ssl.create_default_context(cafile=authority)))
    assert not Path(authority).exists()


async def _by_tls(url: str, context: ssl.SSLContext) -> None:
    """Not with threads: until Python 3.13, one that reads and one that writes TLS at once may lose what comes."""
    async with in_a_loop.connect(url, ssl=context, proxy=None, compression=None) as client:
        await client.send("hello")
        assert await client.recv() == "secure"
        await client.close(4000, "bye")
    async with in_a_loop.connect(url, ssl=context, proxy=None, compression=None) as client:
        await client.send(b"binary")
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 1003


def test_listening_on_every_address_is_said(tmp_path: Path) -> None:
    template = app(tmp_path, "def handle(event, context): return {'statusCode': 200, 'body': 'open'}\n")
    with launch_local("--template", str(template), "--host", "0.0.0.0", "--port", "0") as (_, output):
        output.wait_for(r"Listening on 0\.0\.0\.0: every machine that reaches this one can connect\.")
        url = output.wait_for(r"^  WebSocket").split()[1]
        with connect(url, proxy=None) as client:
            client.send("hello")
            assert client.recv(timeout=PATIENCE) == "open"


def test_by_default_only_this_machine_is_listened_to(gateway: RunningGateway) -> None:
    assert gateway.endpoints["page"].startswith("http://127.0.0.1:")
