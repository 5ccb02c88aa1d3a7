"""Posting to connections, against a real HTTP server that answers by connection id."""

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import boto3
import pytest

from hub import delivery
from hub.delivery import Outcome

ANSWERS: dict[str, tuple[int, str]] = {
    "open": (200, ""),
    "gone": (410, "GoneException"),
    "gone-untyped": (410, ""),
    "forbidden": (403, "AccessDeniedException"),
    "malformed": (400, "BadRequestException"),
    "busy": (429, "LimitExceededException"),
    "broken": (500, ""),
    "down": (503, ""),
}


class Management(BaseHTTPRequestHandler):
    """``@connections``: what it answers is in the connection id; ``busy-once`` recovers."""

    protocol_version = "HTTP/1.1"
    posts: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        connection_id = unquote(self.path.rpartition("/")[2])
        body = self.rfile.read(int(self.headers["Content-Length"]))
        first = all(name != connection_id for name, _ in self.posts)
        self.posts.append((connection_id, body))
        name = connection_id.removesuffix("-once") if first else connection_id
        status, kind = ANSWERS.get(name, ANSWERS["open"])
        self.send_response(status)
        if kind:
            self.send_header("x-amzn-ErrorType", kind)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@pytest.fixture
def posts() -> list[tuple[str, bytes]]:
    return []


@pytest.fixture
def api(posts: list[tuple[str, bytes]]) -> Iterator[Any]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Management,), {"posts": posts}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    client = boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=f"http://127.0.0.1:{server.server_port}/prod",
        config=delivery.CONFIG,
    )
    yield client
    client.close()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("connection_id", "outcome", "attempts"),
    [
        pytest.param("open", Outcome.DELIVERED, 1, id="200"),
        pytest.param("L0SM9cOFvHcCIhw=", Outcome.DELIVERED, 1, id="200-for-an-id-that-needs-encoding"),
        pytest.param("gone", Outcome.GONE, 1, id="410-is-never-retried"),
        pytest.param("gone-untyped", Outcome.GONE, 1, id="410-without-a-type"),
        pytest.param("forbidden", Outcome.FAILED, 1, id="403"),
        pytest.param("malformed", Outcome.FAILED, 1, id="400"),
        pytest.param("busy", Outcome.FAILED, 3, id="429-three-times"),
        pytest.param("broken", Outcome.FAILED, 3, id="500-three-times"),
        pytest.param("down", Outcome.FAILED, 3, id="503-three-times"),
        pytest.param("busy-once", Outcome.DELIVERED, 2, id="429-once"),
        pytest.param("broken-once", Outcome.DELIVERED, 2, id="500-once"),
    ],
)
def test_outcomes(
    api: Any, posts: list[tuple[str, bytes]], connection_id: str, outcome: Outcome, attempts: int
) -> None:
    assert delivery.post(api, connection_id, b"payload") is outcome
    assert posts == [(connection_id, b"payload")] * attempts


def test_a_failure_is_logged_without_the_payload(api: Any, log: io.StringIO) -> None:
    delivery.post(api, "forbidden", b"a-secret-message")

    line = json.loads(log.getvalue())
    assert (line["level"], line["message"], line["recipient"]) == ("ERROR", "post failed", "forbidden")
    assert "AccessDeniedException" in line["error"]
    assert "a-secret-message" not in log.getvalue()


def test_an_endpoint_where_nobody_listens_fails_and_does_not_raise() -> None:
    api = boto3.client("apigatewaymanagementapi", endpoint_url="http://127.0.0.1:9/prod", config=delivery.CONFIG)

    assert delivery.post(api, "any", b"payload") is Outcome.FAILED
