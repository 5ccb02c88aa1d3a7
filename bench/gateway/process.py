"""Starts and ends a gateway for ``bench.gateway``, and reads its memory and CPU time from /proc. Linux only."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.report import ROOT

READY = "Press Ctrl-C to stop."
PATIENCE = 120
"""Seconds in which a gateway must start."""


@dataclass(frozen=True)
class Running:
    """
    A running gateway.

    Attributes:
        url: The URL for its clients.
        pid: The id of the process that was started.
        seconds: From the start of the process until it printed that it was ready.

    """

    url: str
    pid: int
    seconds: float

    @property
    def resident(self) -> float:
        """Kilobytes of memory that the process has now."""
        return float(Path(f"/proc/{self.pid}/status").read_text().split("VmRSS:")[1].split()[0])

    @property
    def cpu(self) -> float:
        """Seconds of CPU time so far, without the processes that this process has started."""
        after_name = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, after_name[11:13])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def running(*command: str) -> Iterator[Running]:
    """Run a command that runs a gateway. When the context ends, end it as Ctrl-C does."""
    with tempfile.NamedTemporaryFile() as file:  # reading a pipe would take CPU time from the gateway
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env=_environment(), stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            printed = _wait_until_ready(process, Path(file.name))
            yield Running(printed.split("  WebSocket ")[1].split()[0], process.pid, time.perf_counter() - begun)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)  # make does not pass the signal on, so each process gets it
            process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], output: Path) -> str:
    """Wait until the gateway is ready. Return what it has printed."""
    deadline = time.monotonic() + PATIENCE
    while READY not in (printed := output.read_text()):
        assert process.poll() is None, f"the gateway has ended. It printed:\n{printed}"
        assert time.monotonic() < deadline, f"the gateway is not ready. It printed:\n{printed}"
        time.sleep(0.005)
    return printed


def _environment() -> dict[str, str]:
    """Return the environment without the variables of AWS, and without those of a make that runs the benchmark."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MAKE", "MFLAGS"))}
