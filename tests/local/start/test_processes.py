"""A gateway leaves no process behind, however it ends."""

import contextlib
import re
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.gateway import PATIENCE, RunningGateway, wait_until
from tests.support.pools import OBEDIENT


@dataclass
class Lifelines:
    """
    A port that every worker connects to.

    A worker's children inherit its connection, so the connection ends when the last of these processes does.

    """

    listener: socket.socket
    stack: contextlib.ExitStack
    connections: list[socket.socket] = field(default_factory=list)

    @classmethod
    @contextlib.contextmanager
    def hold(cls) -> Iterator["Lifelines"]:
        with contextlib.ExitStack() as stack:
            yield cls(stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=100)), stack)

    @property
    def port(self) -> int:
        port: int = self.listener.getsockname()[1]
        return port

    def accept(self) -> int:
        """Accept the workers that have connected so far. Returns the number of all that ever connected."""
        self.listener.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self.connections.append(self.stack.enter_context(self.listener.accept()[0]))
        return len(self.connections)

    def wait_for_their_end(self) -> None:
        for connection in self.connections:
            connection.settimeout(PATIENCE)
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(1) == b""


@contextlib.contextmanager
def gateway_in_trouble(lifelines: Lifelines) -> Iterator[RunningGateway]:
    """A gateway with idle workers, a worker that hangs and ignores signals, and workers with children."""
    with (
        RunningGateway.start("--template", str(OBEDIENT), "--parameter", f"LifelinePort={lifelines.port}") as gateway,
        gateway.connect("anybody") as client,
    ):
        assert client.ask({"do": "answer", "with": {"body": '"ready"'}}) == "ready"
        client.send({"do": "fork"})
        client.send({"do": "spawn"})
        client.send({"do": "hang_deaf"})
        if sys.platform == "linux":
            client.send({"do": "hang_in_c"})
            gateway.output.wait_for("in C")
        gateway.output.wait_for("forked")
        gateway.output.wait_for("hanging")
        yield gateway


@pytest.mark.parametrize(
    ("number", "status"),
    [
        pytest.param(signal.SIGINT, 0, id="ctrl-c"),
        pytest.param(signal.SIGKILL, -signal.SIGKILL, id="killed"),
    ],
)
def test_a_gateway_ends_its_hanging_workers_and_their_children(number: signal.Signals, status: int) -> None:
    with Lifelines.hold() as lifelines, gateway_in_trouble(lifelines) as gateway:
        gateway.process.send_signal(number)
        assert gateway.process.wait(timeout=PATIENCE) == status
        assert lifelines.accept() >= 1
        lifelines.wait_for_their_end()
        wait_until(lambda: not gateway.open_ports())
        gateway.output.thread.join(timeout=PATIENCE)
        assert "Traceback" not in gateway.output.text


def test_a_second_ctrl_c_does_not_wait_for_functions() -> None:
    with Lifelines.hold() as lifelines, gateway_in_trouble(lifelines) as gateway:
        gateway.process.send_signal(signal.SIGINT)
        gateway.output.wait_for("Functions still run. They have 5 seconds; Ctrl-C again ends them at once.")
        gateway.process.send_signal(signal.SIGINT)
        assert gateway.process.wait(timeout=PATIENCE) == 0
        lifelines.accept()
        lifelines.wait_for_their_end()
        gateway.output.thread.join(timeout=PATIENCE)
        assert gateway.output.lines[-1] == "Stopped."


def test_ctrl_c_closes_every_client_with_1001_and_runs_its_disconnect() -> None:
    with RunningGateway.start() as gateway, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(gateway.connect(f"left-{number}")) for number in range(5)]
        gateway.process.send_signal(signal.SIGINT)
        for client in clients:
            with pytest.raises(ConnectionClosed) as closed:
                client.receive()
            assert closed.value.rcvd
            assert closed.value.rcvd.code == 1001
        assert gateway.process.wait(timeout=PATIENCE) == 0
        gateway.output.thread.join(timeout=PATIENCE)
        sessions = re.findall(r"disconnected .*session_id=(left-\d) close_code=1001", gateway.output.text)
        assert sorted(sessions) == [f"left-{number}" for number in range(5)]
