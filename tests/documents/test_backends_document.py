"""Every snippet of docs/backends.md runs here, or in test_backends_recipes.py."""

import contextlib
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest

from tests.support.aws_cli import shell
from tests.support.documents import BACKENDS, code, function_of, part
from tests.support.gateway import Client, RunningGateway, run_local
from tests.support.node import NODE, need, npm, npx
from tests.support.paths import ROOT
from tests.support.scripted import answer, scripted

SDK = "@aws-sdk/client-lambda@3.1164.0"
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:MessageFunction"
"""MessageFunction of a local hub."""

OUTPUT = {
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
    "Outputs": {"MessageFunctionArn": {"Value": FUNCTION}},
}


def test_each_snippet_has_a_test() -> None:
    """Whoever adds a snippet adds a test for it, and its language to this list."""
    assert re.findall(r"^```(\w+)$", BACKENDS, re.MULTILINE) == [
        *["console", "console"],  # from a terminal
        "console",  # what an operator can do
        *["json", "python", "js", "console", "console"],  # publish by invocation
        *["python", "console"],  # publish by queue
        *["yaml", "yaml"],  # EventBridge
        "yaml",  # S3
        "yaml",  # DynamoDB streams
        "json",  # Step Functions
    ]


@pytest.fixture(scope="module")
def hub() -> Iterator[RunningGateway]:
    """A gateway whose hub keeps history."""
    with RunningGateway.start("--parameter", "HistorySeconds=600") as running:
        yield running


@contextlib.contextmanager
def connected(hub: RunningGateway, *sessions: str) -> Iterator[list[Client]]:
    """Open a connection for each session."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(hub.connect(session)) for session in sessions]


@pytest.fixture
def two_of_s1(gateway: RunningGateway) -> Iterator[list[Client]]:
    """Two connections of the session ``s1``, at the shared gateway, which keeps no history. Nobody is in ``s2``."""
    with connected(gateway, "s1", "s1") as clients:
        yield clients
    gateway.wait_for_rows("s1", 0)


# From a terminal, and what an operator can do


def steps(title: str, number: int = 0) -> list[tuple[str, list[str]]]:
    """Return the commands of a code block, each with the lines that it prints."""
    lines = code(BACKENDS, title, "console")[number].splitlines()
    starts = [index for index, line in enumerate(lines) if line.startswith("$ ")]
    blocks = [lines[start:end] for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)]
    return [(block[0].removeprefix("$ "), block[1:]) for block in blocks]


def typed(command: str, hub: RunningGateway) -> list[str]:
    """Run a command of ``python -m local`` for a running hub, and return the lines that it prints."""
    program, *arguments = shlex.split(command)
    assert (program, arguments[:2]) == (".venv/bin/python", ["-m", "local"])
    ended = run_local(*arguments[2:], "--port", str(urlsplit(hub.endpoints["page"]).port))
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout.splitlines()


def test_a_message_from_a_terminal(gateway: RunningGateway, two_of_s1: list[Client]) -> None:
    ((command, lines),) = steps("From a terminal")
    assert typed(command, gateway) == lines
    assert [(frame["from"], frame["message"]) for frame in (client.receive() for client in two_of_s1)] == [
        ("#", {"text": "hi"})
    ] * 2
    gateway.output.wait_for(r"INFO sent verb=publish by=local:\S+ ")


def test_the_options_of_publish_are_those_in_the_table() -> None:
    listed = re.findall(r"^\| `(--[a-z-]+)", part(BACKENDS, "From a terminal"), re.MULTILINE)
    usage = run_local("publish", "--help").stdout
    everywhere = {"--help", "--host", "--port", "--stack", "--region", "--profile", "--json"}
    assert {*listed} == {*re.findall(r"^ +(?:-h, )?(--[a-z-]+)", usage, re.MULTILINE)} - everywhere


def plain(lines: list[str]) -> list[str]:
    """Return lines without connection ids and times."""
    without_ids = [re.sub(r"^[\w-]{15}=", "ID", line) for line in lines]
    return [re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "TIME", line) for line in without_ids]


def test_the_commands_of_an_operator(hub: RunningGateway) -> None:
    with connected(hub, "s1", "s1") as clients:
        typed(""".venv/bin/python -m local publish --session s1 '"to be purged"'""", hub)
        last = hub.rows("s1")[-1]
        for command, lines in steps("What an operator can do"):
            assert plain(typed(command.replace("Pv4tMGuZvHcFbRg=", last), hub)) == plain(lines)
        frames = [[client.receive(), client.receive()] for client in clients]
    assert sorted(json.dumps(closing) for _message, closing in frames) == [
        '{"type": "closing", "reconnect": false, "reason": "signed out"}',
        '{"type": "closing", "reconnect": true}',
    ]


def test_a_message_to_a_stack(
    gateway: RunningGateway, stack: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ((command, lines),) = steps("From a terminal", 1)
    keys = "aws_access_key_id = testing\naws_secret_access_key = testing\n"
    (tmp_path / "config").write_text(f"[profile operator]\nregion = us-east-1\n{keys}")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    with connected(gateway, "s1"):
        ended = subprocess.run(
            [sys.executable, *shlex.split(command)[1:]], cwd=ROOT, capture_output=True, text=True, check=False
        )
    assert (ended.returncode, ended.stdout.splitlines(), ended.stderr) == (0, lines, "")
    gateway.wait_for_rows("s1", 0)
    gateway.output.wait_for(r"INFO sent verb=publish by=arn:aws:sts::123456789012:user/moto ")


# Publish by invocation


@pytest.fixture(scope="module")
def websocket_hub(moto_url: str) -> None:
    """A stack ``websocket-hub`` in moto, whose function is that of a local hub."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in KEYS.items():
            environment.setenv(name, value)
        cloudformation = boto3.client("cloudformation", endpoint_url=moto_url)
        cloudformation.create_stack(StackName="websocket-hub", TemplateBody=json.dumps(OUTPUT))


