"""Conveniences for developers: a debugger, one-sentence errors, TLS, and other machines."""

import asyncio
import json
import re
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.asyncio import client as in_a_loop
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.support.api import Api
from tests.support.gateway import PATIENCE, RunningGateway, launch_local

APP = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: test
      RouteSelectionExpression: $request.body.action
      Routes: { $default: { FunctionArn: !GetAtt Mine.Arn, RouteResponseSelectionExpression: $default }, ROUTES }
  Response:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref Api, RouteId: !Ref ApiDefaultRoute, RouteResponseKey: $default }
  Mine:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: Mine/, Runtime: python3.12, Timeout: 1, Handler: app.main.handle }
"""
FUNCTION = """
  {name}:
    Type: AWS::Serverless::Function
    Properties: {{ CodeUri: {name}/, Runtime: python3.12, Timeout: 1, Handler: {handler} }}
"""


def app(folder: Path, source: str, **others: tuple[str, str]) -> Path:
    """
    Write an application, and return the path of its template.

    Args:
        source: The module of the function Mine, whose route is $default.
        others: More functions: handler and source. Each has a route of its name.

    """
    routes = ", ".join(f"{name}: {{ FunctionArn: !GetAtt {name}.Arn }}" for name in others)
    text = APP.replace(", ROUTES", f", {routes}" if routes else "")
    text += "".join(FUNCTION.format(name=name, handler=handler) for name, (handler, _) in others.items())
    for name, module in {"Mine": source, **{name: module for name, (_, module) in others.items()}}.items():
        (folder / name / "app").mkdir(parents=True)
        (folder / name / "app" / "main.py").write_text(module)
    (folder / "template.yaml").write_text(text)
    return folder / "template.yaml"


ANSWERS = "def handle(event, context): return {'statusCode': 200, 'body': 'here'}\n"
BREAKS = """
def handle(event, context):
    answer = "as it was"
    breakpoint()
    return {"statusCode": 200, "body": answer}
"""


@pytest.fixture(scope="module")
def debugged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An application whose function has a breakpoint, in a gateway with --debug."""
    template = app(tmp_path_factory.mktemp("debugged"), BREAKS)
    with Api.start("--debug", "--integration-timeout", "1", template=template) as api:
        yield api


def port_of_debugger(api: Api, after: int) -> int:
    """Wait until a function has stopped at its breakpoint. Returns the port of its debugger."""
    line = api.gateway.output.wait_for(r"RemotePdb session open at 127\.0\.0\.1:\d+", after)
    return int(line.rpartition("127.0.0.1:")[2].partition(",")[0])


def test_breakpoint_waits_for_a_debugger_and_nothing_times_out(debugged: Api) -> None:
    printed = len(debugged.gateway.output.lines)
    with debugged.connect() as client:
        client.socket.send("hello")
        port = port_of_debugger(debugged, printed)
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as debugger:
            read = debugger.makefile("r")
            assert "main.py(5)handle()" in read.readline()
            with pytest.raises(TimeoutError):
                client.socket.recv(timeout=2)  # longer than the time-outs of the function and of the integration
            debugger.sendall(b"answer = 'as the debugger says'\nc\n")
            assert client.receive() == "as the debugger says"


@pytest.mark.parametrize("path", ["/", "/;;answer='owned';;c;;x"])
def test_a_web_page_that_finds_the_debugger_s_port_runs_nothing(debugged: Api, path: str) -> None:
    printed = len(debugged.gateway.output.lines)
    with debugged.connect() as client:
        client.socket.send("hello")
        port = port_of_debugger(debugged, printed)
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as page:
            page.sendall(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\nanswer = 'owned'\nc\n".encode())
            assert client.receive() == "as it was"


def test_breakpoint_without_debug_prints_advice_and_goes_on(tmp_path: Path) -> None:
    with Api.start(template=app(tmp_path, BREAKS)) as api, api.connect() as client:
        assert client.ask("hello") == "as it was"
        api.gateway.output.wait_for(r"breakpoint\(\) does nothing here: start the gateway with --debug")


BROKEN = {
    "Dependency": ("app.main.handle", "\nimport not_there\n", r"main\.py:2: No module named 'not_there'\. Install it"),
    "Syntax": ("app.main.handle", "def handle(:\n", r"main\.py:1: SyntaxError: invalid syntax"),
    "Raises": ("app.main.handle", "x = 1\n1 / 0\n", r"main\.py:2: ZeroDivisionError: division by zero"),
    "NoHandler": ("app.main.handle", "", r"main\.py has no handle, which its Handler app\.main\.handle asks for\."),
    "NoModule": ("app.other.handle", "", r"No module named 'app\.other' in .*NoModule, which its Handler"),
}
"""Functions that cannot start: handler, source, and the sentence that the gateway prints."""


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An application whose functions cannot start, except the function of $default."""
    others = {name: (handler, source) for name, (handler, source, _) in BROKEN.items()}
    with Api.start(template=app(tmp_path_factory.mktemp("broken"), ANSWERS, **others)) as api:
        yield api


@pytest.mark.parametrize("name", BROKEN)
def test_the_reason_why_a_function_cannot_start_is_one_sentence(broken: Api, name: str) -> None:
    broken.gateway.output.wait_for(f"{name} cannot start: .*{BROKEN[name][2]}")
    with broken.connect() as client:
        assert "Internal server error" in client.ask(json.dumps({"action": name}))
    assert "Traceback" not in broken.gateway.output.text


def test_a_function_that_cannot_start_does_not_affect_others(broken: Api) -> None:
    with broken.connect() as client:
        assert client.ask("hello") == "here"


def test_clients_that_trust_the_authority_may_connect_by_tls(tmp_path: Path) -> None:
    template = app(tmp_path, ANSWERS)
    with Api.start("--tls", template=template) as api:
        line = api.gateway.output.wait_for(r"wss://")
        url, authority = re.search(r"(wss://\S+) +\(trust (\S+)\)", line).groups()  # type: ignore[union-attr]
        asyncio.run(_by_tls(url, ssl.create_default_context(cafile=authority)))
    assert not Path(authority).exists()


async def _by_tls(url: str, context: ssl.SSLContext) -> None:
    """Connect with asyncio: until Python 3.13, two threads that read and write one TLS socket at once may lose data."""
    async with in_a_loop.connect(url, ssl=context, proxy=None, compression=None) as client:
        await client.send("hello")
        assert await client.recv() == "here"
        await client.close(4000, "bye")
    async with in_a_loop.connect(url, ssl=context, proxy=None, compression=None) as client:
        await client.send(b"binary")
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 1003


def test_a_gateway_that_listens_on_every_address_warns(tmp_path: Path) -> None:
    template = app(tmp_path, ANSWERS)
    with launch_local("--template", str(template), "--host", "0.0.0.0", "--port", "0") as (_, output):
        output.wait_for(r"The gateway listens on 0\.0\.0\.0: any machine that can reach this one can connect\.")
        url = output.wait_for(r"^  WebSocket").split()[1]
        with connect(url, proxy=None) as client:
            client.send("hello")
            assert client.recv(timeout=PATIENCE) == "here"


def test_by_default_only_this_machine_can_connect(gateway: RunningGateway) -> None:
    assert gateway.endpoints["page"].startswith("http://127.0.0.1:")
