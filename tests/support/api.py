"""Runs an application in a gateway of its own, and connects clients to it as to API Gateway."""

import contextlib
import http.client
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from botocore.config import Config
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.support.gateway import PATIENCE, RunningGateway
from tests.support.paths import APPS

TEMPLATE = APPS / "behaviours" / "template.yaml"
ERROR_FRAME = re.compile(r'\{"message": "([A-Za-z ]+)", "connectionId":"([\w-]{15}=)", "requestId":"([\w-]{15}=)"\}')
"""Spaces and order as captured on AWS."""

NO_RETRIES = Config(retries={"total_max_attempts": 1, "mode": "standard"})
UNKNOWN_ID = "AAAAAAAAAAAAAAA="
"""A connection id that has the form of API Gateway's ids, and that no connection has."""

TAGS = (f"tag-{number}" for number in itertools.count())


@dataclass
class Connected:
    """
    One client of an API.

    Attributes:
        tag: A parameter of its query that distinguishes its events from those of other clients.

    """

    api: "Api"
    socket: ClientConnection
    tag: str

    def ask(self, text: str) -> str:
        """Send a message, and return the next one that arrives."""
        self.socket.send(text)
        return self.receive()

    def send_order(self, action: str, do: str, **members: Any) -> None:
        """Send a message that tells the handler of a route what to do."""
        self.socket.send(json.dumps({"action": action, "do": do} | members))

    def order(self, action: str, do: str, **members: Any) -> str:
        """Send an order, and return the next message that arrives."""
        self.send_order(action, do, **members)
        return self.receive()

    def receive(self) -> str:
        text = self.socket.recv(timeout=PATIENCE)
        assert isinstance(text, str)
        return text

    def event_of(self, **message: Any) -> Any:
        """Send a message, and return the event that its handler got."""
        return json.loads(self.ask(json.dumps(message)))

    def is_alive(self) -> bool:
        """Return whether a new message is answered, and its answer is the next message that arrives."""
        return self.order("twoWay", "answer", **{"with": {"statusCode": 200, "body": "alive"}}) == "alive"

    @property
    def connection_id(self) -> str:
        return str(self.api.event("CONNECT", self.tag)["requestContext"]["connectionId"])

    def wait_for_close(self) -> tuple[int, str]:
        """Wait until the gateway closes the connection, and return its code and reason."""
        with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012 - messages may arrive before the close
            while True:
                self.receive()
        assert closed.value.rcvd
        return closed.value.rcvd.code, closed.value.rcvd.reason


@dataclass
class Api:
    """A running gateway with an application whose handlers print their events."""

    gateway: RunningGateway

    @classmethod
    @contextlib.contextmanager
    def start(cls, *options: str, template: Path = TEMPLATE) -> Iterator["Api"]:
        with RunningGateway.start("--template", str(template), *options) as running:
            yield cls(running)

    @contextlib.contextmanager
    def connect(self, _path: str = "", /, _headers: Any = (), _options: Any = (), **query: str) -> Iterator[Connected]:
        tag = next(TAGS)
        url = f"{self.gateway.endpoints['websocket']}{_path}?{urlencode({'tag': tag} | query)}"
        options: dict[str, Any] = {"proxy": None, "compression": None, "open_timeout": PATIENCE, **dict(_options)}
        with connect(url, additional_headers=list(_headers), **options) as socket:
            yield Connected(self, socket, tag)

    def refused(self, _path: str = "", /, _headers: Any = (), **query: str) -> Any:
        """Try to connect, and return the response that refused the handshake."""
        try:
            with self.connect(_path, _headers, **query):
                raise AssertionError("the handshake was accepted")
        except InvalidStatus as refused:
            return refused.response

    def request(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Send a plain HTTP request to a path below the stage. Return status, headers and body of the answer."""
        url = urlsplit(self.gateway.endpoints["management"])
        with contextlib.closing(http.client.HTTPConnection(url.netloc, timeout=PATIENCE)) as connection:
            connection.request(method, f"{url.path}/{path}", body, dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def management_api(self, **options: Any) -> Any:
        """Return boto3's client of the management API, which tries each call once."""
        return self.gateway.management_api(config=NO_RETRIES, **options)

    def event(self, kind: str, mark: str, after: int = 0) -> Any:
        """Wait for an event of a kind that contains a string, and return it."""
        line = self.gateway.output.wait_for(rf'EVENT (?=.*"eventType": "{kind}").*"{re.escape(mark)}"', after)
        return json.loads(line.partition("EVENT ")[2])

    def outcome_of_post(self, mark: str) -> str:
        """Wait until a handler has tried to post, and return the outcome that it printed."""
        line = self.gateway.output.wait_for(rf'POSTED .*"{re.escape(mark)}"')
        return str(json.loads(line.partition("POSTED ")[2])["outcome"])

    def events_of(self, connection_id: str) -> list[Any]:
        """Return the events of a connection that have been printed so far."""
        lines = [line for line in self.gateway.output.lines if "EVENT " in line and f'"{connection_id}"' in line]
        return [json.loads(line.partition("EVENT ")[2]) for line in lines]


def policy(effect: str = "Allow", resource: Any = "ARN", **members: Any) -> str:
    """Return an authorizer's answer as JSON. The authorizers of these tests replace ARN by their methodArn."""
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return json.dumps({"principalId": "user-7", "policyDocument": document} | members)
