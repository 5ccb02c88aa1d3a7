"""A gate at which handlers wait until the test opens it. It takes the place of a handler that sleeps."""

import socket

from tests.support.gateway import PATIENCE


class Gate:
    """
    A port on loopback. A handler that waits connects to it, and goes on when the connection ends.

    A handler that comes to an open gate does not wait.

    """

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._server.settimeout(PATIENCE)
        self._waiting: list[socket.socket] = []
        self.port: int = self._server.getsockname()[1]

    def wait_for_handlers(self, count: int = 1) -> None:
        """Wait until so many more handlers wait at the gate."""
        self._waiting += [self._server.accept()[0] for _ in range(count)]

    def open(self) -> None:
        """Let all handlers go on."""
        self._server.close()
        for connection in self._waiting:
            connection.close()
