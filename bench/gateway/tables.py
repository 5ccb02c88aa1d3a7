"""The tables of docs/performance.md about the local gateway, made from .build/gateway.json: a function for each."""

from collections.abc import Callable

from bench.gateway.load import ASKING, CONNECTS, RATE
from bench.report import ROOT, Results, fill, only, rows, table


def machine(results: Results) -> str:
    """Return the line that says when and where the results were measured."""
    return f"`python -m bench.gateway`, {results['date']}: {results['machine']}; medians of {results['runs']} runs."


def round_trips(results: Results) -> str:
    """Return the table of clients that send a message, wait for its answer, and then send the next message."""
    lines = [
        (
            row["server"],
            row["clients"],
            f"{row['first_per_second']:,.0f}",
            f"{row['per_second']:,.0f}",
            f"{row['p50_ms']:.1f} ms",
            f"{row['p99_ms']:.1f} ms",
        )
        for row in rows(results, what="round trips")
    ]
    return table(("Round trips", "clients", f"a second, in the first {ASKING:.0f} s", "later", "p50", "p99"), *lines)


def others(results: Results) -> str:
    """Return the table of all other measurements."""
    idle, steady, start, connects = (only(results, what=what) for what in ("idle", "steady", "start", "connects"))
    return table(
        ("The local gateway", "measured"),
        (f"{RATE} messages a second of {steady['clients']} clients, p50", f"{steady['p50_ms']:.1f} ms"),
        (f"{RATE} messages a second of {steady['clients']} clients, p99", f"{steady['p99_ms']:.1f} ms"),
        (f"memory of each of {idle['clients']:,} idle sockets", f"{idle['kb_per_socket']:.1f} KB"),
        (f"CPU of {idle['clients']:,} idle sockets", f"{idle['cpu_per_second'] * 100:.1f} % of a core"),
        ("from `make run` until the gateway is ready", f"{start['seconds']:.1f} s"),
        (
            f"connects a second through `ConnectFunction`, {connects['clients']} at a time",
            f"{connects['per_second']:,.0f}",
        ),
        (f"the first {CONNECTS} connects, while workers start", f"{connects['cold_per_second']:,.0f}"),
    )


PARTS: dict[str, Callable[[Results], str]] = {
    "gateway machine": machine,
    "round trips": round_trips,
    "local gateway": others,
}
"""The functions, by the names of their tables' places in the document."""

RESULTS = ROOT / "docs" / "performance-gateway.json"


def filled(document: str, results: Results) -> str:
    """Return docs/performance.md with the tables of these results."""
    return fill(document, sections(results))


def sections(results: Results) -> dict[str, str]:
    """Return every table, by the name of its place in the document."""
    return {name: make(results) for name, make in PARTS.items()}
