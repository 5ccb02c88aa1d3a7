"""The model of docs/scaling.md: its tables in the document, what it assumes about the hub, and its formulas."""

import dataclasses
import io
import math
from typing import Any

import pytest

from bench import costs, limits
from bench.report import fill, only
from bench.scaling import bill, ceilings, function_times, steady
from bench.scaling.model import model as model_of
from bench.scaling.model import parts
from bench.scaling.steady import Workload
from hub import replies, strict_json
from hub.envelope import Envelope
from hub.message_ids import uuid7
from local.stack.loading import load, translated
from tests.support.lambdas import Context, cold_start
from tests.support.paths import ROOT
from tests.support.sample_events import sample_event

RESULTS = function_times.results()


@pytest.fixture(scope="module")
def model() -> dict[str, Any]:
    return model_of(RESULTS)


# The document.


def test_the_tables_of_the_document_are_made_from_the_model(model: dict[str, Any]) -> None:
    # If this fails after a new docs/performance.json: make scaling.
    document = (ROOT / "docs" / "scaling.md").read_text()
    assert fill(document, parts(model)) == document


def test_a_table_without_a_place_in_the_document_is_an_error() -> None:
    with pytest.raises(AssertionError, match="no place for: rates"):
        fill("<!-- limits -->\n<!-- end -->\n", {"rates": "table"})


def test_the_summary_of_the_document_agrees_with_the_tables(model: dict[str, Any]) -> None:
    assert {size["first"] for size in model["sizes"]} == {"requests of clients/s, `StageRate`"}
    load, lines = model["sizes"][-1]["load"], model["sizes"][-1]["dollars"]
    assert load["pings"] > load["from_clients"] / 2
    assert 125_000 < ceilings.reach(RESULTS) < 135_000
    assert lines["API Gateway: messages, acks, posts"] > sum(lines.values()) / 2
    assert lines["API Gateway: pings and pongs"] > lines["API Gateway: connection minutes"]
    exact = {
        story["clients"]["count"]: story["most_open_after"]
        for story in model["reconnects"]
        if not story["clients"]["jitter"]
    }
    assert exact[100_000] > 1.5 * 3600
    assert exact[3_600_000] is None
    assert model["reconnects"][-1]["open"] == pytest.approx(0.75, abs=0.01)
    assert 0.9 < 2 * function_times.pace(RESULTS, 50) / limits.REQUESTS < 1


# The model's assumptions about the hub.


def test_memory_and_rate_are_those_of_the_template() -> None:
    functions = load(ROOT / "template.yaml", {}).functions
    memory = [functions[f"{name}Function"].memory for name in ("Connect", "Disconnect", "Message")]
    assert memory == [limits.SMALL_MB, limits.SMALL_MB, limits.MESSAGE_MB]
    parameters = translated(ROOT / "template.yaml")["Parameters"]
    assert int(parameters["StageRate"]["Default"]) == limits.STAGE_REQUESTS


def test_a_message_has_the_time_that_the_function_has(monkeypatch: pytest.MonkeyPatch) -> None:
    module = cold_start("MessageFunction", monkeypatch)
    assert module.ANSWER_WITHIN - module.SPARE == limits.DELIVERY_SECONDS


def test_a_frame_and_an_ack_are_as_long_as_said() -> None:
    session, message_id = "s" * limits.SESSION_BYTES, uuid7(1_700_000_000)
    rates = steady.load(Workload(1_000, payload=102), RESULTS)
    frame = Envelope(message_id, session, "2026-11-23T01:13:05.404Z", "x" * 100).addressed_to(session)
    assert len(frame) == rates.frame
    ack = replies.ack(message_id, {f"{number:020}": 2 for number in range(5)}, [], {}, {})
    assert len(strict_json.dumps(ack)) == pytest.approx(rates.answer, rel=0.15)


def test_a_log_line_is_about_as_long_as_said(table: str, monkeypatch: pytest.MonkeyPatch, log: io.StringIO) -> None:
    cold_start("ConnectFunction", monkeypatch).lambda_handler(sample_event("connect"), Context())
    assert len(log.getvalue()) == pytest.approx(limits.HUB_LOG_BYTES, rel=0.25)


# Formulas.


@pytest.mark.parametrize(
    ("rows", "units"),
    [
        pytest.param(0, 1, id="no-rows"),
        pytest.param(37, 1, id="4070-bytes"),
        pytest.param(38, 2, id="4180-bytes"),
        pytest.param(1_000, 27, id="one-page-of-110000-bytes"),
        pytest.param(1_001, 28, id="a-page-and-a-row"),
        pytest.param(100_000, 2_700, id="a-hundred-pages"),
    ],
)
def test_reading_a_session_takes_units_of_4_kb_by_the_page(rows: int, units: int) -> None:
    assert steady.read_units(rows) == units


