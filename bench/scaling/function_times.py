"""What docs/performance.json says about the hub's function, for other models."""

import json

from bench import costs, limits
from bench.delivery.tables import RESULTS
from bench.report import Results, only, rows


def results() -> Results:
    loaded: Results = json.loads(RESULTS.read_text())
    return loaded


def pace(measured: Results, delay_ms: int) -> float:
    """Return the posts a second of one message to 10,000 connections, over TLS, if a post takes so long."""
    return float(only(measured, engine="hub", tls=True, count=10_000, delay_ms=delay_ms)["per_second"])


def delivery_seconds(measured: Results, posts: float, delay_ms: int) -> float:
    """
    Return how long MessageFunction runs for one message.

    Between the sizes that were measured along a straight line, below the smallest as for the smallest,
    above the largest in proportion.

    """
    sizes = sorted(
        (row["count"], costs.seconds(row["count"], row["per_second"], row["cpu_ms"], limits.MESSAGE_MB))
        for row in rows(measured, engine="hub", tls=True, delay_ms=delay_ms)
    )
    below, least = sizes[0]
    if posts <= below:
        return float(least)
    for count, taken in sizes[1:]:
        if posts <= count:
            return float(least + (taken - least) * (posts - below) / (count - below))
        below, least = count, taken
    return float(least * posts / below)


def small_seconds(measured: Results, calls: int) -> float:
    """
    Return how long ConnectFunction or DisconnectFunction runs, with so many calls of DynamoDB one after another.

    Modelled: they do what MessageFunction does for a message to ten connections, without the posts, and
    a call more or less: this is its CPU, with the share that their memory buys.

    """
    few, many = (only(measured, engine="hub", tls=True, count=count, delay_ms=10) for count in (10, 10_000))
    cpu_ms = 10 * (few["cpu_ms"] - many["cpu_ms"])
    return float(cpu_ms / 1000 * costs.FULL_CPU_MB / limits.SMALL_MB + calls * limits.DYNAMODB_SECONDS)