@pytest.fixture
def stack(gateway: RunningGateway, moto_url: str, websocket_hub: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """SDKs and the AWS CLI find the stack, and the function of the shared gateway."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", gateway.endpoints["page"])
    monkeypatch.setenv("HUB_FUNCTION", FUNCTION)


TITLE = "Publish by invocation"
HI = {"text": "hi"}
FROM_ORDERS = {"type": "message", "id": "o-1", "session": "s1", "from": "#orders", "message": HI}


def received(client: Client) -> dict[str, Any]:
    """Return the next frame of a client, without its time."""
    frame: dict[str, Any] = client.receive()
    del frame["sent_at"]
    return frame


def test_python_publishes(stack: None, two_of_s1: list[Client]) -> None:
    publish = function_of(TITLE, "publish")
    assert publish("o-1", ["s1", "s2"], HI) == {
        "type": "ack", "id": "o-1", "delivered": {"s1": 2}, "offline": ["s2"], "failed": {}
    }  # fmt: skip
    assert [received(client) for client in two_of_s1] == [FROM_ORDERS] * 2
    refused = publish("o-2", ["s1", "a b"], HI)
    assert (refused["code"], refused["field"], refused["id"]) == ("bad_request", "sessions[1]", "o-2")


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(answer(b'{"type": "error", "code": "internal"}'), id="an-error"),
        pytest.param(answer(b"{}").replace(b"\r\n", b"\r\nX-Amz-Function-Error: Unhandled\r\n", 1), id="a-failure"),
    ],
)
def test_python_raises_if_there_is_no_answer(stack: None, monkeypatch: pytest.MonkeyPatch, reply: bytes) -> None:
    with scripted() as function:
        function.last = reply
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", function.url)
        publish = function_of(TITLE, "publish")
        with pytest.raises(RuntimeError):
            publish("o-1", ["s1"], HI)


def test_node_publishes(
    gateway: RunningGateway, stack: None, two_of_s1: list[Client], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need(NODE)
    (snippet,) = code(BACKENDS, TITLE, "js")
    script = f"{snippet}\nconsole.log(JSON.stringify(await publish('o-1', ['s1', 's2'], {json.dumps(HI)})));\n"
    (tmp_path / "publish.mjs").write_text(script)
    npm("install", "--prefix", tmp_path, "--no-audit", "--no-fund", SDK)
    here = KEYS | {"AWS_REGION": "us-east-1", "HUB_FUNCTION": FUNCTION}
    here |= {"AWS_ENDPOINT_URL_LAMBDA": gateway.endpoints["page"], "NO_PROXY": "127.0.0.1"}
    printed = npx(NODE, tmp_path / "publish.mjs", **here)
    assert json.loads(printed)["delivered"] == {"s1": 2}
    assert [received(client) for client in two_of_s1] == [FROM_ORDERS] * 2


def test_the_aws_cli_publishes(stack: None, two_of_s1: list[Client], tmp_path: Path) -> None:
    lines = code(BACKENDS, TITLE, "console")[0].splitlines()
    commands = [line.removeprefix("$ ") for line in lines if line.startswith(("$ ", "    "))]
    status, printed = shell("\n".join(commands), tmp_path)
    assert [status, json.loads(printed)] == ["200", json.loads(lines[-1])]
    assert [received(client) for client in two_of_s1] == [{**FROM_ORDERS, "id": "o-17", "from": "#"}] * 2


def test_the_variables_lead_to_the_local_hub(gateway: RunningGateway, two_of_s1: list[Client], tmp_path: Path) -> None:
    exports = [command for command, _ in steps(TITLE, 1)]
    assert sum(command.count("http://127.0.0.1:3001") for command in exports) == 1
    here = [command.replace("http://127.0.0.1:3001", gateway.endpoints["page"]) for command in exports]
    invoke = "aws lambda invoke --function-name $HUB_FUNCTION --cli-binary-format raw-in-base64-out answer"
    shell("\n".join([*here, invoke + """ --payload '{"hub": "who", "sessions": ["s1"]}'"""]), tmp_path)
    assert json.loads((tmp_path / "answer").read_text()) == {"online": {"s1": 2}, "offline": []}


def test_the_policy_allows_one_action_on_one_function() -> None:
    (policy,) = code(BACKENDS, TITLE, "json")
    (statement,) = json.loads(policy)["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "lambda:InvokeFunction")
    assert re.fullmatch(r"arn:aws:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+", statement["Resource"])


# Answers, and invocations of operators


@pytest.mark.parametrize(
    ("event", "codes"),
    [
        pytest.param('{"hub": "publish", "messages": []}', "bad_request", id="no-messages"),
        pytest.param('{"hub": "publish", "messages": [], "by": NaN}', "bad_json", id="not-json"),
        pytest.param('{"hub": "shout"}', "unknown_action", id="an-unknown-verb"),
        pytest.param(
            '{"hub": "publish", "messages": [7, {"sessions": ["away"], "message": 1}, {"sessions": ["a b"]}]}',
            ["bad_json", None, "bad_request"],
            id="one-good-message-of-three",
        ),
    ],
)
def test_the_hub_answers_every_mistake(gateway: RunningGateway, event: str, codes: Any) -> None:
    lambda_api = boto3.client("lambda", endpoint_url=gateway.endpoints["page"])
    result = lambda_api.invoke(FunctionName="MessageFunction", Payload=event)
    answered = json.load(result["Payload"])
    assert "FunctionError" not in result
    assert codes == (answered.get("code") or [each.get("code") for each in answered["answers"]])


def events(title: str) -> list[dict[str, Any]]:
    """Return the events in a table."""
    return [json.loads(text) for text in re.findall(r'`(\{"hub": .*?\})` \|', part(BACKENDS, title))]


@pytest.mark.parametrize("event", events("Invocations of operators"), ids=lambda event: event["hub"])
def test_the_hub_understands_each_event_of_an_operator(hub: RunningGateway, event: dict[str, Any]) -> None:
    lambda_api = boto3.client("lambda", endpoint_url=hub.endpoints["page"])
    for by in ({}, {"by": "me"}):
        result = lambda_api.invoke(FunctionName="MessageFunction", Payload=json.dumps(event | by))
        row = next(line for line in BACKENDS.splitlines() if line.startswith(f"| `{json.dumps(event)}`"))
        documented = re.findall(r'(?<=[{,]) ?"(\w+)": ', row.split("` | `")[1].replace("[{", "["))
        assert {*json.load(result["Payload"])} <= {*documented}
