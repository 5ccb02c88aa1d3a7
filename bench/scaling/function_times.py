"""How long the hub's functions run, from the measurements in docs/performance*.json."""

import json

from bench import costs, limits
from bench.delivery import history_tables
from bench.delivery.tables import RESULTS
from bench.report import Results, only, rows


def results() -> Results:
    loaded: Results = json.loads(RESULTS.read_text())
    return loaded


def history_results() -> Results:
    loaded: Results = json.loads(history_tables.RESULTS.read_text())
    return loaded


def pace(measured: Results, delay_ms: int) -> float:
    """Return the posts a second of one message to 10,000 connections, over TLS, if a post takes ``delay_ms``."""
    return float(only(measured, engine="hub", tls=True, count=10_000, delay_ms=delay_ms)["per_second"])


def delivery_seconds(measured: Results, posts: float, delay_ms: int) -> float:
    """
    Return the seconds that MessageFunction runs for one message to ``posts`` connections.

    Between two measured numbers of connections, the time is interpolated linearly. Below the smallest number, it is the
    time of the smallest. Above the largest number, it grows in proportion.

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
    Return the seconds that ConnectFunction or DisconnectFunction runs, with ``calls`` DynamoDB calls in sequence.

    This is an estimate. These functions ask DynamoDB through boto3, as boto3's simplest loop does. So the estimate is
    the CPU time of the loop's message to one connection, which is two calls through boto3, on the share of a vCPU that
    comes with their memory, and the time of the calls.

    """
    (common,) = (row for row in measured["common"] if row["count"] == 1 and row["tls"])
    return float(
        common["loop"]["cpu_ms"] / 1000 * costs.FULL_CPU_MB / limits.SMALL_MB + calls * limits.DYNAMODB_SECONDS
    )
