"""Raw handshakes with a running gateway, and credentials from its own command line."""

import socket
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3

from tests.support.gateway import PATIENCE, RunningGateway, run_local

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "3q2+7wAAAAAAAAAAAAAAAA==",
}


def handshake(gateway: RunningGateway, query: str = "", *headers: tuple[str, str]) -> tuple[int, str]:
    """Send a handshake with any query and headers, valid or not. Returns the status and the text of the answer."""
    url = urlsplit(gateway.endpoints["websocket"])
    lines = [f"GET {url.path}{query} HTTP/1.1", f"Host: {url.netloc}"]
    lines += [f"{name}: {value}" for name, value in (*UPGRADE.items(), *headers)]
    with socket.create_connection((url.hostname, url.port), timeout=PATIENCE) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode(errors="replace"))
        answer = b""
        while not (answer.startswith(b"HTTP/1.1 101 ") and b"\r\n\r\n" in answer):
            if not (part := connection.recv(65536)):
                break
            answer += part
    return int(answer.split()[1]), answer.decode()


def status(gateway: RunningGateway, query: dict[str, str] | None = None, **headers: str) -> int:
    """Return the status of the answer to a handshake. Underscores in header names stand for hyphens."""
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return handshake(gateway, f"?{urlencode(query)}" if query else "", *named)[0]


def command(gateway: RunningGateway, *arguments: str) -> str:
    """Run ``python -m local`` with a running gateway's port, and return its output."""
    ended = run_local(*arguments, "--port", str(urlsplit(gateway.endpoints["page"]).port))
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def secrets(gateway: RunningGateway) -> Any:
    return boto3.client("secretsmanager", endpoint_url=gateway.endpoints["aws"])


def key(gateway: RunningGateway) -> str:
    """Return the gateway's signing key, which it made when it started."""
    value: str = secrets(gateway).get_secret_value(SecretId=gateway.endpoints["signing_secret"])["SecretString"]
    return value


def sleep_until(epoch_seconds: float) -> None:
    """Sleep until the wall clock has reached a time: a credential's expiry, for example."""
    while (left := epoch_seconds - time.time()) > 0:
        time.sleep(left)
