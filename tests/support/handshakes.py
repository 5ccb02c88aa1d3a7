"""Handshakes with a running gateway, byte for byte, and credentials from its own command line."""

import os
import socket
import subprocess
import sys
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3

from tests.support.gateway import PATIENCE, RunningGateway
from tests.support.paths import ROOT

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "3q2+7wAAAAAAAAAAAAAAAA==",
}


def handshake(gateway: RunningGateway, query: str = "", *headers: tuple[str, str]) -> tuple[int, str]:
    """Return status and text of the answer to a handshake, whatever its query and headers are."""
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
    """Return the status of the answer to a handshake; underscores in the names of headers stand for hyphens."""
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return handshake(gateway, f"?{urlencode(query)}" if query else "", *named)[0]


def command(gateway: RunningGateway, *arguments: str) -> str:
    """Run ``python -m local`` with a running gateway's port, and return what it prints."""
    port = str(urlsplit(gateway.endpoints["page"]).port)
    return subprocess.run(
        [sys.executable, "-m", "local", *arguments, "--port", port],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def secrets(gateway: RunningGateway) -> Any:
    return boto3.client("secretsmanager", endpoint_url=gateway.endpoints["aws"])


def key(gateway: RunningGateway) -> str:
    """Return the key that the gateway has made for itself."""
    value: str = secrets(gateway).get_secret_value(SecretId=gateway.endpoints["signing_secret"])["SecretString"]
    return value


def wait_until(epoch_seconds: float) -> None:
    while (left := epoch_seconds - time.time()) > 0:
        time.sleep(left)
