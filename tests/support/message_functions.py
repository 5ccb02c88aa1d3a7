"""MessageFunction after a cold start, with a DynamoDB and an ``@connections`` that misbehave by script."""

import contextlib
import io
import json
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest
from botocore.credentials import Credentials

from hub.log import logger
from local.api import events
from tests.support.faulty import FaultyEndpoint
from tests.support.faulty_rows import FaultyRows
from tests.support.frames import send_message
from tests.support.in_moto import client
from tests.support.lambdas import Context, cold_start
from tests.support.stored_rows import TABLE


@dataclass
class MessageFunction:
    """
    MessageFunction after a cold start.

    Attributes:
        log: What it has logged.

    """

    module: ModuleType
    log: io.StringIO

    def send(self, sender: str, *sessions: str, remaining_ms: int = 28_000, **members: Any) -> Any:
        """Return the frame that answers a message."""
        return self.answer(sender, send_message(*sessions, **members), remaining_ms)

    def answer(self, sender: str, frame: dict[str, Any], remaining_ms: int = 28_000) -> Any:
        """Return the frame that answers a frame."""
        event = events.message(client(sender), time.time(), frame["action"], json.dumps(frame))
        return json.loads(self.invoke(event, remaining_ms)["body"])

    def invoke(self, event: Any, remaining_ms: int = 28_000) -> Any:
        """Return the answer to an event."""
        return self.module.lambda_handler(event, Context(remaining_ms=remaining_ms))

    def errors(self) -> list[str]:
        """Return the messages of the lines at ERROR that it has logged since the last call."""
        return [line["message"] for line in self.lines() if line["level"] == "ERROR"]

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines that it has logged since the last call."""
        written = self.log.getvalue()
        self.log.seek(0)
        self.log.truncate()
        return [json.loads(line) for line in written.splitlines()]


def counted(capsys: pytest.CaptureFixture[str]) -> list[dict[str, float]]:
    """Return the counts that were printed since the last call: those of each event, or of each message of an event."""
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"_aws"')]
    return [
        {
            metric["Name"]: sum(record[metric["Name"]])
            for metric in record["_aws"]["CloudWatchMetrics"][0]["Metrics"]
            if metric["Unit"] == "Count"
        }
        for record in printed
    ]


def keys_of(credentials: Credentials) -> dict[str, str]:
    """Return the variables in which Lambda gives a function these credentials."""
    return {
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        "AWS_SESSION_TOKEN": credentials.token or "",
    }


@contextlib.contextmanager
def message_function(rows: FaultyRows, posts: FaultyEndpoint, **environment: str) -> Iterator[MessageFunction]:
    """Start MessageFunction with both servers, and close what it keeps open in the end."""
    handler = logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    own = {"AWS_ENDPOINT_URL_DYNAMODB": rows.url, "TABLE_NAME": TABLE, "AWS_DEFAULT_REGION": "us-east-1"}
    own |= keys_of(rows.credentials)
    with pytest.MonkeyPatch.context() as patched:
        module = cold_start("MessageFunction", patched, {"WebSocketEndpoint": posts.url}, **own | environment)
        written = io.StringIO()
        before = handler.setStream(written)
        try:
            yield MessageFunction(module, written)
        finally:
            handler.setStream(before)
            module.FAN_OUT.close()
