"""Every figure of docs/scaling.md about history."""

import dataclasses
import statistics
from typing import Any

from bench import costs, limits
from bench.report import Results
from bench.scaling import history, hot_history, steady
from bench.scaling.steady import Workload

SECONDS, WEEK = 600, 7 * 24 * 3600
"""HistorySeconds of the model, and the largest value."""

PAYLOADS = (100, 500, 1_024, 4_096, 32_000, 126_000)
"""Bytes of a message that is stored."""

MISSED = ((1_024, 0), (1_024, 1), (1_024, 20), (1_024, 26), (1_024, 1_000), (126_000, 1), (126_000, 100))
"""Bytes of a message, and how many messages a client has missed when it asks."""

BILL = 100_000
"""Open connections of the bill."""

RATES = (300, 350, 500, 1_000)
"""Messages a second to one session, of 1 KB each."""

Figures = dict[str, Any]


def stored(payload: int) -> Figures:
    """Return what a message takes for each session, in dollars for a million messages."""
    units = history.write_units(payload)
    return {
        "payload": payload,
        "units": units,
        "writes": units * costs.DYNAMODB_WRITE * 1e6,
        "storage": history.storage_dollars(payload, SECONDS) * 1e6,
        "week": history.storage_dollars(payload, WEEK) * 1e6,
        "per_second": history.per_second(payload),
    }


def resumed(payload: int, missed: int, measured: Results) -> Figures:
    """Return what an answer to ``resume`` takes, in dollars for a million answers."""
    one = history.answer(payload, missed)
    price = history.answer_dollars(one, history.answer_seconds(measured, one.frames))
    return {"payload": payload, "missed": missed, **dataclasses.asdict(one), "dollars": price * 1e6}


def load(connections: int, results: Results) -> Figures:
    """Return what history adds to the load of a hub, and what parts of the limits are then used."""
    workload = Workload(connections)
    without = steady.load(workload, results)
    more = history.added(workload, without, SECONDS)
    return {
        "connections": connections,
        **dataclasses.asdict(more),
        "warming_minutes": steady.warming_minutes(more.writes, limits.WARM_WRITES),
        "shares": {
            "write units/s, new table of history": (limits.WARM_WRITES, more.writes / limits.WARM_WRITES),
            "write units/s, table's quota": (limits.TABLE_UNITS, more.writes / limits.TABLE_UNITS),
            "requests of clients/s, `StageRate`, with `resume`": (
                limits.STAGE_REQUESTS,
                (without.from_clients + more.resumes) / limits.STAGE_REQUESTS,
            ),
            "read units/s, new table of history": (limits.WARM_READS, more.reads / limits.WARM_READS),
        },
    }


def hot(rate: int) -> Figures:
    """Return what becomes of the messages of 1 KB to one session, with both ways in which a partition may count."""
    units = history.put_units(1_024)
    owing, strict = (hot_history.store(rate, units, may_owe) for may_owe in (True, False))
    seconds = hot_history.SECONDS - hot_history.SETTLED
    return {
        "rate": rate,
        "stored": owing.stored / seconds,
        "strict": strict.stored / seconds,
        "unstored": owing.unstored / len(owing.times),
        "unused": owing.unused / seconds,
        "calls": rate * statistics.mean(owing.times),
    }


def figures(sizes: tuple[int, ...], results: Results, measured: Results) -> Figures:
    """
    Return all figures.

    Args:
        sizes: Numbers of open connections.
        results: Of ``python -m bench.delivery``.
        measured: Of ``python -m bench.delivery.history``.

    """
    workload = Workload(BILL)
    return {
        "stored": [stored(payload) for payload in PAYLOADS],
        "resumed": [resumed(payload, missed, measured) for payload, missed in MISSED],
        "loads": [load(size, results) for size in sizes],
        "bill": history.bills(workload, steady.load(workload, results), SECONDS, measured),
        "hot": [hot(rate) for rate in RATES],
    }
