"""The gateway as ``bench.gateway`` sees it from outside: it starts, it ends, and takes memory and CPU. Linux only."""

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
"""Seconds that a gateway has to start."""


@dataclass(frozen=True)
class Running:
    """
    Attributes:
        url: Where its clients connect.
        pid: Of the process that was started.
        seconds: From its start until it said that it was ready.

    """

    url: str
    pid: int
    seconds: float

    @property
    def resident(self) -> float:
        """Kilobytes of memory at present."""
        return float(Path(f"/proc/{self.pid}/status").read_text().split("VmRSS:")[1].split()[0])

    @property
    def cpu(self) -> float:
        """Seconds of CPU so far, of this process without those that it has started."""
        after_name = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, after_name[11:13])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def running(*command: str) -> Iterator[Running]:
    """Run a command that runs a gateway, and end it as Ctrl-C does when the context ends."""
    with tempfile.NamedTemporaryFile() as file:  # a pipe would have to be read, at the cost of what is measured
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env=_environment(), stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            text = _ready(process, Path(file.name))
            yield Running(text.split("  WebSocket ")[1].split()[0], process.pid, time.perf_counter() - begun)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)  # make tells nobody, so all of them are told
            process.wait()


def _ready(process: subprocess.Popen[bytes], output: Path) -> str:
    """Return what it has printed once it is ready."""
    deadline = time.monotonic() + PATIENCE
    while READY not in (text := output.read_text()):
        assert process.poll() is None, f"the gateway has ended; it said:\n{text}"
        assert time.monotonic() < deadline, f"the gateway is not ready; it said:\n{text}"
        time.sleep(0.005)
    return text


def _environment() -> dict[str, str]:
    """Return what a developer's shell has, without anything of AWS, or of a make that runs this."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MAKE", "MFLAGS"))}
