"""
Measures the common case, a message to few connections, and compares the hub with the simplest loop over boto3.

``python -m bench.delivery.common`` measures this alone. ``python -m bench.delivery.common 1`` is faster: one round.

"""

import statistics
import sys
from typing import Any

from bench.delivery.engine_figures import Figures, figures_of, medians
from bench.delivery.engines import LOOP
from bench.delivery.stub import Stub, running_stub

MESSAGES = {1: 200, 2: 200, 10: 50}
"""Messages of each engine in a round, by the connections that each message goes to."""

BARS = {1: (0.9, 0.55), 2: (0.6, 0.42), 10: (0.2, 0.15)}
"""The most that a message of the hub should take of the loop's wall time and CPU time, by the number of connections."""

DELAY_MS = 10
"""Milliseconds until ``@connections`` answers."""

ROUNDS = 2
"""Rounds of the command. ``make bench`` takes more."""


def measure(rounds: int) -> list[dict[str, Any]]:
    """Return the figures of both engines and their ratios: a row for each number of connections, plain and TLS."""
    rows = []
    for tls in (False, True):
        with running_stub(DELAY_MS / 1000, tls) as stub:
            rows += [{"count": count, "tls": tls, **compare(stub, count, rounds)} for count in MESSAGES]
    return rows


def compare(stub: Stub, count: int, rounds: int) -> dict[str, Any]:
    """Return what ``medians_of`` does. The engines take turns. Every other round begins with the other engine."""
    measured: dict[str, list[Figures]] = {"hub": [], LOOP: []}
    for number in range(rounds):
        for engine in list(measured) if number % 2 == 0 else reversed(measured):
            measured[engine].append(figures_of(engine, stub, count, MESSAGES[count]))
    return medians_of(measured["hub"], measured[LOOP])


def medians_of(hub_rounds: list[Figures], loop_rounds: list[Figures]) -> dict[str, Any]:
    """
    Return the medians of the rounds for ``hub`` and ``loop``, and of their ratios ``wall`` and ``cpu``.

    A ratio is computed within a round. So a slow minute of the machine affects both parts of the ratio.

    """
    pairs = list(zip(hub_rounds, loop_rounds, strict=True))
    return {
        "hub": medians(hub_rounds),
        "loop": medians(loop_rounds),
        "wall": statistics.median(hub["p50_ms"] / loop["p50_ms"] for hub, loop in pairs),
        "cpu": statistics.median(hub["cpu_ms"] / loop["cpu_ms"] for hub, loop in pairs),
    }


def show(rows: list[dict[str, Any]]) -> None:
    """Print the rows, and the bars next to the ratios."""
    print(f"A message to few connections, @connections answers after {DELAY_MS} ms: milliseconds of a message")
    print(f"  {'':24} {'p50':>8} {'p99':>8} {'CPU':>8}   hub / loop: wall (bar), CPU (bar)")
    for row in rows:
        count = row["count"]
        where = f"{'TLS' if row['tls'] else 'plain'}, {count:2} connections"
        ratios = " ".join(
            f"{ratio:8.3f} {'' if ratio <= bar else 'over '}({bar})"
            for ratio, bar in zip((row["wall"], row["cpu"]), BARS[count], strict=True)
        )
        for engine in ("hub", "loop"):
            figures = row[engine]
            times = f"{figures['p50_ms']:8.2f} {figures['p99_ms']:8.2f} {figures['cpu_ms'] * count:8.2f}"
            print(f"  {where:19} {engine:4} {times} {ratios if engine == 'hub' else ''}".rstrip())


if __name__ == "__main__":
    show(measure(int(sys.argv[1]) if sys.argv[1:] else ROUNDS))
