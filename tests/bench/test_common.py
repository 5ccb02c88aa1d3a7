"""One message to one browser, and messages to few connections: the figures, the tables and the prices."""

import asyncio
import dataclasses
import json
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bench import costs
from bench.delivery import common, common_tables, tables
from bench.delivery.__main__ import known_runs
from bench.delivery.cold_start import MESSAGE, QUERY, Start
from bench.delivery.engine_figures import figures
from bench.delivery.engines import LOOP
from bench.delivery.stub import Queries, Requests, Stub, running_stub
from tests.support.paths import ROOT
from tests.support.tls import Authority

PATH = [ROOT, ROOT / "shared", ROOT / "send-message", Path(sysconfig.get_path("purelib"))]


def of_engine(p50_ms: float, cpu_ms: float, p99_ms: float = 30.0) -> dict[str, float]:
    return {"per_second": 1000 / p50_ms, "p50_ms": p50_ms, "p99_ms": p99_ms, "cpu_ms": cpu_ms}


def row(count: int, tls: bool, wall: float, cpu: float) -> dict[str, Any]:
    figures = {"hub": of_engine(20, 4), "loop": of_engine(16, 12, p99_ms=44.44)}
    return {"count": count, "tls": tls, **figures, "wall": wall, "cpu": cpu}


RESULTS = {
    "common": [
        row(1, tls=False, wall=0.811, cpu=0.5),
        row(10, tls=False, wall=0.15, cpu=0.1),
        row(1, tls=True, wall=1.254, cpu=1.6),
        row(10, tls=True, wall=0.2, cpu=0.3),
    ],
    "first_message": 0.4567,
}


# The figures.


def test_the_first_run_and_a_tenth_of_the_others_are_not_measured() -> None:
    counts: list[int] = []

    def send(count: int) -> int:
        counts.append(count)
        return count

    figures(send, 3, 20)
    assert counts == [3] * (1 + 2 + 20)


def test_an_engine_that_does_not_deliver_to_all_is_an_error() -> None:
    with pytest.raises(AssertionError, match="2 of 3 were delivered"):
        figures(lambda count: count - 1, 3, 2)


def test_a_ratio_is_computed_within_a_round() -> None:
    hub = [of_engine(10, 1), of_engine(40, 9), of_engine(30, 6)]
    loop = [of_engine(20, 2), of_engine(160, 10), of_engine(20, 4)]
    medians = common.medians_of(hub, loop)
    assert medians["wall"] == 0.5  # of 0.5, 0.25 and 1.5; the ratio of the medians is 1.5
    assert medians["cpu"] == 0.9  # of 0.5, 0.9 and 1.5; the ratio of the medians is 1.5
    assert (medians["hub"]["p50_ms"], medians["loop"]["p50_ms"]) == (30, 20)


def test_the_terminal_shows_the_bar_next_to_each_ratio(capsys: pytest.CaptureFixture[str]) -> None:
    common.show(RESULTS["common"])  # type: ignore[arg-type]
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[2] == "plain, 1 connections hub 20.00 30.00 4.00 0.811 (0.9) 0.500 (0.55)"
    assert lines[6] == "TLS, 1 connections hub 20.00 30.00 4.00 1.254 over (0.9) 1.600 over (0.55)"


@pytest.mark.parametrize(
    ("delay", "known"),
    [
        pytest.param(10, {(LOOP, 1), (LOOP, 10), ("hub", 1), ("hub", 10)}, id="the-delay-of-common"),
        pytest.param(50, set(), id="another-delay"),
    ],
)
def test_what_is_measured_already_is_not_measured_again(delay: int, known: set[tuple[str, int]]) -> None:
    assert known_runs(RESULTS["common"], delay, tls=True).keys() == known  # type: ignore[arg-type]


# The tables.


def test_the_table_of_one_message_has_times_and_prices_over_tls() -> None:
    hub, loop = common_tables.one_message(RESULTS).splitlines()[2:]
    # 20 ms of a GB: 1e6 * (0.02 * 0.0000133334 + 0.0000002). 1.5 units of 0.125, and three messages of 1.
    assert hub == "| the hub | 20.0 ms | 30.0 ms | 4.0 ms | $0.467 | $0.188 | $3.000 | $3.654 |"
    # 12 ms of CPU take 20.7 ms on 1024/1769 of a CPU.
    assert loop == "| boto3, query and post | 16.0 ms | 44.4 ms | 12.0 ms | $0.476 | $0.125 | $3.000 | $3.601 |"


def test_the_table_of_ratios_has_a_row_for_each_number_of_connections() -> None:
    assert common_tables.few_connections(RESULTS).splitlines()[2:] == [
        "| 1 | 0.81 | 0.50 | 1.25 | 1.60 |",
        "| 10 | 0.15 | 0.10 | 0.20 | 0.30 |",
    ]


def test_the_table_of_the_first_message_has_its_ratio() -> None:
    assert tables.first_message(RESULTS).splitlines()[3] == "| MessageFunction and a message | 0.46 |"


# What the prices assume: the reads of each engine.


@contextmanager
def recording(bundle: str) -> Iterator[tuple[Stub, list[dict[str, Any]]]]:
    """Serve the stubs in a thread. Yield their URLs, and the queries that arrive."""
    queries: list[dict[str, Any]] = []

    class Recorded(Queries):
        def answer(self, body: bytes) -> bytes:
            queries.append(json.loads(body))
            return super().answer(body)

    Recorded.pages = {}

    async def listen() -> list[asyncio.Server]:
        protocols = (lambda: Requests(0.0), lambda: Recorded(0.0))
        return [await loop.create_server(protocol, "127.0.0.1", 0) for protocol in protocols]

    loop = asyncio.new_event_loop()
    servers = loop.run_until_complete(listen())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        posts, table = (f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}" for server in servers)
        yield Stub(f"{posts}/prod", table, bundle), queries
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        for server in servers:
            server.close()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


@pytest.mark.parametrize(
    ("engine", "units"), [pytest.param("hub", costs.ONE_MESSAGE_READS), pytest.param(LOOP, costs.LOOP_READS)]
)
def test_a_message_to_one_connection_takes_the_read_units_that_the_prices_say(
    engine: str, units: float, tmp_path: Path
) -> None:
    with recording(Authority.in_folder(tmp_path).bundle) as (stub, queries):
        subprocess.run(
            [
                sys.executable,
                "-m",
                "bench.delivery.engine_figures",
                engine,
                json.dumps(dataclasses.asdict(stub)),
                "1",
                "2",
            ],
            env={"PYTHONPATH": ":".join(map(str, PATH))},
            check=True,
            capture_output=True,
        )
    read = sum(1 if query.get("ConsistentRead") else 0.5 for query in queries)
    assert read == 3 * units  # the first message, and two


# The cold start.


@pytest.mark.parametrize(
    "code", [pytest.param(QUERY, id="boto3"), pytest.param(MESSAGE.format(module="on_send_message_lambda"), id="hub")]
)
def test_a_cold_start_makes_its_first_request_over_tls(code: str) -> None:
    with running_stub(0.001, tls=True) as stub:
        environment = {"AWS_ENDPOINT_URL_DYNAMODB": stub.dynamodb, "AWS_CA_BUNDLE": stub.bundle}
        environment |= {"WEBSOCKET_ENDPOINT": stub.endpoint, "TABLE_NAME": "t", "AUTH_MODE": "none"}
        assert Start(code, PATH, environment, "").seconds() > 0
