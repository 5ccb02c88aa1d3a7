"""
Puts the results of ``make bench`` into docs/performance.md: ``make publish``.

docs/performance.json, docs/performance-history.json and docs/performance-gateway.json keep the results. A test makes
the tables from them again, and compares them with the document.

"""

import json
import shutil

from bench.delivery import charts, history_tables
from bench.delivery import tables as delivery_tables
from bench.gateway import tables as gateway_tables
from bench.report import ROOT


def main() -> None:
    """Copy the results of each benchmark that has run, and make its tables and charts."""
    document = delivery_tables.DOCUMENT.read_text()
    if (measured := ROOT / ".build" / "bench.json").exists():
        shutil.copy(measured, delivery_tables.RESULTS)
        results = json.loads(measured.read_text())
        document = delivery_tables.filled(document, results)
        charts.draw(results)
    if (measured := ROOT / ".build" / "history.json").exists():
        shutil.copy(measured, history_tables.RESULTS)
        document = history_tables.filled(document, json.loads(measured.read_text()))
    if (measured := ROOT / ".build" / "gateway.json").exists():
        shutil.copy(measured, gateway_tables.RESULTS)
        document = gateway_tables.filled(document, json.loads(measured.read_text()))
    delivery_tables.DOCUMENT.write_text(document)


if __name__ == "__main__":
    main()
