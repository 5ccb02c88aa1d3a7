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

WITHIN = 2.0
"""Seconds for the name, the connection and the answer together."""

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
        self._new_connection = partial(kind, parts.hostname or "", parts.port, timeout=within)
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
        connection, deadline = self._new_connection(), time.monotonic() + self._within
        try:
            return self._service.ask(partial(_get, connection, self._target, deadline), deadline)
        except BotoCoreError as error:
            # The cause says what happened: an error of a socket or of TLS, or what is wrong with the answer.
            raise KeysUnusable("the keys of the identity provider could not be fetched") from error
        finally:
            if connection.sock:
                with contextlib.suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)
            connection.close()


def _get(connection: HTTPConnection, target: str, deadline: float) -> bytes:
    connection.request("GET", target, headers={"Accept": "application/json"})
    response = connection.getresponse()
    if response.status != HTTPStatus.OK:  # a redirect is not followed: it could lead to anybody's keys
        raise KeysUnusable(f"the answer has the status {response.status}")
    body = bytearray()
    while part := response.read1(MAX_BYTES):
        body += part
        if len(body) > MAX_BYTES or time.monotonic() > deadline:
            raise KeysUnusable(f"the answer has more than {MAX_BYTES} bytes, or comes too slowly")
    return bytes(body)
