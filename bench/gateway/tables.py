"""The tables of ``bench.gateway``: one function a table, from what is in .build/gateway.json."""

from collections.abc import Callable

from bench.gateway.load import ASKING, CONNECTS, RATE
from bench.report import ROOT, Results, fill, only, rows, table


def machine(results: Results) -> str:
    return f"`python -m bench.gateway`, {results['date']}: {results['machine']}; medians of {results['runs']} runs."


def round_trips(results: Results) -> str:
    """Clients that each send again once they are answered."""
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
    """Everything else."""
    idle, steady, start, connects = (only(results, what=what) for what in ("idle", "steady", "start", "connects"))
    return table(
        ("The local gateway", "measured"),
        (f"{RATE} messages a second of {steady['clients']} clients, p50", f"{steady['p50_ms']:.1f} ms"),
        ("the same, p99", f"{steady['p99_ms']:.1f} ms"),
        (f"memory of an idle socket, of {idle['clients']:,}", f"{idle['kb_per_socket']:.1f} KB"),
        ("CPU of all of them", f"{idle['cpu_per_second'] * 100:.1f} % of a core"),
        ("from `make run` until it is ready", f"{start['seconds']:.1f} s"),
        (
            f"connects a second through `ConnectFunction`, {connects['clients']} at a time",
            f"{connects['per_second']:,.0f}",
        ),
        (f"the first {CONNECTS} of them, while workers start", f"{connects['cold_per_second']:,.0f}"),
    )


PARTS: dict[str, Callable[[Results], str]] = {
    "gateway machine": machine,
    "round trips": round_trips,
    "local gateway": others,
}
"""By the names of their places in the document, as ``bench.delivery.tables.fill`` takes them."""


RESULTS = ROOT / "docs" / "performance-gateway.json"


def filled(document: str, results: Results) -> str:
    """Return docs/performance.md with the parts that these results make."""
    return fill(document, sections(results))


def sections(results: Results) -> dict[str, str]:
    """Return every table, by its place in the document."""
    return {name: make(results) for name, make in PARTS.items()}
