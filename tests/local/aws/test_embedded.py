"""The process of the embedded AWS: what happens when it dies, hangs or does not start."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError
from websockets.exceptions import ConnectionClosed

from local.aws.embedded import Embedded, run
from local.errors import CannotDo
from tests.support.gateway import PATIENCE, RunningGateway


@contextlib.asynccontextmanager
async def running(patience: float) -> AsyncIterator[Embedded]:
    """Run the process until it serves."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        async with asyncio.timeout(PATIENCE), run(sock, patience=patience) as embedded:
            await embedded.ready({})
            yield embedded


@pytest.mark.parametrize(
    ("number", "patience", "sentence"),
    [
        pytest.param(
            signal.SIGKILL, PATIENCE, "The embedded AWS has ended (SIGKILL), and its data is lost.", id="killed"
        ),
        pytest.param(signal.SIGSTOP, 0.1, "The embedded AWS has not answered for 0.2 seconds.", id="hangs"),
    ],
)
def test_the_gateway_notices_its_end_and_leaves_no_process(
    number: signal.Signals, patience: float, sentence: str
) -> None:
    async def main() -> tuple[int, str]:
        async with running(patience) as embedded:
            os.kill(embedded.pid, number)
            return embedded.pid, await embedded.ended()

    pid, reported = asyncio.run(main())
    assert reported == sentence
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_process_that_does_not_start_is_reported() -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as sock:
            async with run(sock) as embedded:
                os.kill(embedded.pid, signal.SIGKILL)
                await embedded.ready({})

    with pytest.raises(CannotDo, match=r"^The embedded AWS \(moto\) did not start\.$"):
        asyncio.run(main())


def pid_of_embedded(gateway: RunningGateway) -> int:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    processes = [line.split(maxsplit=2) for line in listed.splitlines()]
    (pid,) = [int(pid) for pid, parent, arguments in processes
              if int(parent) == gateway.process.pid and "local.aws.moto_server" in arguments]  # fmt: skip
    return pid


REPORT = "The embedded AWS has ended (SIGKILL), and its data is lost. The gateway stops: start it again."


@contextlib.contextmanager
def suspended(gateway: RunningGateway) -> Iterator[None]:
    """Stop the gateway's process while the context lasts, so that it can do nothing."""
    gateway.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        gateway.process.send_signal(signal.SIGCONT)


def test_a_gateway_whose_aws_is_killed_says_so_and_ends() -> None:
    with RunningGateway.start() as gateway, gateway.connect("left") as client:
        pid = pid_of_embedded(gateway)
        with suspended(gateway):
            os.kill(pid, signal.SIGKILL)
            # A call fails at once, although the gateway has not noticed anything.
            patient = Config(retries={"total_max_attempts": 1, "mode": "standard"}, read_timeout=PATIENCE)
            secrets = boto3.client("secretsmanager", endpoint_url=gateway.endpoints["aws"], config=patient)
            with pytest.raises((EndpointConnectionError, ConnectionClosedError)):  # closed: it died while it accepted
                secrets.list_secrets()
        with pytest.raises(ConnectionClosed) as closed:
            client.receive()
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 1001
        assert gateway.process.wait(timeout=PATIENCE) == 1
        gateway.output.thread.join(timeout=PATIENCE)
        assert gateway.output.text.count(REPORT) == 1
        # A traceback of the gateway itself. Lines of functions start with their names.
        assert not [line for line in gateway.output.lines if line.startswith("Traceback")]
