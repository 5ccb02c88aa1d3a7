"""A client over a real socket that loses its connection again and again, and merges what it gets by number."""

import contextlib
import json
import socket
import time
from random import Random
from threading import Event
from typing import Any

from websockets.exceptions import ConnectionClosed

from tests.support.gateway import PATIENCE, Client, RunningGateway

GAP = 0.25
"""Seconds for which a skipped number is waited for."""


class MergingClient:
    """
    A client of one session.

    Attributes:
        start: The first position.
        position: The number up to which the client has everything.
        got: Number and message, in the order in which they are handed on.
        gaps: Pairs of numbers between which the client knows that it may have missed messages.
        connections: How often it has connected.

    """

    def __init__(self, gateway: RunningGateway, session_id: str) -> None:
        self.start: int | None = None
        self.position: int | None = None
        self.got: list[tuple[int, Any]] = []
        self.gaps: list[tuple[int, int]] = []
        self.connections = 0
        self._gateway = gateway
        self._session_id = session_id
        self._held: dict[int, dict[str, Any]] = {}
        self._is_asking = False

    def run(self, done: Event, rng: Random, lifetime: float) -> None:
        """Lose every connection within some seconds, until ``done`` is set. Then catch up once more."""
        while not done.is_set():
            self.live(time.monotonic() + rng.random() * lifetime, is_rude=rng.random() < 0.5)
            time.sleep(rng.random() * lifetime / 4)
        self.catch_up()

    def live(self, end: float, is_rude: bool = False) -> None:
        """Receive on a new connection until a time of the monotonic clock."""
        with contextlib.suppress(ConnectionClosed), self._connected() as client:
            skipped_since = time.monotonic()
            while time.monotonic() < end:
                self._take(client, seconds=0.02)
                if not self._held:
                    skipped_since = time.monotonic()
                elif time.monotonic() - skipped_since > GAP and not self._is_asking:
                    self._ask(client)
            if is_rude:
                client.socket.socket.shutdown(socket.SHUT_RDWR)  # the hub hears of it when it writes, or later

    def catch_up(self) -> None:
        """Receive on a new connection until the client has everything."""
        with self._connected() as client:
            end = time.monotonic() + PATIENCE
            while self._is_asking:
                assert time.monotonic() < end
                self._take(client, seconds=0.1)

    @contextlib.contextmanager
    def _connected(self) -> Any:
        with self._gateway.connect(self._session_id) as client:
            self.connections += 1
            self._ask(client)
            yield client

    def _ask(self, client: Client) -> None:
        self._is_asking = True
        client.send({"action": "resume"} | ({} if self.position is None else {"after": self.position}))

    def _take(self, client: Client, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            frame = json.loads(client.socket.recv(timeout=seconds))
            if frame["type"] == "message":
                self._held[frame["seq"]] = frame
            else:
                assert frame["type"] == "resumed", frame
                self._resumed(client, frame)
        if self.position is not None and not self._is_asking:
            self._merge(self.position)

    def _resumed(self, client: Client, page: dict[str, Any]) -> None:
        self._is_asking = False
        if self.position is None:
            self.start = page["seq"]
        elif not page["recovered"]:
            self.gaps.append((self.position, page["seq"]))
        for frame in page["messages"]:
            self.got.append((frame["seq"], frame["message"]))
        self.position = page["seq"]
        if page["more"]:
            self._ask(client)

    def _merge(self, position: int) -> None:
        while frame := self._held.pop(position + 1, None):
            position += 1
            self.got.append((position, frame["message"]))
        self.position = position
        self._held = {seq: frame for seq, frame in self._held.items() if seq > position}
