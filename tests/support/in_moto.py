"""The hub's functions on moto's services, imported as on Lambda, and a server of ``@connections``."""

import contextlib
import json
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest
from moto import mock_aws
from moto.server import ThreadedMotoServer

from hub.connection import Connection
from hub.connections import Connections
from local.api import events
from tests.support.credentials import KEY
from tests.support.faulty import FaultyEndpoint, faulty_endpoint
from tests.support.lambdas import Context, cold_start
from tests.support.tables import clear_table, create_connections_table

SECRET = "signing"


@contextlib.contextmanager
def moto_server() -> Iterator[str]:
    """
    Serve moto's services over HTTP while the context lasts, and yield the URL.

    The server has the tables that ``mock_aws`` has. MessageFunction needs it: ``mock_aws`` answers botocore only.

    """
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # no line for each request
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@dataclass
class Endpoint:
    """``@connections``, which accepts all posts unless a test sets another status."""

    server: FaultyEndpoint

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def posted(self) -> list[tuple[str, Any]]:
        """The connection id and the frame of each post."""
        return [(name, json.loads(body)) for method, name, body in self.server.requests if method == "POST"]

    @property
    def closed(self) -> list[str]:
        """The ids of the connections that the hub closed."""
        return [connection_id for method, connection_id, _ in self.server.requests if method == "DELETE"]

    @property
    def asked(self) -> list[str]:
        """The ids of the connections that the hub asked for."""
        return [connection_id for method, connection_id, _ in self.server.requests if method == "GET"]

    @property
    def status(self) -> int:
        """The status of the answers to posts."""
        return int(self.server.default)

    @status.setter
    def status(self, status: int) -> None:
        self.server.default = str(status)


@dataclass
class Hub:
    """
    The functions of one stack.

    Attributes:
        dynamodb: The URL of moto's server.
        parameters: Values of the template's parameters.
        functions: The functions that have had their cold start, which the first event causes, as on Lambda.

    """

    dynamodb: str
    parameters: dict[str, str]
    functions: dict[str, ModuleType] = field(default_factory=dict)

    def connect(
        self, connection_id: str, query: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """Return the status and the error code of the answer to a handshake. The code is empty without an error."""
        event = events.connect(
            client(connection_id), time.time(), [*(headers or {}).items()], urlencode(query or {}, errors="replace")
        )
        answer = self.invoke("ConnectFunction", event)
        return answer["statusCode"], json.loads(answer.get("body", '{"code": ""}'))["code"]

    def send(self, connection_id: str, frame: Any) -> Any:
        """Return the frame that answers a frame."""
        body = frame if isinstance(frame, str) else json.dumps(frame)
        event = events.message(client(connection_id), time.time(), "sendMessage", body)
        return json.loads(self.invoke("MessageFunction", event)["body"])

    def disconnect(self, connection_id: str) -> None:
        event = events.disconnect(client(connection_id), time.time(), 1000, "")
        assert self.invoke("DisconnectFunction", event) == {"statusCode": 200}

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        if function not in self.functions:
            with pytest.MonkeyPatch.context() as environment:
                self.functions[function] = cold_start(
                    function, environment, self.parameters, AWS_ENDPOINT_URL_DYNAMODB=self.dynamodb
                )
        return self.functions[function].lambda_handler(event, Context())


@dataclass
class HubInMoto:
    """The hub on moto's services. Stacks with different parameters share the table, and a secret that contains KEY."""

    endpoint: Endpoint
    dynamodb: str
    table: str
    hubs: dict[str, Hub] = field(default_factory=dict)

    @classmethod
    @contextlib.contextmanager
    def start(cls, dynamodb: str) -> Iterator["HubInMoto"]:
        """
        Run until the context ends.

        Args:
            dynamodb: The URL of moto's server.

        """
        with mock_aws(), faulty_endpoint() as served, pytest.MonkeyPatch.context() as environment:
            environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
            running = cls(Endpoint(served), dynamodb, create_connections_table())
            running.make_secret()
            yield running
            for hub in running.hubs.values():
                if function := hub.functions.get("MessageFunction"):
                    function.FAN_OUT.close()

    def make_secret(self) -> None:
        """Make the signing secret, or make it again if a test has changed it."""
        client = boto3.client("secretsmanager")
        client.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)
        client.create_secret(Name=SECRET, SecretString=KEY)

    def hub(self, **parameters: str) -> Hub:
        """Return the stack with these parameters. The same parameters give the same stack, with its warm functions."""
        values = {"SigningSecretName": SECRET, "WebSocketEndpoint": self.endpoint.url} | parameters
        return self.hubs.setdefault(str(values), Hub(self.dynamodb, values))

    @property
    def connections(self) -> Connections:
        return Connections(boto3.client("dynamodb"), self.table)

    def items(self) -> list[dict[str, Any]]:
        return boto3.client("dynamodb").scan(TableName=self.table)["Items"]

    def clear(self) -> None:
        """Forget all connections, all used signatures, and all requests to ``@connections`` and scripts of them."""
        clear_table(boto3.client("dynamodb"), self.table)
        self.endpoint.server.requests.clear()
        self.endpoint.server.scripts.clear()


def client(connection_id: str) -> events.Client:
    return events.Client(connection_id, 0, "localapi00", "prod", "127.0.0.1:3001", "203.0.113.24", None)


def row(session_id: str, connection_id: str, **changes: Any) -> Connection:
    """Return a stored connection that is open, and that opened without a credential."""
    stored = {"connected_at": 1_700_000_000_000, "expires_at": 2**40, "subject": None, "send": None} | changes
    return Connection(session_id, connection_id, **stored)
