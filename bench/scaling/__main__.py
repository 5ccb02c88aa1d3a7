"""
Computes what a hub with 1 k to 3.6 M open connections needs: ``make scaling``.

It prints the tables, writes them with their charts into docs/scaling.md, and writes the figures to .build/scaling.json.

"""

import json

from bench.report import ROOT, fill
from bench.scaling import charts, function_times
from bench.scaling.backends import backends
from bench.scaling.model import model, parts

DOCUMENT = ROOT / "docs" / "scaling.md"
OPERATIONS = ROOT / "docs" / "operations.md"
FIGURES = ROOT / ".build" / "scaling.json"


def main() -> None:
    """Print the tables, and write tables, charts and figures to their files."""
    results = function_times.results()
    figures = model(results)
    tables = parts(figures)
    print(*(f"{name}\n\n{text}\n" for name, text in tables.items()), sep="\n")
    FIGURES.parent.mkdir(exist_ok=True)
    FIGURES.write_text(json.dumps(figures, indent=1))
    DOCUMENT.write_text(fill(DOCUMENT.read_text(), tables))
    prices = {"dollars": tables["dollars"], "backends": backends(results)}
    OPERATIONS.write_text(fill(OPERATIONS.read_text(), prices))
    charts.draw(results)
    print(f"The figures are in {FIGURES.relative_to(ROOT)}, the tables in {DOCUMENT.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
