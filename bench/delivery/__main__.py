"""
Measures every engine, prints a table, and writes the results to .build/bench.json.

The hub and the bare sockets are measured with every number of connections, boto3 with one number of posts per variant.

"""

import json
import os
import platform
from datetime import UTC, datetime
from typing import Any

from bench.delivery import cold_start
from bench.delivery.engine_figures import Figures, figures_of, medians
from bench.delivery.engines import THREADS
from bench.delivery.stub import running_stub
from bench.report import ROOT

RESULTS = ROOT / ".build" / "bench.json"

SIZES = (10, 100, 1_000, 10_000)
"""Connections that one message goes to."""

DELAYS = (1, 10, 50)
"""Milliseconds until ``@connections`` answers."""

ROUNDS = 3
"""Each round measures all engines one after another. So a slow minute of the machine slows all engines down."""

BOTO3_POSTS = {"boto3, one by one": 30, **{f"boto3, {size} threads": 600 for size in THREADS}}
"""Posts of one message with boto3, which is not faster with more posts."""


def compare(delay: int, tls: bool) -> list[dict[str, Any]]:
    """Return the figures of all engines at one delay."""
    runs = [
        *((name, count) for count in SIZES for name in ("hub", "bare sockets, asyncio", "bare sockets, uvloop")),
        *BOTO3_POSTS.items(),
    ]
    figures: dict[tuple[str, int], list[Figures]] = {run: [] for run in runs}
    with running_stub(delay / 1000, tls) as stub:
        for _ in range(ROUNDS):
            for run in runs:
                figures[run].append(figures_of(run[0], stub, run[1], 3))
    return [
        {"engine": name, "count": count, "delay_ms": delay, "tls": tls, **medians(rounds)}
        for (name, count), rounds in figures.items()
    ]


def main() -> None:
    """Measure, print the figures, and write them to RESULTS."""
    results: list[dict[str, Any]] = []
    print(f"{'':37} {'posts/s':>9} {'CPU ms':>8} {'first CPU':>10} {'memory':>8}")
    for tls in (False, True):
        for delay in DELAYS:
            print(f"{'TLS' if tls else 'plain'}, @connections answers after {delay} ms")
            for row in (rows := compare(delay, tls)):
                print(
                    f"  {row['engine']:21} {row['count']:6} posts {row['per_second']:9,.0f} {row['cpu_ms']:8.3f}"
                    f" {row['first_cpu_ms']:10.3f} {row['memory_mb']:5.0f} MB",
                    flush=True,
                )
            results += rows
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    RESULTS.parent.mkdir(exist_ok=True)
    date = f"{datetime.now(UTC):%Y-%m-%d}"
    ratios = cold_start.ratios()
    print("CPU of import and init of the built functions, divided by that of import boto3; boto3.client('dynamodb')")
    for name, ratio in ratios.items():
        print(f"  {name:28} {ratio:.2f}")
    written = {"date": date, "machine": machine, "cold_starts": ratios, "results": results}
    RESULTS.write_text(json.dumps(written, indent=1))
    print(f"The results are in {RESULTS.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
