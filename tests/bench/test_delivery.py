"""The engines of the benchmark deliver every message, and docs/performance.md shows the results."""

import dataclasses
import json
import subprocess
import sys

import pytest

from bench import costs
from bench.delivery import history_tables
from bench.delivery.engines import ENGINES, NOTHING, PAGE, WITH, WITHOUT, WRITES
from bench.delivery.stub import running_stub
from bench.delivery.tables import DOCUMENT, RESULTS, filled
from bench.gateway import tables as gateway_tables
from tests.support.paths import ROOT

COUNTS = {
    "hub": 1234,
    "bare sockets, asyncio": 1234,
    "bare sockets, uvloop": 1234,
    "boto3, query and post": 30,
    "boto3, one by one": 30,
    "boto3, 64 threads": 200,
    WITHOUT: 10,
    WITH: 100,
    NOTHING: 2,
    PAGE: 2,
    WRITES: 10,
}
"""Connections for each engine, or sessions, or clients that ask. 1234 rows are more than one page. 1234 posts are more
than the HTTP connections."""


def test_every_kind_of_engine_is_tested() -> None:
    assert COUNTS.keys() == ENGINES.keys() - {"boto3, 32 threads", "boto3, 128 threads"}


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("engine", COUNTS)
def test_every_engine_delivers_to_all(engine: str, tls: bool) -> None:
    with running_stub(0.001, tls) as stub:
        arguments = [engine, json.dumps(dataclasses.asdict(stub)), str(COUNTS[engine]), "2"]
        path = ":".join(str(ROOT / folder) for folder in (".", "shared", "send-message"))
        ended = subprocess.run(
            [sys.executable, "-m", "bench.delivery.engine_figures", *arguments],
            env={"PYTHONPATH": path},
            check=True,
            capture_output=True,
            text=True,
        )
    figures = json.loads(ended.stdout.splitlines()[-1])
    assert figures.keys() == {
        "per_second",
        "cpu_ms",
        "p50_ms",
        "p99_ms",
        "first_per_second",
        "first_cpu_ms",
        "memory_mb",
    }


def test_the_tables_of_the_document_are_made_from_the_results() -> None:
    document = DOCUMENT.read_text()
    assert filled(document, json.loads(RESULTS.read_text())) == document
    assert history_tables.filled(document, json.loads(history_tables.RESULTS.read_text())) == document
    assert gateway_tables.filled(document, json.loads(gateway_tables.RESULTS.read_text())) == document


@pytest.mark.parametrize(
    ("memory", "duration"),
    [
        pytest.param(1769, 0.1, id="the-measured-time-is-the-limit"),
        pytest.param(884, 0.12, id="half-a-cpu-is-the-limit"),
        pytest.param(3538, 0.1, id="a-second-cpu-does-not-help"),
    ],
)
def test_a_delivery_takes_the_longer_of_its_measured_time_and_its_cpu_time(memory: int, duration: float) -> None:
    assert costs.seconds(1000, per_second=10_000, cpu_ms=0.06, memory_mb=memory) == pytest.approx(duration, rel=0.01)


def test_a_call_of_one_gb_second_costs_what_the_price_list_says() -> None:
    assert costs.lambda_dollars(1_000_000, duration=1.0, memory_mb=1024) == pytest.approx(0.0000133334 + 0.0000002)
