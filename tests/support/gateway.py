"""Starts ``python -m local`` as a user does, and talks to it."""

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

from tests.support.paths import ROOT

READY = "Press Ctrl-C to stop."
PATIENCE = 60
"""Seconds after which a test gives up on something that should happen at once."""


class Output:
    """Lines that a process prints, read as they come."""

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
        """Wait for a line that matches, from line number ``after`` on, and return it."""

        def found() -> str | None:
            return next((line for line in self.lines[after:] if re.search(pattern, line)), None)

        with self._changed:
            self._changed.wait_for(lambda: found() or self._ended, timeout=PATIENCE)
            line = found()
        assert line is not None, f"{pattern!r} did not come; the output was:\n{self.text}"
        return line


def run_local(*arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    """Run ``python -m local`` to its end."""
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
        variables: Of its environment, beside what a developer's shell has.

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
    """Return what a developer's shell has, without anything of AWS."""
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
        """Open a connection, as a client that reads its frames as JSON."""
        with connect(self.url(session_id), proxy=None, compression=None, **options) as socket:
            yield Client(socket)

    def management_api(self, **options: Any) -> Any:
        options = {"endpoint_url": self.endpoints["management"]} | options
        return boto3.client("apigatewaymanagementapi", **options)

    def open_ports(self) -> list[str]:
        """Return which of the gateway's addresses answer."""
        answering = []
        for name, url in self.endpoints.items():
            parts = urlsplit(url)
            if not parts.scheme:
                continue  # not an address: the hub's mode, the name of its secret
            with contextlib.suppress(ConnectionRefusedError), socket.create_connection((parts.hostname, parts.port)):
                answering.append(name)
        return answering

    def rows(self, session_id: str) -> list[str]:
        """Return the connection ids stored for a session."""
        answer = boto3.client("dynamodb", endpoint_url=self.endpoints["dynamodb"]).query(
            TableName="ConnectionsTable",
            ConsistentRead=True,
            KeyConditionExpression="session_id = :session",
            ExpressionAttributeValues={":session": {"S": session_id}},
        )
        return [item["connection_id"]["S"] for item in answer["Items"]]


class Client:
    """A WebSocket client that speaks JSON."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def send(self, frame: Any) -> None:
        self.socket.send(frame if isinstance(frame, str) else json.dumps(frame))

    def receive(self) -> Any:
        return json.loads(self.socket.recv(timeout=PATIENCE))

    def ask(self, frame: Any) -> Any:
        """Send a frame, and return the next one that comes."""
        self.send(frame)
        return self.receive()


def three_in_a_row() -> tuple[int, list[socket.socket]]:
    """Bind three ports in a row, as a gateway does. Returns the first's number, and the sockets to close."""
    while True:
        sockets = [socket.create_server(("127.0.0.1", 0))]
        first: int = sockets[0].getsockname()[1]
        try:
            sockets.append(socket.create_server(("127.0.0.1", first + 1)))
            sockets.append(socket.create_server(("127.0.0.1", first + 2)))
        except (OSError, OverflowError):  # taken, or beyond the last
            for sock in sockets:
                sock.close()
        else:
            return first, sockets


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for something that comes by itself, and soon."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)


def get_json(url: str) -> Any:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(url, timeout=PATIENCE) as answer:
        return json.load(answer)
