"""The part of docs/scaling.md about history: what it assumes about the hub, its formulas, and its simulation."""

import math

import pytest

from bench import costs, limits
from bench.scaling import function_times, history, hot_history, steady
from bench.scaling.steady import Workload
from history.history import WITHIN
from history.items import Entry, item_of
from hub import replies
from hub.envelope import Envelope
from hub.message_ids import uuid7

SESSION = "s" * limits.SESSION_BYTES
SEQ = 1_795_000_000_000_001
MEASURED = function_times.history_results()


# What the model assumes about the hub.


def test_an_item_of_history_is_as_long_as_said() -> None:
    item = item_of(SESSION, Entry.new(SEQ, "", 1_795_000_000, 600))
    sizes = [
        # DynamoDB counts a byte for two digits of a number, and one more.
        len(name) + (len(value["S"]) if "S" in value else math.ceil(len(value["N"]) / 2) + 1)
        for name, value in item.items()
    ]
    assert sum(sizes) == pytest.approx(limits.HISTORY_ITEM_BYTES, abs=3)


def test_a_frame_with_a_number_is_as_long_as_said() -> None:
    envelope = Envelope(uuid7(1_700_000_000), SESSION, "2026-11-23T01:13:05.404Z", "x" * 100)
    assert len(envelope.addressed_to(SESSION, SEQ)) == history.frame_bytes(102)


def test_an_empty_answer_is_as_long_as_said() -> None:
    assert len(replies.resumed(None, SESSION, True, SEQ, False, [])) == pytest.approx(limits.RESUMED_BYTES, abs=3)


@pytest.mark.parametrize("payload", [100, 1_024, 126_000])
def test_an_answer_with_many_messages_is_a_full_page(payload: int) -> None:
    one = history.answer(payload, 1_000)
    full = one.frames == 63 or one.size + history.frame_bytes(payload) > replies.MAX_PAGE_BYTES
    assert full
    assert one.size <= replies.MAX_PAGE_BYTES or one.frames == 1


# The formulas.


@pytest.mark.parametrize(
    ("payload", "units"),
    [
        pytest.param(742, 2, id="an-item-of-1-kb"),
        pytest.param(743, 3, id="a-byte-more"),
        pytest.param(1_024, 3, id="a-message-of-1-kb"),
    ],
)
def test_a_message_takes_a_unit_for_its_number_and_units_of_1_kb(payload: int, units: int) -> None:
    assert history.write_units(payload) == units
    assert history.per_second(payload) == pytest.approx(1_000 / units)


def test_a_million_messages_of_1_kb_cost_what_the_price_list_says() -> None:
    assert history.write_units(1_024) * costs.DYNAMODB_WRITE * 1e6 == pytest.approx(1.875)


def test_a_client_that_has_missed_nothing_reads_its_row_and_the_head() -> None:
    one = history.answer(1_024, 0)
    assert (one.frames, one.reads, one.billed) == (0, 1.5, 2)
    # Two messages, 1.5 read units, one call of 10 ms with a GB.
    assert history.answer_dollars(one, 0.01) * 1e6 == pytest.approx(2 + 1.5 * 0.125 + 0.01 * 13.3334 + 0.2)


def test_a_query_reads_more_than_a_page_takes() -> None:
    just_a_page, more = history.answer(1_024, 26), history.answer(1_024, 1_000)
    assert just_a_page.frames == more.frames == 26
    assert (just_a_page.reads, more.reads) == (1.5 + 9, 1.5 + 21)  # 27 and 64 items of 1,306 bytes


def test_history_adds_to_a_load_what_was_calculated_by_hand() -> None:
    workload = Workload(7_200, lifetime=3_600, messages=2, recipients=4, hot_messages=36, payload=1_024)
    more = history.added(workload, steady.load(workload, function_times.results()), seconds=600)
    assert more.stored == pytest.approx(4 * 4 + 0.01)
    assert more.writes == pytest.approx(3 * 16.01)
    assert more.resumes == 2
    assert more.reads == pytest.approx(2 * 2)
    assert more.gb == pytest.approx(16.01 * 177_000 * 1_406 / 1024**3, rel=0.02)


def test_a_bill_with_history_contains_the_bill_without() -> None:
    workload = Workload(1_000)
    load = steady.load(workload, function_times.results())
    lines = history.bills(workload, load, 600, MEASURED)
    assert all(with_history >= without for without, with_history in lines.values())
    without, with_history = lines["DynamoDB: writes of history"]
    assert without == 0
    assert with_history == pytest.approx(history.added(workload, load, 600).writes * 30 * 86_400 * 0.625e-6)


# A session that gets too much.


@pytest.mark.parametrize("may_owe", [True, False])
def test_a_session_stores_all_messages_up_to_its_limit(may_owe: bool) -> None:
    outcome = hot_history.store(300, 2, may_owe)
    assert (outcome.unstored, outcome.unused) == (0, 0)
    assert max(outcome.times) < 1


@pytest.mark.parametrize("may_owe", [True, False])
def test_above_the_limit_messages_fail_after_their_time(may_owe: bool) -> None:
    outcome = hot_history.store(400, 2, may_owe)
    assert outcome.stored + outcome.unstored == len(outcome.times)
    assert 0 < outcome.unused <= outcome.unstored
    assert max(outcome.times) <= WITHIN + hot_history.ANSWER
    units = 3 * outcome.stored + outcome.unused
    assert units <= limits.PARTITION_WRITES * (hot_history.SECONDS - hot_history.SETTLED + WITHIN)


def test_a_seed_always_has_one_result() -> None:
    assert hot_history.store(350, 2, may_owe=True) == hot_history.store(350, 2, may_owe=True)
