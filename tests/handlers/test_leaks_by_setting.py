"""No setting of Lambda, Powertools or Python makes a function write a secret."""

import io
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.shared import constants
from moto.server import ThreadedMotoServer

from hub.connections import Connections
from local.api import events
from local.aws.provision import provision
from local.console import Console
from local.lambdas.worker_environment import environment_of
from local.stack.loading import load
from tests.support.corpus import TEXT, Secrets
from tests.support.credentials import KEY
from tests.support.faulty import faulty_endpoint
from tests.support.gateway import PATIENCE
from tests.support.in_moto import client, row
from tests.support.lambdas import Context, cold_start
from tests.support.paths import ROOT
from tests.support.scripted import answer, error, scripted

ROLE = {"AWS_SECRET_ACCESS_KEY": "the-secret-key-of-the-role", "AWS_SESSION_TOKEN": "the-session-token-of-the-role"}

RUNTIME = """
import importlib, json, logging, sys
sys.path[:0] = json.loads(sys.argv[1])
logging.basicConfig(level=sys.argv[2], stream=sys.stdout)  # before the function, as Lambda's runtime does
from tests.support.lambdas import Context
for module, event in json.load(sys.stdin):
    importlib.import_module(module).lambda_handler(event, Context())
"""

POWERTOOLS = {
    str(value): "DEBUG" if str(value).endswith("LEVEL") else "1"
    for value in vars(constants).values()
    if str(value).startswith("POWERTOOLS_")
}
"""Every setting of Powertools, switched on."""


@dataclass
class Services:
    """DynamoDB, Secrets Manager and ``@connections``, with one open connection."""

    aws: str
    endpoint: str

    def written(self, root: str, added: dict[str, str], secrets: Secrets) -> str:
        """Return all that ConnectFunction and MessageFunction write in one process, with variables added."""
        app = load(ROOT / "template.yaml", {"AuthMode": "jwt", "WebSocketEndpoint": self.endpoint})
        functions = [app.functions[name] for name in ("ConnectFunction", "MessageFunction")]
        environment = {"AWS_ENDPOINT_URL": self.aws, "no_proxy": "*", "PYTHONPATH": str(ROOT)} | ROLE | added
        for function in functions:
            environment = environment_of(function, {}) | function.environment | environment
        folders = [str(folder) for function in functions for folder in function.path]
        done = subprocess.run(
            [sys.executable, "-c", RUNTIME, json.dumps(folders), root],
            input=json.dumps(list(self.events(secrets))),
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )
        return done.stdout + done.stderr

    @staticmethod
    def events(secrets: Secrets) -> Iterator[tuple[str, dict[str, Any]]]:
        claims = {"session_id": "s1", "exp": int(time.time()) + 600, "sub": "somebody"}
        for token in (secrets.token(claims), secrets.token(claims, key=TEXT)):
            event = events.connect(
                client("new="), time.time(), [("Authorization", f"Bearer {token}")], f"token={token}"
            )
            yield "on_connect_lambda", event
        frame = json.dumps({"action": "sendMessage", "sessions": ["s1"], "message": {"text": TEXT}})
        for connection_id in ("one=", "unknown="):
            yield "on_send_message_lambda", events.message(client(connection_id), time.time(), "sendMessage", frame)


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    store = load(ROOT / "template.yaml", {}).store
    try:
        with pytest.MonkeyPatch.context() as environment, faulty_endpoint() as endpoint:
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "no_proxy"):
                environment.setenv(name, "*")
            provision(store, url, url, Console())
            boto3.client("secretsmanager", "us-east-1", endpoint_url=url).put_secret_value(
                SecretId=store.secrets[0]["Name"], SecretString=KEY
            )
            dynamodb = boto3.client("dynamodb", "us-east-1", endpoint_url=url)
            Connections(dynamodb, store.tables[0]["TableName"]).add(row("s1", "one=", subject="me", send=("s1",)))
            yield Services(url, endpoint.url)
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("root", "added"),
    [
        pytest.param("DEBUG", {"AWS_LAMBDA_LOG_LEVEL": "DEBUG"}, id="application-log-level-debug"),
        pytest.param("NOTSET", {"AWS_LAMBDA_LOG_LEVEL": "TRACE"}, id="application-log-level-trace"),
        pytest.param("DEBUG", POWERTOOLS | {"POWERTOOLS_SERVICE_NAME": "hub"}, id="all-of-powertools"),
        pytest.param(
            "DEBUG", {"POWERTOOLS_SERVICE_NAME": "botocore", "LOG_LEVEL": "DEBUG"}, id="a-stack-named-as-a-library"
        ),
        pytest.param("INFO", {"POWERTOOLS_SERVICE_NAME": "botocore"}, id="a-stack-named-as-a-library-at-info"),
        pytest.param("INFO", {"POWERTOOLS_SERVICE_NAME": "root"}, id="a-stack-named-root"),
        pytest.param("DEBUG", {"POWERTOOLS_SERVICE_NAME": ""}, id="a-stack-without-a-name"),
        pytest.param(
            "DEBUG", {"AWS_LAMBDA_LOG_LEVEL": "DEBUG", "POWERTOOLS_LOG_LEVEL": "debug"}, id="a-level-in-lower-case"
        ),
        pytest.param("DEBUG", {"AWS_LAMBDA_LOG_LEVEL": "INFO", "POWERTOOLS_LOG_LEVEL": "loud"}, id="an-unknown-level"),
        pytest.param("DEBUG", {"POWERTOOLS_LOG_LEVEL": "5"}, id="a-level-as-a-number"),
        pytest.param("DEBUG", {"PYTHONASYNCIODEBUG": "1", "PYTHONDEVMODE": "1"}, id="pythons-own"),
    ],
)
def test_no_setting_writes_a_secret(services: Services, root: str, added: dict[str, str]) -> None:
    secrets = Secrets([KEY, TEXT, *ROLE.values()])

    written = services.written(root, added, secrets)

    assert secrets.found_in(written) == []
    for quiet in ("botocore.", "urllib3.", "Found credentials", "Authorization", "SecretString", "somebody"):
        assert quiet not in written
    # The functions did write, under the stack's name.
    assert set(re.findall(r'"service": ?"([^"]*)"', written)) == {
        added.get("POWERTOOLS_SERVICE_NAME", "local") or "hub"
    }
    for outcome in ("connected", "refused", "sent"):
        assert outcome in written


@pytest.mark.usefixtures("no_backoff")
@pytest.mark.parametrize(
    ("reply", "logged"),
    [
        pytest.param(
            error("InvalidSignatureException", f"The Canonical String should have been 'x-amz-security-token:{TEXT}'"),
            "InvalidSignatureException by PutItem: HTTP 400",
            id="aws-repeats-the-request",
        ),
        pytest.param(error("ValidationException", TEXT), "ValidationException", id="aws-repeats-a-value"),
        pytest.param(f"{TEXT}\r\n".encode(), "ConnectionClosedError", id="not-http"),
        pytest.param(answer(b"\xff" + TEXT.encode()), "UnicodeDecodeError", id="not-text"),
    ],
)
def test_a_traceback_quotes_nothing(
    reply: bytes, logged: str, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", server.url)
        server.last = reply
        handler = cold_start("ConnectFunction", monkeypatch)
        event = events.connect(client("one="), time.time(), [], "session_id=s1")
        assert handler.lambda_handler(event, Context())["statusCode"] == 500

    (line,) = [json.loads(line) for line in log.getvalue().splitlines()]
    assert TEXT not in json.dumps(line)
    assert logged in line["exception"]
    assert "on_connect_lambda.py" in line["exception"]
