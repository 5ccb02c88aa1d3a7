"""
``python -m local event``: sample events of a WebSocket API, for ``python -m local invoke`` and ``sam local invoke``.

``sam local generate-event`` has no events of WebSocket APIs.

"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from urllib.parse import urlencode

from local.api import events
from local.api.events import Client, Event
from local.cli.output import print_result
from local.place import HERE, api_id

HOST = HERE.execute_api_host(api_id(0))

HEADERS = (
    ("Host", HOST),
    ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"),
    ("Sec-WebSocket-Key", "3q2+7wAAAAAAAAAAAAAAAA=="),
    ("Sec-WebSocket-Version", "13"),
    ("User-Agent", "Example/1.0"),
)
"""The headers of every sample ``connect`` event, as a client's library sends them."""


@dataclass(frozen=True)
class Sample:
    """
    The content of a sample event.

    Attributes:
        session: For ``connect``, the session that joins; for ``message``, the session that the message is for.
        connection_id: Empty for a new one.
        headers: For ``connect``, headers in addition to ``HEADERS``.
        query: For ``connect``, the parameters of the query. Empty for ``session_id`` alone.
        body: For ``message``, its text. None for a ``sendMessage`` frame of the hub.
        route: For ``message``, its route key. None for the body's ``action``.
        code: For ``disconnect``, the close code.
        reason: For ``disconnect``, the close reason.

    """

    session: str = "s1"
    connection_id: str = ""
    stage: str = "prod"
    headers: Sequence[tuple[str, str]] = ()
    query: Sequence[tuple[str, str]] = ()
    body: str | None = None
    route: str | None = None
    code: int = 1005
    reason: str = "Client-side close frame status not set"


def run(arguments: argparse.Namespace) -> int:
    """Print a sample event."""
    sample = Sample(**{field.name: getattr(arguments, field.name) for field in fields(Sample)})
    print_result(json.dumps(KINDS[arguments.kind](sample), indent=2))
    return 0


def connect(sample: Sample) -> Event:
    query = urlencode(sample.query or [("session_id", sample.session)])
    return events.connect(_client(sample), time.time(), [*HEADERS, *sample.headers], query)


def message(sample: Sample) -> Event:
    default = {"action": "sendMessage", "sessions": [sample.session], "message": "hello", "id": "c-1"}
    body = json.dumps(default) if sample.body is None else sample.body
    return events.message(_client(sample), time.time(), sample.route or _action(body), body)


def disconnect(sample: Sample) -> Event:
    return events.disconnect(_client(sample), time.time(), sample.code, sample.reason)


KINDS = {"connect": connect, "message": message, "disconnect": disconnect}


def _client(sample: Sample) -> Client:
    return Client(
        connection_id=sample.connection_id or events.new_id(),
        connected_at=int(time.time() * 1000),
        api_id=api_id(0),
        stage=sample.stage,
        domain_name=HOST,
        source_ip="203.0.113.24",
        user_agent="Example/1.0",
    )


def _action(body: str) -> str:
    try:
        action = json.loads(body)["action"]
    except (ValueError, TypeError, KeyError, IndexError):
        return "$default"
    return action if isinstance(action, str) and not action.startswith("$") else "$default"
