"""Starts ``python -m local`` as a user does, and talks to it."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).parent.parent
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


@dataclass
class RunningGateway:
    """A gateway in a process of its own."""

    process: "subprocess.Popen[str]"
    output: Output
    endpoints: dict[str, str]

    @classmethod
    @contextlib.contextmanager
    def start(cls, *options: str) -> Iterator["RunningGateway"]:
        """Run ``python -m local`` on free ports until the context ends."""
        process = subprocess.Popen(
            [sys.executable, "-m", "local", "--port", "0", *options],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        try:
            output = Output(process)
            output.wait_for(re.escape(READY))
            page = output.wait_for(r"^  Page").split()[1].rstrip("/")
            yield cls(process, output, get_json(f"{page}/_local/endpoints"))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=PATIENCE)
            output.thread.join(timeout=PATIENCE)
            assert process.stdout
            process.stdout.close()

    def url(self, session_id: str) -> str:
        return f"{self.endpoints['websocket']}?session_id={session_id}"

    @contextlib.contextmanager
    def connect(self, session_id: str, **options: Any) -> Iterator["Client"]:
        """Open a connection, as a client that reads its frames as JSON."""
        with connect(self.url(session_id), proxy=None, compression=None, **options) as socket:
            yield Client(socket)

    def management_api(self) -> Any:
        return boto3.client("apigatewaymanagementapi", endpoint_url=self.endpoints["management"])

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


def get_json(url: str) -> Any:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(url, timeout=PATIENCE) as answer:
        return json.load(answer)
