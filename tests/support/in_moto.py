"""The hub's functions on moto's services, loaded as Lambda does, and an ``@connections`` that takes everything."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlencode

import boto3
import pytest
from moto import mock_aws

from hub.connection import Connection
from hub.connections import Connections
from local.api import events
from local.stack.loading import load
from tests.support.credentials import KEY
from tests.support.lambdas import Context, cold_start
from tests.support.paths import ROOT

SECRET = "signing"


@dataclass
class Endpoint:
    """
    What came to ``@connections``.

    Attributes:
        status: What a post is answered.
        error_type: The type of error that it is answered with, if any.
        posted: Connection ids and frames.
        closed: Connection ids.

    """

    url: str
    status: int = 200
    error_type: str = ""
    posted: list[tuple[str, Any]] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)


@contextlib.contextmanager
def endpoint() -> Iterator[Endpoint]:
    """Serve ``@connections`` while the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            frame = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            served.posted.append((unquote(self.path.rpartition("/")[2]), frame))
            self.answer(served.status)

        def do_DELETE(self) -> None:
            served.closed.append(unquote(self.path.rpartition("/")[2]))
            self.answer(204)

        def answer(self, status: int) -> None:
            self.send_response(status)
            if served.error_type:
                self.send_header("x-amzn-ErrorType", served.error_type)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Endpoint(f"http://127.0.0.1:{server.server_port}/prod")
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    yield served
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Hub:
    """
    A stack.

    Attributes:
        parameters: Of the template.
        functions: Those that have had their cold start: with the first event, as on Lambda.

    """

    parameters: dict[str, str]
    functions: dict[str, ModuleType] = field(default_factory=dict)

    def connect(
        self, connection_id: str, query: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """Return status and code of the answer to a handshake; the code is empty when it opens."""
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
                self.functions[function] = cold_start(function, environment, self.parameters)
        return self.functions[function].lambda_handler(event, Context())


@dataclass
class HubInMoto:
    """Moto, with the table of connections and a secret that holds KEY. Stacks of any parameters share both."""

    endpoint: Endpoint
    table: str
    hubs: dict[str, Hub] = field(default_factory=dict)

    @classmethod
    @contextlib.contextmanager
    def opened(cls) -> Iterator["HubInMoto"]:
        (table,) = load(ROOT / "template.yaml", {}).store.tables
        known = ("AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema", "TableName")
        with mock_aws(), endpoint() as served, pytest.MonkeyPatch.context() as environment:
            environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
            boto3.client("dynamodb").create_table(**{name: table[name] for name in known})
            account = cls(served, table["TableName"])
            account.make_secret()
            yield account
            for hub in account.hubs.values():
                if function := hub.functions.get("MessageFunction"):
                    function.FAN_OUT.close()

    def make_secret(self) -> None:
        """Make the signing secret, in place of one that is spoilt."""
        client = boto3.client("secretsmanager")
        client.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)
        client.create_secret(Name=SECRET, SecretString=KEY)

    def hub(self, **parameters: str) -> Hub:
        """Return the stack with these parameters of the template; it keeps its functions."""
        values = {"SigningSecretName": SECRET, "WebSocketEndpoint": self.endpoint.url} | parameters
        return self.hubs.setdefault(str(values), Hub(values))

    @property
    def connections(self) -> Connections:
        return Connections(boto3.client("dynamodb"), self.table)

    def items(self) -> list[dict[str, Any]]:
        return boto3.client("dynamodb").scan(TableName=self.table)["Items"]

    def clear(self) -> None:
        """Forget all connections, used signatures, and what came to ``@connections``."""
        for item in self.items():
            key = {name: item[name] for name in ("session_id", "connection_id")}
            boto3.client("dynamodb").delete_item(TableName=self.table, Key=key)
        self.endpoint.posted.clear()
        self.endpoint.closed.clear()


def client(connection_id: str) -> events.Client:
    return events.Client(connection_id, 0, "localapi00", "prod", "127.0.0.1:3001", "203.0.113.24", None)


def row(session_id: str, connection_id: str, **changes: Any) -> Connection:
    """Return a connection that is open, and that nobody has proven anything for."""
    stored = {"connected_at": 1_700_000_000_000, "expires_at": 2**40, "subject": None, "send": None} | changes
    return Connection(session_id, connection_id, **stored)


def rows(connections: Connections, session_id: str) -> list[Connection]:
    """Return all that is stored of a session."""
    return [each for page in connections.pages(session_id) for each in page]
