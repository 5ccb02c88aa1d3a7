"""Makes figures of measured times, reads the results of a benchmark, and writes tables into documents."""

import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
"""The project's folder."""

Results = dict[str, Any]
Row = dict[str, Any]


def percentiles(seconds: list[float]) -> dict[str, float]:
    """Return the median and the 99th percentile in milliseconds, of at least two times."""
    hundredths = statistics.quantiles(seconds, n=100, method="inclusive")
    return {"p50_ms": hundredths[49] * 1000, "p99_ms": hundredths[98] * 1000}


def rows(results: Results, **wanted: Any) -> list[Row]:
    """Return the rows of the results that have these values."""
    return [row for row in results["results"] if all(row[name] == value for name, value in wanted.items())]


def only(results: Results, **wanted: Any) -> Row:
    """Return the one row of the results that has these values."""
    (row,) = rows(results, **wanted)
    return row


def table(*lines: tuple[object, ...]) -> str:
    """Return a Markdown table. The first line is its head."""
    head, *body = [" | ".join(map(str, line)) for line in lines]
    rule = " | ".join(["---"] + ["---:"] * (len(lines[0]) - 1))
    return "\n".join(f"| {line} |" for line in (head, rule, *body))


def fill(document: str, parts: Mapping[str, str]) -> str:
    """Return the document with new text in each part: a part is between ``<!-- name -->`` and ``<!-- end -->``."""
    for name, text in parts.items():
        before, opened, rest = document.partition(f"<!-- {name} -->\n")
        _, closed, after = rest.partition("<!-- end -->")
        assert closed, f"the document has no place for: {name}"  # partition finds no end without a beginning
        document = before + opened + text + "\n" + closed + after
    return document