def test_a_load_calculated_by_hand() -> None:
    workload = Workload(7_200, lifetime=3600, messages=2, pings=1, together=3, recipients=4, hot=0.5, hot_messages=36)
    rates = steady.load(workload, RESULTS)
    assert rates.connects == 2
    assert rates.messages == pytest.approx(4 + 0.01)
    assert rates.pings == 2
    assert rates.posts == pytest.approx(4 * 12 + 0.01 * 3_600)
    assert rates.from_clients == pytest.approx(2 + 4.01 + 2)
    assert rates.requests == pytest.approx(8.01 + 84)
    assert rates.writes == 4
    assert rates.reads == pytest.approx(4 * 4 + 0.01 * 98)  # 3 pages of 27, and 600 rows of 110 bytes: 17
    assert rates.index_reads == pytest.approx((4.01 + 2) / 2)
    assert rates.hot_writes == 2
    assert rates.calls == pytest.approx(8.01)


def test_the_default_quota_keeps_3_6_million_open() -> None:
    shares = [
        next(ceiling for ceiling in ceilings.ceilings(RESULTS) if ceiling.limit == limits.CONNECTS).share(
            steady.load(Workload(connections), RESULTS)
        )
        for connections in (3_599_999, 3_600_000, 3_600_001)
    ]
    assert shares[0] < shares[1] == 1 < shares[2]


@pytest.mark.parametrize(
    ("change", "first"),
    [
        pytest.param({}, "requests of clients/s, `StageRate`", id="as-documented"),
        pytest.param({"pings": 0}, "requests and posts/s, account", id="without-pings"),
        pytest.param(
            {"pings": 0, "messages": 0, "hot": 0}, "new connections/s, account", id="clients-that-only-listen"
        ),
        pytest.param(
            {"pings": 0, "messages": 0, "hot": 1, "hot_messages": 1},
            "connections of one message, in 27 s",
            id="one-session",
        ),
    ],
)
def test_which_limit_is_first_depends_on_the_clients(change: dict[str, float], first: str) -> None:
    rates = steady.load(dataclasses.replace(Workload(1_000_000), **change), RESULTS)  # type: ignore[arg-type]
    assert ceilings.first(rates, RESULTS).name == first


@pytest.mark.parametrize(
    ("connections", "posts_first"),
    [pytest.param(3, False, id="three"), pytest.param(4, True, id="four"), pytest.param(100_000, True, id="many")],
)
def test_from_four_connections_on_a_session_reaches_the_quota_of_posts_first(
    connections: int, posts_first: bool
) -> None:
    at = ceilings.hot(connections)
    assert (at.posts < at.reads) == posts_first


def test_a_session_without_connections_takes_no_posts() -> None:
    assert ceilings.hot(0) == (math.inf, 3_000)


@pytest.mark.parametrize(
    ("units", "minutes"),
    [(0, 0), (12_000, 0), (12_001, 30), (24_000, 30), (24_001, 60)],
)
def test_the_load_of_a_new_table_may_double_every_half_hour(units: int, minutes: int) -> None:
    assert steady.warming_minutes(units, limits.WARM_READS) == minutes


@pytest.mark.parametrize(("posts", "like"), [(0, 1), (1, 1), (10, 10), (100, 100), (10_000, 10_000)])
def test_a_delivery_takes_as_long_as_measured(posts: int, like: int) -> None:
    row = only(RESULTS, engine="hub", tls=True, count=like, delay_ms=50)
    taken = costs.seconds(like, row["per_second"], row["cpu_ms"], limits.MESSAGE_MB)
    assert function_times.delivery_seconds(RESULTS, posts, 50) == pytest.approx(taken)


def test_the_time_of_a_delivery_is_linear_between_and_beyond_the_measured_sizes() -> None:
    seconds = [function_times.delivery_seconds(RESULTS, posts, 50) for posts in (100, 550, 1_000, 10_000, 20_000)]
    assert seconds[1] == pytest.approx((seconds[0] + seconds[2]) / 2)
    assert seconds[4] == pytest.approx(2 * seconds[3])


def test_the_bill_of_a_million_silent_connections() -> None:
    workload = Workload(1_000_000, lifetime=7_200, messages=0, pings=0, hot=0, hot_messages=0)
    lines = bill.dollars(workload, steady.load(workload, RESULTS))
    assert lines["API Gateway: connection minutes"] == pytest.approx(43_200 * 0.25)
    assert lines["API Gateway: messages, acks, posts"] == lines["data transfer out"] == 0
    connects = 1_000_000 / 7_200 * bill.MONTH
    assert lines["DynamoDB"] == pytest.approx(connects * (4 * 0.625e-6 + 0.5 * 0.125e-6))


@pytest.mark.parametrize(
    ("payload", "parts"), [(32_768 - 173, 1), (32_768 - 172, 2)], ids=["32-kb-with-its-envelope", "a-byte-more"]
)
def test_a_post_is_billed_by_32_kb(payload: int, parts: int) -> None:
    workload = Workload(1_000, payload=payload, hot_messages=0)
    rates = steady.load(workload, RESULTS)
    line = bill.dollars(workload, rates)["API Gateway: messages, acks, posts"]
    assert line == pytest.approx((rates.posts * parts + rates.messages * 2) * 1e-6 * bill.MONTH)
