"""
Measures every engine, prints a table, and writes the results to .build/bench.json.

At 10 ms, the hub and the bare sockets are measured with every number of connections, boto3's loop with few, and the
other variants of boto3 with one number of posts each. At the other delays, only the hub is measured, over TLS.

"""

import json
import os
import platform
from datetime import UTC, datetime
from typing import Any

from bench.delivery import cold_start, common
from bench.delivery.engine_figures import Figures, figures_of, medians
from bench.delivery.engines import LOOP, THREADS
from bench.delivery.stub import running_stub
from bench.report import ROOT

RESULTS = ROOT / ".build" / "bench.json"

SIZES = (1, 2, 10, 100, 1_000, 10_000)
"""Connections that one message goes to."""

DELAYS = (1, 10, 50)
"""Milliseconds until ``@connections`` answers, over TLS."""

LEAST_MESSAGES, LEAST_POSTS = 3, 10
"""An engine sends as many messages in a round as make both: a message to few connections is measured more often."""

ROUNDS, FEW_ROUNDS = 3, 4
"""Each round measures all engines one after another. So a slow minute of the machine slows all engines down. The second
number is for ``common``, whose rounds begin with the one engine as often as with the other."""

BOTO3_POSTS = {"boto3, one by one": 30, **{f"boto3, {size} threads": 600 for size in THREADS}}
"""Posts of one message with boto3, which is not faster with more posts."""

Run = tuple[str, int]
"""An engine, and the number of connections."""


def compare(delay: int, tls: bool, known: dict[Run, Figures]) -> list[dict[str, Any]]:
    """Return the figures of the engines at one delay. Those that are known are not measured again."""
    runs = [("hub", count) for count in SIZES]
    if delay == common.DELAY_MS:
        runs = [(name, count) for count in SIZES for name in ("hub", "bare sockets, asyncio", "bare sockets, uvloop")]
        runs += BOTO3_POSTS.items()
    figures: dict[Run, list[Figures]] = {run: [] for run in runs if run not in known}
    with running_stub(delay / 1000, tls) as stub:
        for _ in range(ROUNDS):
            for name, count in figures:
                messages = max(LEAST_MESSAGES, LEAST_POSTS // count)
                figures[name, count].append(figures_of(name, stub, count, messages))
    measured = {run: medians(rounds) for run, rounds in figures.items()} | known
    runs += [run for run in known if run not in runs]
    return [
        {"engine": name, "count": count, "delay_ms": delay, "tls": tls, **measured[name, count]} for name, count in runs
    ]


def known_runs(few: list[dict[str, Any]], delay: int, tls: bool) -> dict[Run, Figures]:
    """Return what ``common`` has measured already, at its one delay."""
    rows = [row for row in few if row["tls"] == tls and delay == common.DELAY_MS]
    return {(engine, row["count"]): row[key] for engine, key in ((LOOP, "loop"), ("hub", "hub")) for row in rows}


def main() -> None:
    """Measure, print the figures, and write them to RESULTS."""
    common.show(few := common.measure(FEW_ROUNDS))
    results: list[dict[str, Any]] = []
    print(f"{'':37} {'posts/s':>9} {'CPU ms':>8} {'first CPU':>10} {'memory':>8}")
    for tls in (False, True):
        for delay in DELAYS if tls else (common.DELAY_MS,):
            print(f"{'TLS' if tls else 'plain'}, @connections answers after {delay} ms")
            for row in (rows := compare(delay, tls, known_runs(few, delay, tls))):
                print(
                    f"  {row['engine']:21} {row['count']:6} posts {row['per_second']:9,.0f} {row['cpu_ms']:8.3f}"
                    f" {row['first_cpu_ms']:10.3f} {row['memory_mb']:5.0f} MB",
                    flush=True,
                )
            results += rows
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    RESULTS.parent.mkdir(exist_ok=True)
    date = f"{datetime.now(UTC):%Y-%m-%d}"
    cold_start.show(starts := cold_start.measure())
    written = {"date": date, "machine": machine, "common": few, **starts, "results": results}
    RESULTS.write_text(json.dumps(written, indent=1))
    print(f"The results are in {RESULTS.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
