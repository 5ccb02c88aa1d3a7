"""Starts ``python -m local`` as a user does, and connects to it."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
from websockets.sync.client import ClientConnection, connect

from local.aws.client import client
from tests.support.paths import ROOT
from tests.support.queues import Queue

READY = "Press Ctrl-C to stop."
PATIENCE = 60
"""Seconds after which a test gives up. They are many, so that a slow machine fails no test."""


class Output:
    """The lines that a process prints, read by a thread as they come."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._ended = False
        self.thread = threading.Thread(target=self._read, args=[process], daemon=True)
        self.thread.start()

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout
        for line in process.stdout:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def wait_for(self, pattern: str, after: int = 0) -> str:
        """Wait for a line that matches, and return it. The search begins at line number ``after``, from 0."""

        def matching() -> str | None:
            return next((line for line in self.lines[after:] if re.search(pattern, line)), None)

        with self._changed:
            self._changed.wait_for(lambda: matching() or self._ended, timeout=PATIENCE)
            line = matching()
        assert line is not None, f"{pattern!r} did not come; the output was:\n{self.text}"
        return line


def run_local(*arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    """Run ``python -m local`` until it ends."""
    return subprocess.run(
        [sys.executable, "-m", "local", *arguments],
        cwd=ROOT,
        env=environment(),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@contextlib.contextmanager
def launch_local(
    *arguments: str, variables: Mapping[str, str] | None = None
) -> Iterator[tuple["subprocess.Popen[str]", Output]]:
    """
    Run ``python -m local`` until the context ends; it need not be ready when the context starts.

    Args:
        variables: Additional environment variables.

    """
    process = subprocess.Popen(
        [sys.executable, "-m", "local", *arguments],
        cwd=ROOT,
        env=environment() | dict(variables or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    output = Output(process)
    try:
        yield process, output
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=PATIENCE)
        output.thread.join(timeout=PATIENCE)
        assert process.stdout
        process.stdout.close()


def environment() -> dict[str, str]:
    """Return the environment without AWS's variables."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}


@dataclass
class RunningGateway:
    """A gateway in a process of its own."""

    process: "subprocess.Popen[str]"
    output: Output
    endpoints: dict[str, str]

    @classmethod
    @contextlib.contextmanager
    def start(cls, *options: str, variables: Mapping[str, str] | None = None) -> Iterator["RunningGateway"]:
        """Run ``python -m local`` on free ports until the context ends."""
        with launch_local("--port", "0", *options, variables=variables) as (process, output):
            output.wait_for(re.escape(READY))
            address = urlsplit(output.wait_for(r"^  WebSocket").split()[1]).netloc
            yield cls(process, output, get_json(f"http://{address}/_local/endpoints"))

    def url(self, session_id: str) -> str:
        return f"{self.endpoints['websocket']}?session_id={session_id}"

    @contextlib.contextmanager
    def connect(self, session_id: str, **options: Any) -> Iterator["Client"]:
        """Open a connection to the hub in a session. Other applications ignore the session."""
        with connect(self.url(session_id), proxy=None, compression=None, **options) as socket:
            yield Client(socket)

    def management_api(self, **options: Any) -> Any:
        options = {"endpoint_url": self.endpoints["management"]} | options
        return boto3.client("apigatewaymanagementapi", **options)

    def open_ports(self) -> list[str]:
        """Return the names of the gateway's endpoints that accept connections."""
        answering = []
        for name, url in self.endpoints.items():
            parts = urlsplit(url)
            if not parts.scheme:
                continue  # not an address, but the hub's mode or the name of its secret
            with contextlib.suppress(ConnectionRefusedError), socket.create_connection((parts.hostname, parts.port)):
                answering.append(name)
        return answering

    def queue(self, name: str) -> Queue:
        """Return a queue of the embedded AWS."""
        sqs = client("sqs", self.endpoints["aws"], self.endpoints["region"])
        return Queue(sqs, sqs.get_queue_url(QueueName=name)["QueueUrl"])

    def rows(self, session_id: str) -> list[str]:
        """Return the connection ids stored for a session."""
        answer = client("dynamodb", self.endpoints["dynamodb"], self.endpoints["region"]).query(
            TableName="ConnectionsTable",
            ConsistentRead=True,
            KeyConditionExpression="session_id = :session",
            ExpressionAttributeValues={":session": {"S": session_id}},
        )
        return [item["connection_id"]["S"] for item in answer["Items"]]

    def wait_for_rows(self, session_id: str, count: int) -> None:
        """Wait until a session has at most ``count`` stored connections. Each finished $disconnect prints a line."""
        seen = len(self.output.lines)
        while len(self.rows(session_id)) > count:
            self.output.wait_for("disconnected", after=seen - 1)
            seen += 1


class Client:
    """A WebSocket client that speaks JSON."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def send(self, frame: Any) -> None:
        self.socket.send(frame if isinstance(frame, str) else json.dumps(frame))

    def receive(self) -> Any:
        return json.loads(self.socket.recv(timeout=PATIENCE))

    def ask(self, frame: Any) -> Any:
        """Send a frame, and return the next frame that comes."""
        self.send(frame)
        return self.receive()


def three_in_a_row() -> tuple[int, list[socket.socket]]:
    """Bind three ports in a row, as a gateway does. Returns the number of the first, and the sockets to close."""
    while True:
        sockets = [socket.create_server(("127.0.0.1", 0))]
        first: int = sockets[0].getsockname()[1]
        try:
            sockets.append(socket.create_server(("127.0.0.1", first + 1)))
            sockets.append(socket.create_server(("127.0.0.1", first + 2)))
        except (OSError, OverflowError):  # in use, or above the highest port
            for sock in sockets:
                sock.close()
        else:
            return first, sockets


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds that becomes true soon, without an event to wait for."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "the condition did not become true"
        time.sleep(0.01)


def get_json(url: str) -> Any:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(url, timeout=PATIENCE) as answer:
        return json.load(answer)
