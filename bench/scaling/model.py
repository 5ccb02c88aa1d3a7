"""Every figure of docs/scaling.md: a model of a hub with 1 k, 100 k and 3.6 M open connections."""

import dataclasses
import math
from typing import Any

from bench import costs, limits
from bench.report import Results
from bench.scaling import bill, burst, ceilings, function_times, history_figures, history_tables, rush, steady
from bench.scaling.steady import Workload
from bench.scaling.tables import PARTS

SIZES = (1_000, 100_000, 3_600_000)
"""Numbers of open connections. The last number is the most that the default quota of new connections keeps open."""

MOST = 0.999
"""Clients count as all connected if this part of them is, because some clients are always connecting."""

HOURS = 5
"""Simulated hours of the reconnects."""

PINGS = {5: 12.0, 9: 60 / 9}
"""Pings an hour, by the minutes between two pings: often, and as rarely as is safe."""

HOT_SIZES = (0, 1, 3, 4, 100, 1_000, 100_000)
"""Connections of a session that gets many messages. With three or fewer, the partition is the first limit."""

BURSTS = ((10_000, 10), (100_000, 10), (100_000, 50), (300_000, 10), (300_000, 50))
"""Connections of a session that gets one message, and milliseconds until ``@connections`` answers a post."""

CLIENTS = (
    *(
        rush.Clients(size, size, jitter, early)
        for size in SIZES
        for jitter, early in ((False, 0), (True, 0), (True, 3600))
    ),
    *(rush.Clients(SIZES[-1], limits.CONNECTS, early=early) for early in (0, 3600)),
)
"""Clients that all come at once, as after a fault that closed every connection, and clients that come at the quota."""

Model = dict[str, Any]


def steady_state(connections: int, results: Results) -> Model:
    """Return what a hub of one size takes each second, its parts of the limits, and its bill."""
    workload = Workload(connections)
    load = steady.load(workload, results)
    shares = {ceiling.name: ceiling.share(load) for ceiling in ceilings.ceilings(results)}
    disconnecting = function_times.small_seconds(results, 2)
    most_calls = min(limits.CONCURRENCY / disconnecting, limits.CONCURRENCY * limits.CALLS_PER_CONCURRENCY)
    return {
        "workload": dataclasses.asdict(workload),
        "load": {
            **dataclasses.asdict(load),
            **{name: getattr(load, name) for name in ("from_clients", "requests", "writes", "index_reads", "calls")},
            "log_gb_a_day": load.log_bytes * 86_400 / costs.GB,
            "warming_minutes": steady.warming_minutes(load.reads, limits.WARM_READS),
        },
        "shares": shares,
        "first": ceilings.first(load, results).name,
        "dollars": bill.dollars(workload, load),
        "all_drop": {
            "calls_seconds": connections / most_calls,
            "deletes_seconds": connections / limits.WARM_WRITES,
            "connects_seconds": connections / limits.CONNECTS,
        },
        "pings": {minutes: pinging(Workload(connections, pings=pings), results) for minutes, pings in PINGS.items()},
    }


def pinging(workload: Workload, results: Results) -> Model:
    """Return what the pings of a workload take and cost."""
    load = steady.load(workload, results)
    price = bill.dollars(workload, load)["API Gateway: pings and pongs"]
    return {"a_second": load.pings, "stage": load.pings / limits.STAGE_REQUESTS, "dollars": price}


def reconnects(clients: rush.Clients) -> Model:
    """Return how many clients connect, how fast, and what happens two hours later."""
    story = rush.simulate(clients, HOURS * 3600)
    later = story.open[limits.CONNECTION_SECONDS :]
    return {
        "clients": dataclasses.asdict(clients),
        "most_open_after": story.open_after(MOST * clients.count),
        "refused": story.refused,
        "most_attempts": max(story.attempts),
        "busiest_minute": max(story.minutes(story.opened)[limits.CONNECTION_SECONDS // 60 :]),
        "open": sum(later) / len(later) / clients.count,
    }


def one_message(recipients: int, answer_ms: int, results: Results) -> Model:
    """Return how one message to a large session ends."""
    outcome = burst.deliver(recipients, function_times.pace(results, answer_ms), answer_ms / 1000)
    figures = {name: getattr(outcome, name) for name in ("delivered", "failed", "throttled", "seconds")}
    floor = max(0.0, recipients - limits.REQUEST_BURST) / limits.REQUESTS
    return {"recipients": recipients, "answer_ms": answer_ms, "floor": floor, **figures}


def model(results: Results) -> Model:
    """Return all figures."""
    return {
        "sizes": [steady_state(size, results) for size in SIZES],
        "ceilings": [{"name": ceiling.name, "limit": ceiling.limit} for ceiling in ceilings.ceilings(results)],
        "hot": [
            {
                "connections": size,
                **{name: None if math.isinf(at) else at for name, at in ceilings.hot(size)._asdict().items()},
            }
            for size in HOT_SIZES
        ],
        "bursts": [one_message(recipients, answer_ms, results) for recipients, answer_ms in BURSTS],
        "reconnects": [reconnects(clients) for clients in CLIENTS],
        "history": history_figures.figures(SIZES, results, function_times.history_results()),
    }


def parts(figures: Model) -> dict[str, str]:
    """Return the tables of docs/scaling.md by name."""
    tables = {name: make(figures) for name, make in PARTS.items()}
    return tables | {name: make(figures["history"]) for name, make in history_tables.PARTS.items()}
