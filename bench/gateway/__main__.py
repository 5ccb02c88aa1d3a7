"""
Measures the local gateway, and prints tables: ``python -m bench.gateway``. The results go to .build/gateway.json.

Given the name and the URL of something else that sends every message back, it measures round trips of that, too::

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
SOCKETS = 1_000
SETTLING, IDLING = 2.0, 5.0
"""Seconds after the sockets have opened that are not measured, and that are."""

RUNS = 5
"""Runs of everything, one after another, so that a slow minute of the machine meets all of it."""


@dataclasses.dataclass(frozen=True)
class Case:
    """
    Attributes:
        what: Is measured.
        server: Whose it is.
        clients: That are connected.

    """

    what: str
    clients: int
    server: str = "local gateway"


Run = dict[Case, Figures]


async def idle(gateway: Running) -> Figures:
    """Return ``kb_per_socket`` of memory, and ``cpu_per_second`` that many sockets take while nothing happens."""
    before = gateway.resident
    async with opened([gateway.url] * SOCKETS):
        await asyncio.sleep(SETTLING)
        with_sockets, cpu = gateway.resident, gateway.cpu
        await asyncio.sleep(IDLING)
        return {"kb_per_socket": (with_sockets - before) / SOCKETS, "cpu_per_second": (gateway.cpu - cpu) / IDLING}


def answered(case: Case, url: str) -> Run:
    """Return the round trips of an echo, by clients."""
    cases = [dataclasses.replace(case, clients=clients) for clients in CLIENTS]
    return {each: asyncio.run(round_trips(url, each.clients)) for each in cases}


def run(others: Sequence[tuple[str, str]]) -> Run:
    """Measure everything once."""
    figures: Run = {}
    with running(*LOCAL, "--template", str(ECHO)) as gateway:
        figures[Case("idle", SOCKETS)] = asyncio.run(idle(gateway))
        figures |= answered(Case("round trips", 0), gateway.url)
        figures[Case("steady", STEADY_CLIENTS)] = exactly(steady(gateway.url))
    for name, url in others:
        figures |= answered(Case("round trips", 0, name), url)
    with running("make", "run", "ARGS=--port 0") as made:
        figures[Case("start", 0)] = {"seconds": made.seconds}
    with running(*LOCAL, "--no-disconnect") as hub:  # or DisconnectFunction's part would be in it
        figures[Case("connects", AT_ONCE)] = asyncio.run(connects(hub.url))
    return figures


def exactly(work: Coroutine[Any, Any, Figures]) -> Figures:
    """Run on a loop whose timers are exact: epoll's are late by up to a millisecond."""
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
        return runner.run(work)


def medians(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Return a row for each case."""
    return [
        dataclasses.asdict(case) | {name: statistics.median(each[case][name] for each in runs) for name in figures}
        for case, figures in runs[0].items()
    ]


def main() -> None:
    """Measure, print, and write the results down."""
    parser = argparse.ArgumentParser(prog="python -m bench.gateway", description="Measure the local gateway.")
    parser.add_argument("others", nargs="*", metavar="NAME=URL", help="another echo to measure the round trips of")
    parser.add_argument("--runs", type=int, default=RUNS, help="(%(default)s)")
    arguments = parser.parse_args()
    runs = []
    for number in range(arguments.runs):
        print(f"Run {number + 1} of {arguments.runs}", flush=True)
        runs.append(run([(name, url) for name, _, url in (each.partition("=") for each in arguments.others)]))
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    results = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine, "runs": len(runs), "results": medians(runs)}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1))
    print("", *sections(results).values(), f"The results are in {RESULTS.relative_to(ROOT)}.", sep="\n\n")


if __name__ == "__main__":
    main()
