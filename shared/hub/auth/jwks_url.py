"""Fetches the key set of an identity provider. The only module that speaks HTTP to it."""

import contextlib
import socket
import time
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError

from hub.asking import Service
from hub.auth.jwks import KeysUnusable
from hub.auth.origins import DEFAULT_PORTS
from hub.version import VERSION

WITHIN = 2.0
"""Seconds for the name, the connection and the answer together."""

HEADERS = {"Accept": "application/json", "User-Agent": f"websocket-hub/{VERSION}"}
"""Some firewalls refuse requests without a User-Agent."""

MAX_BYTES = 256 * 1024
"""Bytes of an answer's body."""


class JwksUrl:
    """
    The URL of a key set.

    Args:
        url: https, or http for a server on this machine: see ``settings``.
        within: See WITHIN.

    """

    def __init__(self, url: str, within: float = WITHIN) -> None:
        parts = urlsplit(url)
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        # The port is always given: without one, http.client would take the end of an IPv6 address for it.
        port = parts.port or DEFAULT_PORTS[parts.scheme]
        self._new_connection = partial(kind, parts.hostname or "", port, timeout=within)
        self._within = within
        self._service = Service("The identity provider")

    def fetch(self) -> bytes:
        """
        Return the body of the answer.

        No timeout bounds the look-up of a name, or an answer that comes byte by byte. So the request runs in a thread
        of its own. When the time is up, its socket is shut down, which ends the thread.

        Raises:
            KeysUnusable: If there is no answer in time, or an answer without status 200, or more than MAX_BYTES.

        """
        request, deadline = _Request(self._new_connection(), self._target), time.monotonic() + self._within
        try:
            return self._service.ask(request.answer, deadline)
        except BotoCoreError as error:
            # The cause says what happened: an error of a socket or of TLS, or what is wrong with the answer.
            raise KeysUnusable("the keys of the identity provider could not be fetched") from error
        finally:
            request.end()


class _Request:
    """
    A request in one thread, which another thread can end.

    Only the thread of the request uses the connection: http.client opens a connection again that another thread closes.

    """

    def __init__(self, connection: HTTPConnection, target: str) -> None:
        self._connection, self._target = connection, target
        self._connection._create_connection = _connected  # type: ignore[attr-defined]  # noqa: SLF001 - no other way
        self._socket: socket.socket | None = None
        self._is_over = False

    def answer(self) -> bytes:
        """
        Return the body of the answer.

        Raises:
            KeysUnusable: If the answer cannot be a key set, or if the request ended before it was connected.

        """
        with contextlib.closing(self._connection) as connection:
            connection.connect()
            self._socket = connection.sock
            if self._is_over:  # ``end`` came before there was a socket to shut down
                raise KeysUnusable("the connection took too long")
            connection.request("GET", self._target, headers=HEADERS)
            with connection.getresponse() as response:
                if response.status != HTTPStatus.OK:  # a redirect is not followed: it could lead to anybody's keys
                    raise KeysUnusable(f"the answer has the status {response.status}")
                if response.getheader("Content-Encoding", "identity") != "identity":
                    raise KeysUnusable("the answer is compressed, although nobody asked for that")
                body = bytearray()
                while part := response.read1(MAX_BYTES):
                    body += part
                    if len(body) > MAX_BYTES:
                        raise KeysUnusable(f"the answer has more than {MAX_BYTES} bytes")
                return bytes(body)

    def end(self) -> None:
        """Shut the socket down, whatever the request is doing with it. A request that is done has closed it."""
        self._is_over = True
        if self._socket:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def _connected(address: tuple[str, int], timeout: float, *_: object) -> socket.socket:
    """Connect as ``socket.create_connection`` does, but leave time for a second address if the first is dead."""
    connected = socket.create_connection(address, timeout / 2)
    connected.settimeout(timeout)
    return connected
