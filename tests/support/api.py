"""The application that the tests of API Gateway's behaviours run on, and clients that speak to it as to AWS."""

import contextlib
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.support.gateway import PATIENCE, RunningGateway
from tests.support.paths import APPS

TEMPLATE = APPS / "behaviours" / "template.yaml"
ERROR_FRAME = re.compile(r'\{"message": "([A-Za-z ]+)", "connectionId":"([\w-]{15}=)", "requestId":"([\w-]{15}=)"\}')
"""As captured on AWS, spaces and order included."""

TAGS = (f"tag-{number}" for number in itertools.count())


@dataclass
class Connected:
    """
    One client of an API.

    Attributes:
        tag: What its query says, so that its events can be told from others'.

    """

    api: "Api"
    socket: ClientConnection
    tag: str

    def say(self, text: str) -> str:
        """Send a text, and return the next that comes."""
        self.socket.send(text)
        return self.hear()

    def order(self, action: str, do: str, **members: Any) -> str:
        return self.say(json.dumps({"action": action, "do": do} | members))

    def hear(self) -> str:
        text = self.socket.recv(timeout=PATIENCE)
        assert isinstance(text, str)
        return text

    def echoed(self, **message: Any) -> Any:
        """Send a message, and return the event that its handler got."""
        return json.loads(self.say(json.dumps(message)))

    def is_alive(self) -> bool:
        """Tell whether a message still gets its answer, and nothing came before it."""
        return self.order("twoWay", "answer", **{"with": {"statusCode": 200, "body": "alive"}}) == "alive"

    @property
    def connection_id(self) -> str:
        return str(self.api.event("CONNECT", self.tag)["requestContext"]["connectionId"])

    def closed(self) -> tuple[int, str]:
        """Wait for the close from the other side, and return its code and reason."""
        with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012 - after whatever comes before
            while True:
                self.hear()
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
        """Try to connect, and return the response that refused it."""
        try:
            with self.connect(_path, _headers, **query):
                raise AssertionError("the handshake was accepted")
        except InvalidStatus as refused:
            return refused.response

    def event(self, kind: str, mark: str, after: int = 0) -> Any:
        """Wait for the event of a kind that has a mark in it, and return it."""
        line = self.gateway.output.wait_for(rf'EVENT (?=.*"eventType": "{kind}").*"{re.escape(mark)}"', after)
        return json.loads(line.partition("EVENT ")[2])

    def posted(self, mark: str) -> str:
        """Wait until a handler has tried to post, and return what came of it."""
        line = self.gateway.output.wait_for(rf'POSTED .*"{re.escape(mark)}"')
        return str(json.loads(line.partition("POSTED ")[2])["outcome"])

    def events_of(self, connection_id: str) -> list[Any]:
        lines = [line for line in self.gateway.output.lines if "EVENT " in line and f'"{connection_id}"' in line]
        return [json.loads(line.partition("EVENT ")[2]) for line in lines]
