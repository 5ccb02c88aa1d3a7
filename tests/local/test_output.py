"""Text from clients is printed without control over the terminal, and output never delays a client."""

import contextlib
import signal
import subprocess
import sys
import urllib.error
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect

from tests.support.gateway import PATIENCE, Client, RunningGateway, environment, get_json, three_in_a_row, wait_until
from tests.support.paths import ROOT

CONTROLS = "\x1b]0;owned\x07\x1b[2J\x9b2J\r\u202e"
TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: prod
      RouteSelectionExpression: $request.body.action
      Routes:
        $connect: { FunctionArn: !GetAtt Printing.Arn }
        $disconnect: { FunctionArn: !GetAtt Printing.Arn }
        $default: { FunctionArn: !GetAtt Printing.Arn }
  Printing:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: ., Handler: main.handle, Runtime: python3.12 }
"""
HANDLER = """
import json

def handle(event, context):
    texts = [event.get("body"), event["requestContext"].get("disconnectReason"), *event.get("headers", {}).values()]
    for text in filter(None, texts):
        print(text)
        print(json.dumps({"level": "INFO", "message": text, "text": text}))
    if "raise" in str(texts):
        raise ValueError(*texts)
    return {"statusCode": 200}
"""


def test_text_from_clients_cannot_control_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "main.py").write_text(HANDLER)
    with RunningGateway.start("--template", str(tmp_path / "template.yaml")) as gateway:
        with gateway.connect("s1", additional_headers={"X-Header": "\x9b2J\x85"}) as client:
            client.send(CONTROLS)
            client.send(f"raise {CONTROLS}")
            client.socket.close(1000, CONTROLS)
        gateway.output.wait_for(r"\$disconnect +Printing  200")
        text = gateway.output.text
    assert text.count(r"\x1b]0;owned\x07\x1b[2J\x9b2J") >= 6
    assert [character for character in text if not character.isprintable() and character != "\n"] == []


@contextlib.contextmanager
def on_a_full_disk() -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    """Run a gateway whose output goes to a full disk. Yields its process and its address."""
    first, sockets = three_in_a_row()
    for sock in sockets:
        sock.close()
    command = [sys.executable, "-m", "local", "--port", str(first)]
    with Path("/dev/full").open("wb") as full:
        process = subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=full, stderr=subprocess.PIPE)
    with process:
        try:
            yield process, f"127.0.0.1:{first}"
        finally:
            process.kill()


def is_ready(process: "subprocess.Popen[bytes]", address: str) -> bool:
    assert process.poll() is None
    with contextlib.suppress(urllib.error.URLError):
        return bool(get_json(f"http://{address}/_local/endpoints"))
    return False


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's device that is always full")
def test_on_a_full_disk_every_client_is_answered() -> None:
    with on_a_full_disk() as (process, address):
        wait_until(lambda: is_ready(process, address))
        for number in range(3):
            with connect(f"ws://{address}/prod?session_id=s{number}", proxy=None, compression=None) as socket:
                answers = [
                    Client(socket).ask({"action": "x" * 100}) for _ in range(40)
                ]  # more output than a buffer holds
                assert {answer["code"] for answer in answers} == {"unknown_action"}
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=PATIENCE)
        assert (process.returncode, complaints) == (0, b"")
