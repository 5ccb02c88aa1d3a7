"""The problems of a connection to the hub, each as a sentence and as advice on what to look at."""

import contextlib
import socket
import ssl
from collections.abc import Iterator
from typing import Any, TypeAlias

from websockets.exceptions import ConnectionClosed, InvalidProxy, InvalidStatus, ProxyError, WebSocketException

from local.cli.smoke.access import Address

HANDSHAKE_TIMEOUT = 20.0
"""Seconds that a handshake may take: a cold start, with a reserve."""

LONGEST = 60
"""Characters of an answer that a sentence quotes."""

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
    401: "The hub needs a valid token (AuthMode jwt): give TOKEN=…, or, without JwksUrl, its signing key as KEY=…",
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


def quoted(value: object) -> str:
    """Return a value of an answer as part of a sentence: one short line without control characters."""
    text = value if isinstance(value, str) else repr(value)
    shown = "".join(character if character.isprintable() else "?" for character in text[:LONGEST])
    return f"{shown}…" if len(text) > LONGEST else shown


@contextlib.contextmanager
def explained_handshake(address: Address) -> Iterator[None]:
    """Raise NotOpened in place of any error of a handshake."""
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


def from_api_gateway(frame: Frame) -> Failed:
    """Explain a frame without a type, which is API Gateway's own if it has a connection id."""
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


@contextlib.contextmanager
def explained_close() -> Iterator[None]:
    """Raise Failed if the connection closes, or if text is not UTF-8."""
    try:
        yield
    except ConnectionClosed as error:
        code = f" with {error.rcvd.code}" if error.rcvd else " without a close frame"
        raise Failed(f"The connection was closed{code}.", "Look at the log of MessageFunction (make logs).") from None
    except UnicodeDecodeError:
        raise Failed("The answer is not text, so it is not from a hub.", "Check the URL.") from None
