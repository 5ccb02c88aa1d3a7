"""The tables of docs/performance.md about history, made from the results of ``python -m bench.delivery.history``."""

from collections.abc import Callable

from bench.report import ROOT, Results, Row, fill, table

RESULTS = ROOT / "docs" / "performance-history.json"


def machine(results: Results) -> str:
    """Return the line that says when and where the results were measured."""
    command = "`python -m bench.delivery.history`"
    return f"{command}, {results['date']}: {results['machine']}; medians of {results['rounds']} rounds."


def storing(results: Results) -> str:
    """Return the table of messages without history and with it."""
    lines = []
    for row in results["storing"]:
        name = f"{row['sessions']} session{'s' if row['sessions'] > 1 else ''}"
        lines += [
            (f"{name}, without", *_times(row["without"]), "", ""),
            (f"{name}, with", *_times(row["with"]), f"{row['added_ms']:.1f} ms", f"{row['added_cpu_ms']:.2f} ms"),
        ]
    return table(("A message to", "p50", "p99", "CPU", "added time", "added CPU, each session"), *lines)


def boto3(results: Results) -> str:
    """Return the table that compares what storing adds with the two writes through boto3."""
    one, *_, most = results["storing"]
    return table(
        ("CPU of storing a message, each session", "", "against boto3"),
        ("boto3, two writes", f"{one['boto3_cpu_ms']:.2f} ms", "1.00"),
        *(
            (f"the hub, {row['sessions']} at once", f"{row['added_cpu_ms']:.2f} ms", f"{row['boto3']:.2f}")
            for row in (one, most)
        ),
    )


def resuming(results: Results) -> str:
    """Return the table of answers to ``resume``."""
    return table(
        ("`resume`", "p50", "p99", "CPU"),
        ("finds nothing", *_times(results["nothing"])),
        ("a full page, 32 messages", *_times(results["page"])),
    )


def _times(figures: Row) -> tuple[str, ...]:
    return f"{figures['p50_ms']:.1f} ms", f"{figures['p99_ms']:.1f} ms", f"{figures['cpu_ms']:.2f} ms"


PARTS: dict[str, Callable[[Results], str]] = {
    "history machine": machine,
    "history": storing,
    "history boto3": boto3,
    "resume": resuming,
}


def filled(document: str, results: Results) -> str:
    """Return docs/performance.md with the tables of these results."""
    return fill(document, {name: make(results) for name, make in PARTS.items()})
