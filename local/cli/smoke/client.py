"""A client of the hub. It opens connections and speaks the protocol."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator, Callable
from functools import partial

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from local.cli.smoke.access import Address, Ticket
from local.cli.smoke.problems import (
    HANDSHAKE_TIMEOUT,
    Failed,
    Frame,
    explained_close,
    explained_handshake,
    from_api_gateway,
)

FRAGMENT = 30_000
"""
Bytes of a frame that we send.

API Gateway closes a connection for a frame over 32 KB, and accepts messages of several frames up to 128 KB.

"""


class Client:
    """
    An open connection.

    Args:
        patience: Seconds to wait for an answer, or for a message to arrive.

    """

    def __init__(self, connection: ClientConnection, patience: float) -> None:
        self.connection = connection
        self.patience = patience
        self._read: list[tuple[Frame, int]] = []

    async def send(self, frame: Frame) -> None:
        """Send a frame of the protocol, in fragments if it is longer than ``FRAGMENT``."""
        text = json.dumps(frame)
        parts = [text[start : start + FRAGMENT] for start in range(0, len(text), FRAGMENT)]
        await self.send_raw(text if len(parts) == 1 else parts)

    async def send_raw(self, data: str | bytes | list[str]) -> None:
        """Send one WebSocket frame, or one message in several frames."""
        with explained_close():
            await self.connection.send(data)

    async def ask(self, frame: Frame) -> Frame:
        """Send a frame with a new id, and return the ack, page or error that answers it."""
        for _ in range(3):
            frame = frame | {"id": f"smoke-{secrets.token_hex(8)}"}
            await self.send(frame)
            answer, _ = await self.wait_for(partial(_answers, frame["id"]), "answer")
            if answer.get("code") != "rate_limited":
                return answer
            wait = answer.get("retry_after_ms")
            await asyncio.sleep(min(self.patience * 1000, max(0, wait)) / 1000 if isinstance(wait, int) else 0)
        raise Failed("The hub answers rate_limited three times in a row.", "Raise MessageRate, or set it to 0.")

    async def message(self, message_id: str) -> tuple[Frame, int]:
        """Wait for the message with an id. Returns it, and the number of WebSocket frames that it came in."""
        return await self.wait_for(partial(_is_message, message_id), "message")

    async def wait_for(self, wanted: Callable[[Frame], bool], what: str) -> tuple[Frame, int]:
        """
        Wait for a frame, and keep other frames for later. Returns what ``receive`` does.

        Raises:
            Failed: If the frame does not come in time, or if a frame comes that is not part of the protocol.

        """
        for index, (frame, _) in enumerate(self._read):
            if wanted(frame):
                return self._read.pop(index)
        try:
            async with asyncio.timeout(self.patience):
                while True:
                    frame, parts = await self.receive()
                    if wanted(frame):
                        return frame, parts
                    if "type" not in frame:
                        raise from_api_gateway(frame)
                    self._read.append((frame, parts))
        except TimeoutError:
            raise Failed(f"No {what} came within {self.patience:g} seconds.") from None

    async def receive(self) -> tuple[Frame, int]:
        """Return the next frame, and the number of WebSocket frames that it came in."""
        with explained_close():
            parts = [part async for part in self.connection.recv_streaming(decode=True)]
        try:
            frame = json.loads("".join(parts))
        except (ValueError, RecursionError):
            frame = None
        if not isinstance(frame, dict):
            raise Failed("The answer is not JSON, so it is not from a hub.", "Check the URL.")
        return frame, len(parts)

    async def closed(self) -> int | None:
        """Wait for the other side's close. Returns its code, or None if no close frame comes in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.patience):
                await self.connection.wait_closed()
        close = self.connection.protocol.close_rcvd
        return close.code if close else None


def _is_message(message_id: str, frame: Frame) -> bool:
    return frame.get("id") == message_id and frame.get("type") == "message"


def _answers(message_id: str, frame: Frame) -> bool:
    return frame.get("id") == message_id and frame.get("type") in ("ack", "resumed", "error")


@contextlib.asynccontextmanager
async def opened(address: Address, ticket: Ticket, patience: float) -> AsyncIterator[Client]:
    """
    Open a connection, and close it when the context ends.

    Raises:
        NotOpened: If the connection does not open.

    """
    with explained_handshake(address):
        connection = await connect(
            address.with_query(ticket.query),
            subprotocols=[Subprotocol(name) for name in ticket.protocols],
            compression=None,
            proxy=None if address.is_local else True,
            open_timeout=HANDSHAKE_TIMEOUT,
            close_timeout=2,
        )
    async with connection:
        yield Client(connection, patience)
