"""A client of the hub. It opens connections, speaks the protocol, and turns each problem into a sentence."""

import asyncio
import contextlib
import json
import secrets
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any, TypeAlias

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidProxy, InvalidStatus, ProxyError, WebSocketException
from websockets.typing import Subprotocol

from local.cli.smoke.access import Address, Ticket

HANDSHAKE_TIMEOUT = 20.0
"""Seconds that a handshake may take: a cold start, with a reserve."""

FRAGMENT = 30_000
"""
Bytes of a frame that we send.

API Gateway closes a connection for a frame over 32 KB, and accepts messages of several frames up to 128 KB.

"""

Frame: TypeAlias = dict[str, Any]


class Failed(Exception):
    """
    A check failed.

    Attributes:
        look: One sentence that tells the operator what to look at, or an empty text.

    """

    def __init__(self, sentence: str, look: str = "") -> None:
        super().__init__(sentence)
        self.look = look


class Skipped(Failed):
    """The hub's settings do not allow this check."""


class NotOpened(Failed):
    """
    A connection did not open.

    Attributes:
        status: The status of the answer to the handshake, or None without an answer.

    """

    def __init__(self, sentence: str, look: str = "", status: int | None = None) -> None:
        super().__init__(sentence, look)
        self.status = status


LOOK_AT_STATUS = {
    400: "AuthMode signature needs KEY=… too; with none or jwt, look at the log of ConnectFunction (make logs).",
    401: "The hub needs a valid token (AuthMode jwt): give TOKEN=…, or its signing key as KEY=…",
    403: "Check that the URL ends with the stage (…/prod), and that the credential is for this hub.",
    404: "Check the URL: it must be the stack's output WebSocketUrl.",
    426: "A proxy takes the handshake for an ordinary request: look at its settings.",
    429: "A limit is reached: StageRate, MaxConnectionsPerSession, or the account's 500 connections a second. "
    "Try again later.",
    500: "ConnectFunction or an authorizer failed: look at its log (make logs), and check that it can read the secret.",
    502: "ConnectFunction failed: look at its log (make logs).",
    503: "Try again in a minute; then look at the log of ConnectFunction (make logs).",
    504: "ConnectFunction took too long: look at its log (make logs).",
}


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
        with _closing():
            await self.connection.send(data)

    async def ask(self, frame: Frame) -> Frame:
        """Send a frame with a new id, and return the ack or error that answers it."""
        for _ in range(3):
            frame = frame | {"id": f"smoke-{secrets.token_hex(8)}"}
            await self.send(frame)
            answer, _ = await self.wait_for(partial(_answers, frame["id"]), "answer")
            if answer.get("code") != "rate_limited":
                return answer
            await asyncio.sleep(min(self.patience, int(answer.get("retry_after_ms", 0)) / 1000))
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
                        raise _from_api_gateway(frame)
                    self._read.append((frame, parts))
        except TimeoutError:
            raise Failed(f"No {what} came within {self.patience:g} seconds.") from None

    async def receive(self) -> tuple[Frame, int]:
        """Return the next frame, and the number of WebSocket frames that it came in."""
        with _closing():
            parts = [part async for part in self.connection.recv_streaming(decode=True)]
        try:
            frame = json.loads("".join(parts))
        except ValueError:
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
    return frame.get("id") == message_id and frame.get("type") in {"ack", "error"}


@contextlib.asynccontextmanager
async def opened(address: Address, ticket: Ticket, patience: float) -> AsyncIterator[Client]:
    """
    Open a connection, and close it when the context ends.

    Raises:
        NotOpened: If the connection does not open.

    """
    with _opening(address):
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


@contextlib.contextmanager
def _closing() -> Iterator[None]:
    try:
        yield
    except ConnectionClosed as error:
        code = f" with {error.rcvd.code}" if error.rcvd else " without a close frame"
        raise Failed(f"The connection was closed{code}.", "Look at the log of MessageFunction (make logs).") from None
    except UnicodeDecodeError:
        raise Failed("The answer is not text, so it is not from a hub.", "Check the URL.") from None


@contextlib.contextmanager
def _opening(address: Address) -> Iterator[None]:
    try:
        yield
    except InvalidStatus as error:
        status = error.response.status_code
        raise NotOpened(
            f"The handshake is refused with {status}.",
            LOOK_AT_STATUS.get(status, LOOK_AT_STATUS[404]),
            status,
        ) from None
    except TimeoutError:
        raise NotOpened(
            f"The handshake is not answered within {HANDSHAKE_TIMEOUT:g} seconds.",
            "Check the URL, the network and the proxy.",
        ) from None
    except ssl.SSLCertVerificationError as error:
        raise NotOpened(
            f"The certificate is not trusted: {error.verify_message}.",
            "Name a file with its authority in SSL_CERT_FILE. The local gateway also answers at ws://, without TLS.",
        ) from None
    except socket.gaierror:
        raise NotOpened("The host of the URL is unknown.", "Check the URL, and the DNS record of DomainName.") from None
    except (OSError, WebSocketException, EOFError, UnicodeError, ImportError) as error:
        raise NotOpened(_reason(error, address), "Check the URL, its port, the network and the proxy.") from None


def _reason(error: Exception, address: Address) -> str:
    if isinstance(error, ssl.SSLError):
        return f"TLS fails: {error.reason or error.strerror}. Is the URL {address.url.replace('wss', 'ws', 1)}?"
    if isinstance(error, ConnectionRefusedError):
        return "The connection is refused: no program listens on that port."
    if isinstance(error, OSError):
        return f"The connection cannot be made: {error.strerror or 'unreachable'}."
    if isinstance(error, UnicodeError):
        return "The host of the URL is not a valid name."
    if isinstance(error, (ProxyError, InvalidProxy, ImportError)):
        return "The proxy in https_proxy or all_proxy does not let the connection through."
    return "The server does not speak the WebSocket protocol."


def _from_api_gateway(frame: Frame) -> Failed:
    text = frame.get("message")
    looks = {
        "Internal server error": "The function failed, or API Gateway may not call it: look at its log (make logs).",
        "Endpoint request timed out": "The function took longer than 29 seconds: look at its log (make logs).",
        "Forbidden": "The route is not deployed: check the routes of the API.",
        "Too Many Requests": "StageRate is too low, or the account has reached its limit.",
    }
    if isinstance(text, str) and text in looks and "connectionId" in frame:
        return Failed(f"API Gateway answers {text!r} in place of the hub.", looks[text])
    return Failed("The answer is not from a hub.", "Check the URL.")
