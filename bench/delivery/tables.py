"""The tables of docs/performance.md about deliveries, made from the results of ``make bench``: a function for each."""

from collections.abc import Callable
from typing import Any

from bench import costs
from bench.delivery import common_tables
from bench.report import ROOT, Results, Row, fill, only, rows, table

DOCUMENT = ROOT / "docs" / "performance.md"
RESULTS = ROOT / "docs" / "performance.json"
MEMORIES = (256, 512, 1024, 1769)
"""MB of memory that the table of prices shows."""


def best_pool(results: Results, **wanted: Any) -> Row:
    """Return the figures of the fastest boto3 thread pool."""
    return max(
        (row for row in rows(results, **wanted) if row["engine"].endswith("threads")), key=lambda row: row["per_second"]
    )


def compared(results: Results) -> str:
    """Return the table of all engines at 10 ms."""
    lines: list[tuple[object, ...]] = [("Engine", "Connections", "plain: posts/s", "CPU ms", "TLS: posts/s", "CPU ms")]
    for plain in rows(results, delay_ms=10, tls=False):
        tls = only(results, engine=plain["engine"], count=plain["count"], delay_ms=10, tls=True)
        figures = [text for row in (plain, tls) for text in (f"{row['per_second']:,.0f}", f"{row['cpu_ms']:.3f}")]
        lines.append((plain["engine"], f"{plain['count']:,}", *figures))
    return table(*lines)


def by_delay(results: Results) -> str:
    """Return the table of the hub over TLS, by number of connections and by delay."""
    delays = sorted({row["delay_ms"] for row in results["results"]})
    lines: list[tuple[object, ...]] = [
        ("Connections", *(f"{delay} ms" for delay in delays), "CPU ms", "first message, CPU ms", "memory")
    ]
    for row in rows(results, engine="hub", tls=True, delay_ms=10):
        columns = [only(results, engine="hub", tls=True, delay_ms=delay, count=row["count"]) for delay in delays]
        rates = [f"{figures['per_second']:,.0f}/s" for figures in columns]
        cpu, first = f"{row['cpu_ms']:.3f}", f"{row['first_cpu_ms']:.3f}"
        lines.append((f"{row['count']:,}", *rates, cpu, first, f"{row['memory_mb']:.0f} MB"))
    return table(*lines)


def ratios(results: Results) -> str:
    """Return the table that compares the hub with each other engine, for 10,000 connections at 10 ms."""
    lines: list[tuple[object, ...]] = [("10,000 connections, 10 ms", "plain", "TLS")]
    ratio: dict[str, list[str]] = {}
    for tls in (False, True):
        figures = {"delay_ms": 10, "tls": tls}
        hub = only(results, engine="hub", count=10_000, **figures)
        pool, one = best_pool(results, **figures), only(results, engine="boto3, one by one", **figures)
        for name, value in (
            ("posts a second: hub / best boto3 thread pool", hub["per_second"] / pool["per_second"]),
            ("posts a second: hub / boto3, one by one", hub["per_second"] / one["per_second"]),
            ("CPU a post: best boto3 thread pool / hub", pool["cpu_ms"] / hub["cpu_ms"]),
            *(
                (
                    f"CPU a post: hub / {floor}",
                    hub["cpu_ms"] / only(results, engine=floor, count=10_000, **figures)["cpu_ms"],
                )
                for floor in ("bare sockets, asyncio", "bare sockets, uvloop")
            ),
        ):
            ratio.setdefault(name, []).append(f"{value:.1f}")
    return table(*lines, *((name, *values) for name, values in ratio.items()))


def dollars(results: Results) -> str:
    """Return the price table of a million deliveries, in messages to 1,000 connections each, over TLS at 10 ms."""
    figures = {"delay_ms": 10, "tls": True}
    engines = {
        "the hub": only(results, engine="hub", count=1_000, **figures),
        "boto3, best thread pool": best_pool(results, **figures),
        "boto3, one by one": only(results, engine="boto3, one by one", **figures),
    }
    lines: list[tuple[object, ...]] = [("A million deliveries", *(f"{memory} MB" for memory in MEMORIES))]
    for name, row in engines.items():
        prices = []
        for memory in MEMORIES:
            duration = costs.seconds(1_000, row["per_second"], row["cpu_ms"], memory)
            prices.append(f"${costs.lambda_dollars(1_000, duration, memory):.4f}")
        lines.append((f"Lambda: {name}", *prices))
    lines.append(("DynamoDB: reading the rows", *[f"${costs.dynamodb_dollars():.4f}"] * len(MEMORIES)))
    lines.append(("API Gateway: up to 32 KB each", *[f"${costs.API_GATEWAY_MESSAGE * 1e6:.4f}"] * len(MEMORIES)))
    return table(*lines)


def starts(results: Results) -> str:
    """Return the table of imports and inits."""
    lines = [(name, f"{ratio:.2f}") for name, ratio in results["cold_starts"].items()]
    return table(("Import and init, CPU", "against boto3 alone"), *lines)


def first_message(results: Results) -> str:
    """Return the table of the cold start of MessageFunction, its first message included."""
    return table(
        ("Cold start with the first request, CPU", "against boto3 and a query"),
        ("boto3 and a query", f"{1:.2f}"),
        ("MessageFunction and a message", f"{results['first_message']:.2f}"),
    )


def machine(results: Results) -> str:
    """Return the line that says when and where the results were measured."""
    return f"`make bench`, {results['date']}: {results['machine']}."


PARTS: dict[str, Callable[[Results], str]] = {
    "machine": machine,
    "one message": common_tables.one_message,
    "few connections": common_tables.few_connections,
    "compared": compared,
    "ratios": ratios,
    "by delay": by_delay,
    "dollars": dollars,
    "first message": first_message,
    "cold starts": starts,
}


def filled(document: str, results: Results) -> str:
    """Return docs/performance.md with the tables of these results."""
    return fill(document, {name: make(results) for name, make in PARTS.items()})
