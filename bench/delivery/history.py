"""
Measures what history takes: storing a message, and answering ``resume``. ``python -m bench.delivery.history``.

The table of history answers after 4 ms, as the table of connections does. Everything is over TLS.
``python -m bench.delivery.history 1`` is faster: one round.

"""

import json
import os
import platform
import statistics
import sys
from datetime import UTC, datetime
from typing import Any

from bench.delivery.common import DELAY_MS
from bench.delivery.engine_figures import Figures, figures_of, medians
from bench.delivery.engines import NOTHING, PAGE, WITH, WITHOUT, WRITES
from bench.delivery.stub import running_stub
from bench.report import ROOT

RESULTS = ROOT / ".build" / "history.json"

SESSIONS = (1, 10)
"""Sessions that one message is for, each with one connection."""

MESSAGES = {1: 200, 10: 50}
"""Messages of a round, by the number of sessions."""

ROUNDS = 9

Run = tuple[str, int]
"""An engine, and the number of its sessions."""

RUNS: tuple[Run, ...] = (
    *((engine, count) for count in SESSIONS for engine in (WITHOUT, WITH)),
    (WRITES, 1),
    (NOTHING, 1),
    (PAGE, 1),
)


def measure(rounds: int) -> dict[str, Any]:
    """Return the figures of all runs. Every other round goes through them in the reverse order."""
    measured: dict[Run, list[Figures]] = {run: [] for run in RUNS}
    with running_stub(DELAY_MS / 1000, tls=True) as stub:
        for number in range(rounds):
            for engine, count in RUNS if number % 2 == 0 else RUNS[::-1]:
                measured[engine, count].append(figures_of(engine, stub, count, MESSAGES[count]))
    return {
        "rounds": rounds,
        "storing": [
            {"sessions": count, **storing(measured[WITHOUT, count], measured[WITH, count], measured[WRITES, 1], count)}
            for count in SESSIONS
        ],
        "nothing": medians(measured[NOTHING, 1]),
        "page": medians(measured[PAGE, 1]),
    }


def storing(without: list[Figures], with_history: list[Figures], boto3: list[Figures], sessions: int) -> dict[str, Any]:
    """
    Return the medians of the rounds, and the medians of what history adds within a round.

    Returns:
        ``added_ms`` is the time of a message, and ``added_cpu_ms`` is the CPU time for each session. ``wall`` and
        ``cpu`` are the ratios of a message with history to one without. ``boto3`` is the ratio of ``added_cpu_ms`` to
        the CPU time of the two writes through boto3.

    """
    added = [stored["cpu_ms"] - plain["cpu_ms"] for plain, stored in zip(without, with_history, strict=True)]
    pairs = list(zip(without, with_history, strict=True))
    return {
        "without": whole(medians(without), sessions),
        "with": whole(medians(with_history), sessions),
        "boto3_cpu_ms": statistics.median(writes["cpu_ms"] for writes in boto3),
        "added_ms": statistics.median(stored["p50_ms"] - plain["p50_ms"] for plain, stored in pairs),
        "added_cpu_ms": statistics.median(added),
        "wall": statistics.median(stored["p50_ms"] / plain["p50_ms"] for plain, stored in pairs),
        "cpu": statistics.median(stored["cpu_ms"] / plain["cpu_ms"] for plain, stored in pairs),
        "boto3": statistics.median(more / writes["cpu_ms"] for more, writes in zip(added, boto3, strict=True)),
    }


def whole(figures: Figures, sessions: int) -> Figures:
    """Return figures with the CPU time of a whole message, which engines divide by the number of sessions."""
    return {**figures, "cpu_ms": figures["cpu_ms"] * sessions}


def show(measured: dict[str, Any]) -> None:
    """Print the figures."""
    print(f"What history takes, over TLS, posts answered after {DELAY_MS} ms: medians of {measured['rounds']} rounds")
    print(f"  {'':30} {'p50':>8} {'p99':>8} {'CPU':>8}")
    for row in measured["storing"]:
        for name in ("without", "with"):
            show_one(f"{row['sessions']} sessions, {name} history", row[name])
        added = f"{row['added_ms']:.2f} ms ({row['wall']:.2f})"
        cpu = f"CPU of each session {row['added_cpu_ms'] * 1000:.0f} us ({row['cpu']:.2f})"
        print(f"    added {added}, {cpu}, boto3's {row['boto3_cpu_ms'] * 1000:.0f} us ({row['boto3']:.2f})")
    show_one("resume that finds nothing", measured["nothing"])
    show_one("resume of a page", measured["page"])


def show_one(name: str, figures: Figures) -> None:
    print(f"  {name:30} {figures['p50_ms']:8.2f} {figures['p99_ms']:8.2f} {figures['cpu_ms']:8.2f}")


def main() -> None:
    """Measure, print the figures, and write them to RESULTS."""
    measured = measure(int(sys.argv[1]) if sys.argv[1:] else ROUNDS)
    show(measured)
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine, **measured}, indent=1))
    print(f"The results are in {RESULTS.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
