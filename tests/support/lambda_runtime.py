"""
Runs built functions under AWS's own runtime, without Docker, and the same functions in the local gateway's workers.

AWS's runtime consists of two programs. The Runtime Interface Emulator comes with aws-sam-cli and stands for Lambda's
service. awslambdaric is the client that gets events from it and calls the handler.

"""

import asyncio
import contextlib
import importlib.resources
import json
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeAlias

import boto3

from bench.artefacts import this_machine
from hub.connection import Connection
from hub.connections import Connections
from local.lambdas.pool import Pool
from local.lambdas.process import Result
from local.lambdas.worker_environment import WorkerEnvironment, environment_of
from local.stack.app import Function
from local.stack.loading import load
from tests.support.gateway import PATIENCE
from tests.support.paths import ROOT
from tests.support.tables import clear_table

EMULATOR = Path(str(importlib.resources.files("samcli"))) / "local" / "rapid" / f"aws-lambda-rie-{this_machine()}"

CONNECTIONS, HISTORY = "ConnectionsTable", "HistoryTable"
"""The names of the tables, which are their logical ids."""

Invoke: TypeAlias = Callable[[dict[str, Any]], Result]


@contextlib.contextmanager
def in_lambda(function: Function, libraries: Path, added: dict[str, str]) -> Iterator[Invoke]:
    """
    Run a function until the context ends. The runtime imports the function when the first event comes.

    Args:
        libraries: A folder with the libraries that Lambda provides: boto3 and awslambdaric.
        added: More environment variables, which Lambda would not set.

    """
    port, runtime_port = _free_ports()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [
                *(EMULATOR, "--log-level", "error"),
                *("--runtime-interface-emulator-address", f"127.0.0.1:{port}"),
                *("--runtime-api-address", f"127.0.0.1:{runtime_port}"),
                *(sys.executable, "-S", "-m", "awslambdaric", function.handler),
            ],
            cwd=function.path[0],
            env=_environment(function, libraries) | added,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_it_listens(process, port, log)
            yield lambda event: _post(f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations", event)
        finally:
            _end(process)


def _environment(function: Function, libraries: Path) -> dict[str, str]:
    return environment_of(function, {}) | {
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(int(function.timeout)),  # only the emulator reads this
        "PYTHONPATH": ":".join(map(str, (*function.path, libraries))),  # in the same order as in Lambda
    }


def _free_ports() -> tuple[int, int]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


def _wait_until_it_listens(process: "subprocess.Popen[bytes]", port: int, log: IO[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.01)
    log.seek(0)
    raise AssertionError(f"The emulator did not start:\n{log.read().decode(errors='replace')}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()  # the emulator then kills the runtime, which has its own process group, busy or not
    try:
        process.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()  # the runtime ends when it next asks for an event
        process.wait()
        raise


def _post(url: str, event: dict[str, Any]) -> Result:
    try:
        with urllib.request.urlopen(url, json.dumps(event).encode(), timeout=PATIENCE) as answered:
            answer = json.load(answered)
    except urllib.error.HTTPError as failed:  # the function could not start
        with failed:
            answer = json.load(failed)
    failed_with = answer if isinstance(answer, dict) and "errorType" in answer else None
    return Result(None if failed_with else answer, failed_with)


@dataclass(frozen=True)
class Outcome:
    """
    The effects of an event, as JSON. Times, and ids that the hub makes, are replaced, because they always differ.

    Attributes:
        answer: The function's result.
        rows: The rows of the table of connections.
        history: The items of the table of messages.
        posts: The requests to ``@connections``: method, connection id, body.

    """

    answer: str
    rows: list[str]
    history: list[str]
    posts: list[str]


@dataclass
class Hub:
    """
    Each function twice: the built function under Lambda's runtime, and the source in a worker of the gateway.

    Both use the same tables, secret and ``@connections``. The function knows the table of messages only if its
    parameters switch history on.

    Attributes:
        aws: URL of DynamoDB and Secrets Manager.
        endpoint: URL of ``@connections``.
        requests: The requests to ``@connections``: method, connection id, body.
        build: The folder that ``sam build`` made for this machine.
        libraries: The folder with the libraries that Lambda provides.
        processes: Ends the started functions.

    """

    aws: str
    endpoint: str
    requests: list[tuple[str, str, bytes]]
    build: Path
    libraries: Path
    processes: contextlib.ExitStack
    loop: asyncio.Runner
    _started: dict[str, Invoke] = field(default_factory=dict)

    def function(self, folder: Path, name: str, **parameters: str) -> Function:
        """Return a function of the template in a folder, with these parameters."""
        return load(folder / "template.yaml", {"WebSocketEndpoint": self.endpoint} | parameters).functions[name]

    def in_lambda(self, function: Function) -> contextlib.AbstractContextManager[Invoke]:
        return in_lambda(function, self.libraries, self._services)

    @contextlib.contextmanager
    def in_gateway(self, function: Function) -> Iterator[Invoke]:
        pool = Pool(function, WorkerEnvironment(self._services, lambda _name, _line: None), asyncio.Semaphore())
        try:
            yield lambda event: self.loop.run(pool.invoke(json.dumps(event)))
        finally:
            self.loop.run(pool.stop())

    def outcomes(
        self, name: str, event: dict[str, Any], stored: Sequence[Connection], **parameters: str
    ) -> tuple[Outcome, Outcome]:
        """Return the outcome of an event in Lambda and in the gateway, with the same stored connections."""
        built, ours = self.function(self.build, name, **parameters), self.function(ROOT, name, **parameters)
        in_lambda = self._kept(f"lambda {name} {parameters}", lambda: self.in_lambda(built))
        in_gateway = self._kept(f"gateway {name} {parameters}", lambda: self.in_gateway(ours))
        return self._outcome(in_lambda, event, stored), self._outcome(in_gateway, event, stored)

    @property
    def _services(self) -> dict[str, str]:
        return {"AWS_ENDPOINT_URL_DYNAMODB": self.aws, "AWS_ENDPOINT_URL_SECRETS_MANAGER": self.aws}

    def _kept(self, key: str, start: Callable[[], contextlib.AbstractContextManager[Invoke]]) -> Invoke:
        if key not in self._started:
            self._started[key] = self.processes.enter_context(start())
        return self._started[key]

    def _outcome(self, invoke: Invoke, event: dict[str, Any], stored: Sequence[Connection]) -> Outcome:
        dynamodb = boto3.client("dynamodb", endpoint_url=self.aws)
        for table in (CONNECTIONS, HISTORY):
            clear_table(dynamodb, table)
        for connection in stored:
            Connections(dynamodb, CONNECTIONS).add(connection)
        self.requests.clear()

        result = invoke(event)

        assert result.error is None
        posts = [(method, connection_id, body.decode()) for method, connection_id, body in self.requests]
        rows, history = (dynamodb.scan(TableName=table)["Items"] for table in (CONNECTIONS, HISTORY))
        return Outcome(_comparable(result.value), *(sorted(map(_comparable, each)) for each in (rows, history, posts)))


def _comparable(value: Any) -> str:
    """Return a value as JSON, with ``a-time`` for every time, ``an-id`` for every UUID, and 0 for every ``seq``."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "an-id", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "a-time", text)
    text = re.sub(r"\b\d{16}\b", "0", text)  # a session's numbers begin with the time
    return re.sub(r'("(?:connected_at|expires_at|at|until)": \{"N": )"\d+"', r'\1"a-time"', text)
