"""
Measures the local gateway, and prints tables: ``python -m bench.gateway``. The results go to .build/gateway.json.

With the name and the URL of another server that echoes every message, it also measures the round trips of that server::

    python -m bench.gateway "another emulator=ws://127.0.0.1:3902/"

"""

import argparse
import asyncio
import dataclasses
import json
import os
import platform
import selectors
import statistics
import sys
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any

from bench.gateway.load import AT_ONCE, STEADY_CLIENTS, Figures, connects, opened, round_trips, steady
from bench.gateway.process import Running, running
from bench.gateway.tables import sections
from bench.report import ROOT

RESULTS = ROOT / ".build" / "gateway.json"
ECHO = ROOT / "bench" / "gateway" / "echo" / "template.yaml"
LOCAL = (sys.executable, "-m", "local", "--port", "0")

CLIENTS = (1, 10, 50)
"""Clients that send round trips at once."""

SOCKETS = 1_000
"""Idle sockets."""

SETTLING, IDLING = 2.0, 5.0
"""Seconds after the sockets have opened: first those that are not measured, then those that are."""

RUNS = 5
"""Runs, each of all measurements one after another. So a slow minute of the machine affects all measurements."""


@dataclasses.dataclass(frozen=True)
class Case:
    """
    One measurement.

    Attributes:
        what: The name of the measurement.
        clients: Number of connected clients.
        server: The name of the measured server.

    """

    what: str
    clients: int
    server: str = "local gateway"


Run = dict[Case, Figures]


async def idle(gateway: Running) -> Figures:
    """Return ``kb_per_socket``, the memory of an idle socket, and ``cpu_per_second`` of all idle sockets together."""
    before = gateway.resident
    async with opened([gateway.url] * SOCKETS):
        await asyncio.sleep(SETTLING)
        with_sockets, cpu = gateway.resident, gateway.cpu
        await asyncio.sleep(IDLING)
        return {"kb_per_socket": (with_sockets - before) / SOCKETS, "cpu_per_second": (gateway.cpu - cpu) / IDLING}


def measure_round_trips(case: Case, url: str) -> Run:
    """Measure the round trips of one server for each number of clients."""
    cases = [dataclasses.replace(case, clients=clients) for clients in CLIENTS]
    return {case: asyncio.run(round_trips(url, case.clients)) for case in cases}


def measure_once(others: Sequence[tuple[str, str]]) -> Run:
    """Make all measurements once. ``others`` are the names and URLs of other servers."""
    figures: Run = {}
    with running(*LOCAL, "--template", str(ECHO)) as gateway:
        figures[Case("idle", SOCKETS)] = asyncio.run(idle(gateway))
        figures |= measure_round_trips(Case("round trips", 0), gateway.url)
        figures[Case("steady", STEADY_CLIENTS)] = run_with_exact_timers(steady(gateway.url))
    for name, url in others:
        figures |= measure_round_trips(Case("round trips", 0, name), url)
    with running("make", "run", "ARGS=--port 0") as made:
        figures[Case("start", 0)] = {"seconds": made.seconds}
    with running(*LOCAL, "--no-disconnect") as hub:  # so that DisconnectFunction does not run at the same time
        figures[Case("connects", AT_ONCE)] = asyncio.run(connects(hub.url))
    return figures


def run_with_exact_timers(work: Coroutine[Any, Any, Figures]) -> Figures:
    """Run on an event loop that uses select: timers of epoll are up to a millisecond late."""
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
        return runner.run(work)


def medians(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Return the medians of all runs, as a row for each case."""
    return [
        dataclasses.asdict(case) | {name: statistics.median(run[case][name] for run in runs) for name in figures}
        for case, figures in runs[0].items()
    ]


def main() -> None:
    """Measure, print the tables, and write the results to RESULTS."""
    parser = argparse.ArgumentParser(prog="python -m bench.gateway", description="Measure the local gateway.")
    parser.add_argument("others", nargs="*", metavar="NAME=URL", help="measure the round trips of another server, too")
    parser.add_argument("--runs", type=int, default=RUNS, help="(%(default)s)")
    arguments = parser.parse_args()
    others = [(name, url) for name, _, url in (other.partition("=") for other in arguments.others)]
    runs = []
    for number in range(arguments.runs):
        print(f"Run {number + 1} of {arguments.runs}", flush=True)
        runs.append(measure_once(others))
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    results = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine, "runs": len(runs), "results": medians(runs)}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1))
    print("", *sections(results).values(), f"The results are in {RESULTS.relative_to(ROOT)}.", sep="\n\n")


if __name__ == "__main__":
    main()
