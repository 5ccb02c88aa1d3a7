"""A client of the hub: it opens a connection, speaks the protocol, and says in a sentence what goes wrong."""

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

OPEN = 20.0
"""Seconds for a handshake: a cold start, and some slack."""

FRAGMENT = 30_000
"""Bytes of a frame. API Gateway closes on frames over 32 KB, and takes messages of several frames up to 128 KB."""

Frame: TypeAlias = dict[str, Any]


class Failed(Exception):
    """
    A check does not hold.

    Attributes:
        look: What the operator should look at, one sentence or nothing.

    """

    def __init__(self, sentence: str, look: str = "") -> None:
        super().__init__(sentence)
        self.look = look


class Skipped(Failed):
    """A check cannot be made with this hub."""


class NotOpened(Failed):
    """
    A connection was not opened.

    Attributes:
        status: What the handshake was answered, if it was.

    """

    def __init__(self, sentence: str, look: str = "", status: int | None = None) -> None:
        super().__init__(sentence, look)
        self.status = status


LOOK_AT_STATUS = {
    400: "AuthMode signature wants KEY=… too; with none or jwt, look at the log of ConnectFunction (make logs).",
    401: "The hub wants a token that is valid (AuthMode jwt): give TOKEN=…, or its signing key as KEY=…",
    403: "Look whether the URL ends with the stage (…/prod), and whether the credential is this hub's.",
    404: "Look at the URL: it is the stack's output WebSocketUrl.",
    426: "Something on the way takes the handshake for an ordinary request: look at the proxy.",
    429: "StageRate, MaxConnectionsPerSession or the account's 500 connections a second turn it away: try again later.",
    500: "ConnectFunction or an authorizer failed: look at its log (make logs), and whether the secret can be read.",
    502: "ConnectFunction failed: look at its log (make logs).",
    503: "Try again in a minute; then look at the log of ConnectFunction (make logs).",
    504: "ConnectFunction took too long: look at its log (make logs).",
}


