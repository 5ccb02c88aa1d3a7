"""A function in a running gateway that runs the code of a test."""

import contextlib
import json
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.support.gateway import PATIENCE, RunningGateway
from tests.support.paths import APPS

TEMPLATE = APPS / "prober.yaml"


@dataclass
class Prober:
    """A running gateway, and a connection that sends code to the function of its template."""

    gateway: RunningGateway
    socket: ClientConnection

    @classmethod
    @contextlib.contextmanager
    def start(cls, *options: str, variables: Mapping[str, str] | None = None) -> Iterator["Prober"]:
        with (
            RunningGateway.start("--template", str(TEMPLATE), *options, variables=variables) as gateway,
            connect(gateway.endpoints["websocket"], proxy=None) as socket,
        ):
            yield cls(gateway, socket)

    def run(self, source: str, route: str = "$default") -> Any:
        """Return the variable ``answer`` of a script. If the script fails, return the error's type and message."""
        self.socket.send(json.dumps({"action": route, "run": textwrap.dedent(source)}))
        return json.loads(self.socket.recv(timeout=PATIENCE))

    def evaluate(self, expression: str, **values: Any) -> Any:
        """Return the value of an expression that may use boto3, os, Config and the named values."""
        named = "\n".join(f"{name} = {value!r}" for name, value in values.items())
        imports = "import boto3, os\nfrom botocore.config import Config"
        return self.run(f"{imports}\n{named}\nanswer = {expression}")
