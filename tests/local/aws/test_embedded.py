"""The process of the embedded AWS: its death, and its silence."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import AsyncIterator

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from websockets.exceptions import ConnectionClosed

from local.aws.embedded import Embedded, run
from local.errors import CannotDo
from tests.support.gateway import PATIENCE, RunningGateway


@contextlib.asynccontextmanager
async def running(patience: float) -> AsyncIterator[Embedded]:
    """Run it, and be ready."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        async with asyncio.timeout(PATIENCE), run(sock, patience=patience) as embedded:
            await embedded.ready()
            yield embedded


@pytest.mark.parametrize(
    ("number", "patience", "sentence"),
    [
        pytest.param(
            signal.SIGKILL, PATIENCE, "The embedded AWS has ended (SIGKILL), and what it held is lost.", id="killed"
        ),
        pytest.param(signal.SIGSTOP, 1.5, "The embedded AWS has not answered for 3 seconds.", id="hangs"),
    ],
)
def test_its_end_is_noticed_and_it_leaves_nothing(number: signal.Signals, patience: float, sentence: str) -> None:
    async def main() -> tuple[int, str]:
        async with running(patience) as embedded:
            os.kill(embedded.pid, number)
            return embedded.pid, await embedded.ended()

    pid, said = asyncio.run(main())
    assert said == sentence
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_one_that_does_not_start_is_a_sentence() -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as sock:
            async with run(sock) as embedded:
                os.kill(embedded.pid, signal.SIGKILL)
                await embedded.ready()

    with pytest.raises(CannotDo, match=r"^The embedded AWS \(moto\) did not start\.$"):
        asyncio.run(main())


def pid_of_embedded(gateway: RunningGateway) -> int:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    processes = [line.split(maxsplit=2) for line in listed.splitlines()]
    (pid,) = [int(pid) for pid, parent, arguments in processes
              if int(parent) == gateway.process.pid and "local.aws.moto_server" in arguments]  # fmt: skip
    return pid


def test_a_gateway_whose_aws_is_killed_says_so_and_ends() -> None:
    with RunningGateway.start() as gateway, gateway.connect("left") as client:
        os.kill(pid_of_embedded(gateway), signal.SIGKILL)
        said = "The embedded AWS has ended (SIGKILL), and what it held is lost. The gateway stops: start it again."
        gateway.output.wait_for(said.translate({ord(each): f"\\{each}" for each in "()."}))
        with pytest.raises(ConnectionClosed) as closed:
            client.receive()
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 1001
        assert gateway.process.wait(timeout=PATIENCE) == 1
        gateway.output.thread.join(timeout=PATIENCE)
        assert gateway.output.text.count(said) == 1
        assert "This is a mistake" not in gateway.output.text


def test_calls_to_a_killed_aws_are_refused_and_do_not_wait() -> None:
    with RunningGateway.start() as gateway:
        gateway.process.send_signal(signal.SIGSTOP)  # it cannot end before the call
        os.kill(pid_of_embedded(gateway), signal.SIGKILL)
        patient = Config(retries={"total_max_attempts": 1, "mode": "standard"}, read_timeout=PATIENCE)
        secrets = boto3.client("secretsmanager", endpoint_url=gateway.endpoints["aws"], config=patient)
        with pytest.raises(EndpointConnectionError):
            secrets.list_secrets()
        gateway.process.send_signal(signal.SIGCONT)
        assert gateway.process.wait(timeout=PATIENCE) == 1