class Client:
    """
    An open connection.

    Args:
        patience: Seconds for an answer, or for a message to arrive.

    """

    def __init__(self, connection: ClientConnection, patience: float) -> None:
        self.connection = connection
        self.patience = patience
        self._read: list[tuple[Frame, int]] = []

    async def send(self, frame: Frame) -> None:
        """Send a frame of the protocol, in fragments if it is longer than one may be."""
        text = json.dumps(frame)
        parts = [text[start : start + FRAGMENT] for start in range(0, len(text), FRAGMENT)]
        await self.send_as_it_is(text if len(parts) == 1 else parts)

    async def send_as_it_is(self, data: str | bytes | list[str]) -> None:
        """Send one WebSocket frame, or one message in several."""
        with _closing():
            await self.connection.send(data)

    async def ask(self, frame: Frame) -> Frame:
        """Send a frame with an id of its own, and return the ack or error that answers it."""
        for _ in range(3):
            frame = frame | {"id": f"smoke-{secrets.token_hex(8)}"}
            await self.send(frame)
            answer, _ = await self.wait_for(partial(_answers, frame["id"]), "answer")
            if answer.get("code") != "rate_limited":
                return answer
            await asyncio.sleep(min(self.patience, int(answer.get("retry_after_ms", 0)) / 1000))
        raise Failed("The hub says rate_limited three times in a row.", "Raise MessageRate, or set it to 0.")

    async def message(self, message_id: str) -> tuple[Frame, int]:
        """Return the message of an id, and the number of WebSocket frames that it came in."""
        return await self.wait_for(lambda got: got.get("type") == "message" and got.get("id") == message_id, "message")

    async def wait_for(self, wanted: Callable[[Frame], bool], what: str) -> tuple[Frame, int]:
        """
        Return the frame that is wanted. Others are kept for later.

        Raises:
            Failed: If it does not come in time, or something else does that is not of the protocol.

        """
        for index, (frame, _) in enumerate(self._read):
            if wanted(frame):
                return self._read.pop(index)
        try:
            async with asyncio.timeout(self.patience):
                while True:
                    got = await self.receive()
                    if wanted(got[0]):
                        return got
                    if "type" not in got[0]:
                        raise _of_the_gateway(got[0])
                    self._read.append(got)
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
            raise Failed("What answers is not JSON, and so not the hub.", "Look at the URL.")
        return frame, len(parts)

    async def closed(self) -> int | None:
        """Return the code with which the other side closes, or None if it does not within some seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.patience):
                await self.connection.wait_closed()
        close = self.connection.protocol.close_rcvd
        return close.code if close else None


def _answers(message_id: str, got: Frame) -> bool:
    return got.get("id") == message_id and got.get("type") in {"ack", "error"}


@contextlib.asynccontextmanager
async def opened(address: Address, ticket: Ticket, patience: float) -> AsyncIterator[Client]:
    """
    Open a connection, and close it in the end.

    Raises:
        NotOpened: If it cannot be.

    """
    with _opening(address):
        connection = await connect(
            address.with_query(ticket.query),
            subprotocols=[Subprotocol(each) for each in ticket.protocols],
            compression=None,
            proxy=None if address.is_local else True,
            open_timeout=OPEN,
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
        raise Failed("What answers is not text, and so not the hub.", "Look at the URL.") from None


@contextlib.contextmanager
def _opening(address: Address) -> Iterator[None]:
    try:
        yield
    except InvalidStatus as error:
        status = error.response.status_code
        raise NotOpened(
            f"The handshake is refused with {status}.",
            LOOK_AT_STATUS.get(status, "Look at the URL: it is the stack's output WebSocketUrl."),
            status,
        ) from None
    except TimeoutError:
        raise NotOpened(
            f"The handshake is not answered within {OPEN:g} seconds.", "Look at the URL, the network and the proxy."
        ) from None
    except ssl.SSLCertVerificationError as error:
        raise NotOpened(
            f"The certificate is not trusted: {error.verify_message}.",
            "SSL_CERT_FILE names a file of authorities; the local gateway answers at ws:// without one.",
        ) from None
    except socket.gaierror:
        raise NotOpened(
            "The host of the URL is not known.", "Look at the URL, and at DomainName's DNS record."
        ) from None
    except (OSError, WebSocketException, EOFError, UnicodeError, ImportError) as error:
        raise NotOpened(_reason(error, address), "Look at the URL, its port, the network and the proxy.") from None


def _reason(error: Exception, address: Address) -> str:
    if isinstance(error, ssl.SSLError):
        return f"TLS fails: {error.reason or error.strerror}. Is it {address.url.replace('wss', 'ws', 1)}?"
    if isinstance(error, ConnectionRefusedError):
        return "The connection is refused: nothing listens there."
    if isinstance(error, OSError):
        return f"The connection cannot be made: {error.strerror or 'unreachable'}."
    if isinstance(error, UnicodeError):
        return "The host of the URL is not a name."
    if isinstance(error, (ProxyError, InvalidProxy, ImportError)):
        return "The proxy of this environment (https_proxy, all_proxy) does not let the connection through."
    return "What answers does not speak the WebSocket protocol."


def _of_the_gateway(frame: Frame) -> Failed:
    text = frame.get("message")
    looks = {
        "Internal server error": "The function failed or may not be called: look at its log (make logs).",
        "Endpoint request timed out": "The function took longer than 29 seconds: look at its log (make logs).",
        "Forbidden": "The route is not deployed: look at the routes of the API.",
        "Too Many Requests": "StageRate is too low, or the account's limit is reached.",
    }
    if isinstance(text, str) and text in looks and "connectionId" in frame:
        return Failed(f"API Gateway answers {text!r} in place of the hub.", looks[text])
    return Failed("What answers is not the hub.", "Look at the URL.")
