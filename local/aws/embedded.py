"""The embedded AWS, seen from the gateway: starts its process, notices when it dies or hangs, and ends it."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from local.aws.callers import Caller, written
from local.errors import CannotDo
from local.place import HERE, Place

PATIENCE = 5.0
"""Seconds without a sign of life. After two such silences the process counts as dead. It gives a sign each second."""

EXIT_TIMEOUT = 2.0
"""Seconds that the process has to exit when the gateway ends."""

ROOT = Path(__file__).parent.parent.parent
"""The folder from which the process imports this package."""


class Embedded:
    """The process of the embedded AWS."""

    def __init__(self, process: asyncio.subprocess.Process, patience: float) -> None:
        assert process.stdout
        self._process = process
        self._signs = process.stdout
        self._patience = patience
        self.pid = process.pid

    async def ready(self, callers: Mapping[str, Caller]) -> None:
        """
        Tell the process what functions may do with queues, and wait until it serves.

        Args:
            callers: The functions by their access keys.

        Raises:
            CannotDo: If it does not start.

        """
        assert self._process.stdin
        self._process.stdin.write(f"{written(callers)}\n".encode())
        if not await self._signs.readline():
            raise CannotDo("The embedded AWS (moto) did not start.")

    async def ended(self) -> str:
        """Wait until the process has died or hangs, and return a sentence that says which."""
        silences = 0
        while silences < 2:  # two: after Ctrl-Z and fg, the first silence was the gateway's own
            try:
                async with asyncio.timeout(self._patience):
                    sign = await self._signs.readline()
            except TimeoutError:
                silences += 1
                continue
            if not sign:
                how = _exit_reason(await self._process.wait())
                return f"The embedded AWS has ended ({how}), and its data is lost."
            silences = 0
        self._process.kill()  # otherwise calls to it would wait while the gateway ends
        return f"The embedded AWS has not answered for {2 * self._patience:g} seconds."

    async def stop(self) -> None:
        """End the process. Kill it if it does not exit within EXIT_TIMEOUT."""
        assert self._process.stdin
        self._process.stdin.close()
        try:
            async with asyncio.timeout(EXIT_TIMEOUT):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


@contextlib.asynccontextmanager
async def run(
    sock: socket.socket, place: Place = HERE, hosts: Sequence[str] = (), patience: float = PATIENCE
) -> AsyncIterator[Embedded]:
    """
    Run moto's server on a bound socket while the context lasts.

    Args:
        place: The region and the account of all its resources.
        hosts: Host names that clients may use for it, in addition to those that ``http.guard`` knows.
        patience: Seconds without a sign of life. After two such silences the process counts as dead.

    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "local.aws.moto_server", str(sock.fileno()), place.region, *hosts),
        cwd=ROOT,
        pass_fds=[sock.fileno()],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ
        | {
            "MOTO_ACCOUNT_ID": place.account,
            "MOTO_ALLOW_NONEXISTENT_REGION": "true",
            "MOTO_DISABLE_GLOBAL_CORS": "true",  # moto would let pages of any origin read its answers
        },
        start_new_session=True,  # Ctrl-C reaches the gateway alone
    )
    embedded = Embedded(process, patience)
    try:
        yield embedded
    finally:
        await embedded.stop()


def _exit_reason(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"status {status}"
