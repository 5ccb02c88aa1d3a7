"""What a client finds that has missed something: pages, positions, holes, expiry, and items that are not the hub's."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from delivery.dynamodb_answers import DynamoDBError
from delivery.http.exchange import Response
from history.holes import MAX_HOLES
from history.items import Entry, item_of
from history.resuming import LIMIT, WAIT
from hub.frames import MAX_SEQ, Resume
from tests.support.histories import FIRST, NOW, ROOM, SECONDS, Histories

BASE = FIRST + 1_000


@pytest.fixture
def histories() -> Iterator[Histories]:
    with contextlib.closing(Histories()) as histories:
        yield histories


# Positions.


def test_a_client_gets_what_it_has_missed_in_the_order_of_the_numbers(histories: Histories) -> None:
    numbers = histories.store("a", "b", "c")
    assert numbers == [FIRST, FIRST + 1, FIRST + 2]
    assert histories.resume(after=FIRST) == (True, FIRST + 2, False, ["b", "c"])


def test_a_client_that_has_missed_nothing_costs_one_read(histories: Histories) -> None:
    histories.store("a")
    histories.endpoint.asked.clear()
    assert histories.resume(after=FIRST) == (True, FIRST, False, [])
    assert histories.endpoint.asked == ["GetItem"]


def test_the_position_alone_costs_one_read(histories: Histories) -> None:
    histories.store("a", "b")
    histories.endpoint.asked.clear()
    assert histories.resume() == (None, FIRST + 1, False, [])
    assert histories.endpoint.asked == ["GetItem"]


def test_the_first_position_of_a_session_is_an_anchor(histories: Histories) -> None:
    _, start, _, messages = histories.resume()
    assert messages == []
    histories.store("a", "b")
    assert histories.resume(after=start) == (True, start + 2, False, ["a", "b"])


@pytest.mark.parametrize("after", [0, 1, FIRST - 1, BASE + 1, MAX_SEQ])
def test_a_position_that_was_never_given_is_not_recovered(histories: Histories, after: int) -> None:
    histories.put(BASE, "a")
    recovered = after == FIRST + 999
    assert histories.resume(after=after) == (recovered, BASE, False, ["a"] if recovered else [])


def test_another_sessions_messages_are_never_found(histories: Histories) -> None:
    histories.put(BASE, "mine")
    histories.put(BASE + 1, "mine too")
    histories.put(BASE, "another's", session_id="s2")
    assert histories.resume(after=BASE, session_id="s1") == (True, BASE + 1, False, ["mine too"])
    assert histories.resume(last=100, session_id="s2") == (None, BASE, False, ["another's"])
    assert histories.resume(last=100, session_id="s") == (None, FIRST, False, [])


def test_a_head_that_was_lost_begins_above_all_numbers_and_nothing_counts_as_recovered(histories: Histories) -> None:
    (before,) = histories.store("a")
    histories.loop.now += 1
    del histories.stored.items["s1", 0]
    (after,) = histories.store("b")
    assert before is not None
    assert after == FIRST + 1_000_000
    assert histories.resume(after=before) == (False, after, False, [])


def test_a_question_that_finds_no_head_gives_a_position_that_recovers(histories: Histories) -> None:
    assert histories.resume(after=5) == (False, FIRST, False, [])
    histories.store("a")
    assert histories.resume(after=FIRST) == (True, FIRST + 1, False, ["a"])


# Pages.


def test_a_page_ends_before_it_is_too_long(histories: Histories) -> None:
    histories.put(BASE, "x")
    frame = len(histories.stored.items["s1", BASE]["frame"]["S"])
    for number in range(1, 6):
        histories.put(BASE + number, "y")
    assert histories.resume(after=BASE, room=2 * frame + 2) == (True, BASE + 2, True, ["y", "y"])
    assert histories.resume(after=BASE, room=2 * frame + 1) == (True, BASE + 1, True, ["y"])


def test_a_long_message_is_a_page_alone(histories: Histories) -> None:
    for number, message in enumerate(["a", "b", "c" * 100_000, "d"]):
        histories.put(BASE + number, message)
    assert histories.resume(after=BASE) == (True, BASE + 1, True, ["b"])
    assert histories.resume(after=BASE + 1) == (True, BASE + 2, True, ["c" * 100_000])
    assert histories.resume(after=BASE + 2) == (True, BASE + 3, False, ["d"])


def test_a_page_has_no_more_messages_than_one_query_reads(histories: Histories) -> None:
    for number in range(LIMIT + 10):
        histories.put(BASE + number, number)
    recovered, seq, more, messages = histories.resume(after=BASE)
    assert (recovered, more, messages) == (True, True, list(range(1, LIMIT)))
    assert histories.resume(after=seq) == (True, BASE + LIMIT + 9, False, list(range(LIMIT, LIMIT + 10)))


@pytest.mark.parametrize("most", [130_000, 300_000])
def test_a_query_may_end_early_because_it_has_read_a_lot(histories: Histories, most: int) -> None:
    histories.stored.most = most
    expected = [str(number) * 60_000 for number in range(1, 8)]
    for number in range(8):
        histories.put(BASE + number, str(number) * 60_000)
    messages, position, more = [], BASE, True
    while more:
        recovered, seq, more, page = histories.resume(after=position)
        assert recovered
        assert seq > position
        messages += page
        position = seq
    assert messages == expected


def test_frames_are_those_that_were_delivered(histories: Histories) -> None:
    histories.put(BASE, "a")
    text = f'{{"type":"message", "id":"\\u00e9","session":"s1","seq":{BASE + 1},"from":"","sent_at":"","message":1.50}}'
    item = item_of("s1", Entry.new(BASE + 1, text, NOW, SECONDS))
    histories.stored.items["s1", BASE + 1] = item
    histories.raise_head(BASE + 1)
    page = histories.run(histories.history.resume("s1", Resume(None, BASE, None), ROOM, 27))
    assert page.frames == [text]


# Holes.


def test_a_message_on_its_way_is_waited_for(histories: Histories) -> None:
    histories.put(BASE, "a")
    histories.put(BASE + 2, "c")

    async def resume_while_it_arrives() -> Any:
        question = asyncio.ensure_future(histories.history.resume("s1", Resume(None, BASE, None), ROOM, 27))
        await asyncio.sleep(WAIT / 2)
        histories.put(BASE + 1, "b")
        return await question

    page = histories.run(resume_while_it_arrives())
    assert [json.loads(frame)["message"] for frame in page.frames] == ["b", "c"]
    assert "PutItem" not in histories.endpoint.asked


def test_a_hole_is_sealed_and_its_message_takes_another_number(histories: Histories) -> None:
    histories.put(BASE, "a", age=10)
    histories.raise_head(BASE + 3)
    histories.put(BASE + 4, "e")
    assert histories.resume(after=BASE) == (True, BASE + 4, False, ["e"])
    tombstones = [histories.stored.items["s1", BASE + number] for number in (1, 2, 3)]
    before = histories.stored.items["s1", BASE]
    for tombstone in tombstones:
        assert {name: tombstone[name] for name in ("at", "until", "expires_at")} == {
            name: before[name] for name in ("at", "until", "expires_at")
        }
        assert "frame" not in tombstone


def test_a_hole_at_the_end_is_sealed_too(histories: Histories) -> None:
    histories.put(BASE, "a")
    histories.raise_head(BASE + 1)
    assert histories.resume(after=BASE) == (True, BASE + 1, False, [])
    assert histories.resume(after=BASE + 1) == (True, BASE + 1, False, [])
    histories.store("b")
    assert histories.resume(after=BASE + 1) == (True, BASE + 2, False, ["b"])


def test_holes_are_sealed_in_ascending_order(histories: Histories) -> None:
    histories.put(BASE, "a")
    histories.raise_head(BASE + 4)
    histories.endpoint.scripts["PutItem"] = [None, None, Response(400, body=b'{"__type":"#AccessDeniedException"}')]
    with pytest.raises(DynamoDBError, match=r"^AccessDeniedException"):
        histories.resume(after=BASE)
    assert histories.stored.numbers("s1") == [BASE, BASE + 1, BASE + 2]


@pytest.mark.parametrize(("missing", "recovered"), [(MAX_HOLES, True), (MAX_HOLES + 1, False)])
def test_too_many_absent_numbers_in_a_row_are_not_recovered(
    histories: Histories, missing: int, recovered: bool
) -> None:
    histories.put(BASE, "a")
    histories.put(BASE + missing + 1, "z")
    messages, position, more = list[Any](), BASE, True
    while more:
        answer, position, more, page = histories.resume(after=position)
        assert answer is recovered
        messages += page
    assert (position, messages) == (BASE + missing + 1, ["z"] if recovered else [])
    assert recovered or "PutItem" not in histories.endpoint.asked


def test_a_page_ends_before_a_hole_that_is_too_long(histories: Histories) -> None:
    histories.put(BASE, "a")
    histories.put(BASE + 1, "b")
    histories.put(BASE + 1_000, "z")
    assert histories.resume(after=BASE) == (True, BASE + 1, True, ["b"])
    assert histories.resume(after=BASE + 1) == (False, BASE + 1_000, False, [])


def test_a_purge_between_two_looks_is_not_passed_over(histories: Histories) -> None:
    histories.put(BASE, "a")
    for number in (2, 3, 4):
        histories.put(BASE + number, number)

    def purge() -> None:
        for number in range(4):
            histories.stored.items.pop(("s1", BASE + number), None)

    histories.endpoint.after["PutItem"] = purge
    assert histories.resume(after=BASE) == (False, BASE + 4, False, [])


# Expiry.


@pytest.mark.parametrize(
    ("ages", "after", "expected"),
    [
        pytest.param({0: 1}, 0, (True, BASE, False, []), id="nothing-missed"),
        pytest.param({0: SECONDS + 9}, 0, (True, BASE, False, []), id="nothing-missed-for-long"),
        pytest.param({0: SECONDS - 1, 1: 5}, 0, (True, BASE + 1, False, [1]), id="alive"),
        pytest.param({0: SECONDS + 1, 1: 5}, 0, (True, BASE + 1, False, [1]), id="the-next-is-alive"),
        pytest.param({0: SECONDS + 2, 1: SECONDS + 1}, 0, (False, BASE + 1, False, []), id="both-dead"),
        pytest.param({1: 5, 2: 4}, 0, (True, BASE + 2, False, [1, 2]), id="only-the-next"),
        pytest.param({2: 5}, 0, (False, BASE + 2, False, []), id="neither"),
        pytest.param({0: SECONDS, 1: SECONDS, 2: 5}, 0, (False, BASE + 2, False, []), id="to-the-second"),
        pytest.param({0: 5, 1: SECONDS + 5, 2: 1}, 0, (True, BASE + 2, False, [1, 2]), id="a-clock-that-was-behind"),
    ],
)
def test_a_position_recovers_if_its_number_or_the_next_is_alive(
    histories: Histories, ages: dict[int, float], after: int, expected: Any
) -> None:
    for number, age in ages.items():
        histories.put(BASE + number, number, age)
    assert histories.resume(after=BASE + after) == expected


def test_a_shorter_time_counts_for_what_is_stored_already_and_a_longer_one_does_not(histories: Histories) -> None:
    histories.put(BASE, "a", age=100)
    histories.put(BASE + 1, "b", age=99)
    histories.seconds = 50
    assert histories.resume(after=BASE) == (False, BASE + 1, False, [])
    assert histories.resume(last=5) == (None, BASE + 1, False, [])
    histories.seconds = 10 * SECONDS
    assert histories.resume(after=BASE) == (True, BASE + 1, False, ["b"])
    histories.loop.now += SECONDS
    assert histories.resume(after=BASE) == (False, BASE + 1, False, [])


def test_a_tombstone_does_not_outlive_the_entry_before_it(histories: Histories) -> None:
    # The sender of BASE + 1 has died. BASE dies soon, and so must the tombstone, or a client at BASE would hear
    # "recovered" when BASE + 2 is deleted already.
    histories.put(BASE, "a", age=SECONDS - 2)
    histories.put(BASE + 2, "c", age=SECONDS - 2)
    histories.put(BASE + 3, "d")
    assert histories.resume(after=BASE) == (True, BASE + 3, False, ["c", "d"])
    histories.loop.now += 3
    for number in (0, 2):
        del histories.stored.items["s1", BASE + number]
    assert histories.resume(after=BASE) == (False, BASE + 3, False, [])


# The newest.


@pytest.mark.parametrize(
    ("last", "expected"),
    [(1, ["e"]), (3, ["c", "e"]), (4, ["b", "c", "e"]), (5, ["a", "b", "c", "e"]), (100, ["a", "b", "c", "e"])],
)
def test_the_newest_are_counted_in_numbers(histories: Histories, last: int, expected: list[str]) -> None:
    for number, message in enumerate(["a", "b", "c", None, "e"]):
        histories.put(BASE + number, message)
    assert histories.resume(last=last) == (None, BASE + 4, False, expected)


def test_the_newest_are_only_those_that_are_alive(histories: Histories) -> None:
    for number, age in enumerate([SECONDS + 9, SECONDS + 5, 3, 2]):
        histories.put(BASE + number, number, age)
    assert histories.resume(last=4) == (None, BASE + 3, False, [2, 3])
    histories.loop.now += SECONDS
    assert histories.resume(last=4) == (None, BASE + 3, False, [])


def test_the_newest_come_in_pages_that_recover(histories: Histories) -> None:
    for number in range(100):
        histories.put(BASE + number, number, age=SECONDS + 1 if number < 20 else 1)
    recovered, seq, more, messages = histories.resume(last=100, room=6_000)
    assert (recovered, more, messages[0]) == (None, True, 20)
    while more:
        recovered, seq, more, page = histories.resume(after=seq)
        assert recovered
        messages += page
    assert messages == list(range(20, 100))


def test_the_newest_are_found_behind_long_messages_that_are_dead(histories: Histories) -> None:
    histories.stored.most = 100_000
    for number in range(5):
        histories.put(BASE + number, "x" * 90_000, age=SECONDS + 1)
    histories.put(BASE + 5, "alive")
    assert histories.resume(last=6) == (None, BASE + 5, False, ["alive"])


def test_a_hole_among_the_newest_is_sealed(histories: Histories) -> None:
    histories.put(BASE, "a")
    histories.put(BASE + 2, "c")
    assert histories.resume(last=10) == (None, BASE + 2, False, ["a", "c"])
    assert histories.stored.numbers("s1") == [BASE, BASE + 1, BASE + 2]


def test_the_newest_message_is_waited_for_if_it_is_on_its_way(histories: Histories) -> None:
    histories.raise_head(BASE)

    async def resume_while_it_arrives() -> Any:
        question = asyncio.ensure_future(histories.history.resume("s1", Resume(None, None, 5), ROOM, 27))
        await asyncio.sleep(WAIT / 2)
        histories.put(BASE, "a")
        return await question

    page = histories.run(resume_while_it_arrives())
    assert [json.loads(frame)["message"] for frame in page.frames] == ["a"]


def test_a_session_without_anything_alive_has_a_position_only(histories: Histories) -> None:
    histories.raise_head(BASE)
    assert histories.resume(last=5) == (None, BASE, False, [])


def test_a_hole_at_the_end_of_the_newest_is_waited_for_once(histories: Histories) -> None:
    histories.put(BASE, "a")
    histories.raise_head(BASE + 1)
    assert histories.resume(last=5) == (None, BASE + 1, False, ["a"])
    assert histories.loop.now == WAIT


def test_a_young_session_is_not_waited_for(histories: Histories) -> None:
    histories.put(BASE, "a")
    assert histories.resume(last=100) == (None, BASE, False, ["a"])
    assert histories.loop.now == 0


# Items that somebody else has stored.


ODD: dict[str, dict[str, Any]] = {
    "no frame": {},
    "a number": {"frame": {"N": "1"}},
    "no JSON": {"frame": {"S": "{"}},
    "a list": {"frame": {"S": "[]"}},
    "another kind": {"frame": {"S": json.dumps({"type": "ack", "session": "s1", "seq": BASE + 1, "message": 1})}},
    "another session": {
        "frame": {"S": json.dumps({"type": "message", "session": "s2", "seq": BASE + 1, "message": 1})}
    },
    "another number": {"frame": {"S": json.dumps({"type": "message", "session": "s1", "seq": BASE, "message": 1})}},
    "a fraction": {"frame": {"S": f'{{"type":"message","session":"s1","seq":{BASE + 1}.0,"message":1}}'}},
    "no sender": {
        "frame": {"S": json.dumps({"type": "message", "id": "x", "session": "s1", "seq": BASE + 1, "message": 1})}
    },
    "no message": {"frame": {"S": json.dumps({"type": "message", "session": "s1", "seq": BASE + 1})}},
    "too long": {
        "frame": {"S": json.dumps({"type": "message", "session": "s1", "seq": BASE + 1, "message": "x" * 131_000})}
    },
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("times", [True, False])
def test_an_item_that_is_not_a_frame_counts_as_a_tombstone(histories: Histories, odd: str, times: bool) -> None:
    histories.put(BASE, "a")
    histories.put(BASE + 2, "c")
    item = item_of("s1", Entry.new(BASE + 1, None, NOW, SECONDS)) if times else {"seq": {"N": str(BASE + 1)}}
    histories.stored.items["s1", BASE + 1] = {"session_id": {"S": "s1"}} | item | ODD[odd]
    assert histories.resume(after=BASE) == (True, BASE + 2, False, ["c"])
    assert histories.resume(last=3) == (None, BASE + 2, False, ["a", "c"])


def test_an_item_without_times_is_no_anchor(histories: Histories) -> None:
    histories.put(BASE + 1, "b", age=SECONDS + 1)
    histories.stored.items["s1", BASE] = {"session_id": {"S": "s1"}, "seq": {"N": str(BASE)}}
    assert histories.resume(after=BASE) == (False, BASE + 1, False, [])


@pytest.mark.parametrize("last", [{"S": "x"}, {"N": "-1"}, {"N": "0"}, {"N": str(2**53)}, {"NULL": True}, None])
def test_a_head_that_is_not_the_hubs_is_a_fault_that_says_what_to_do(histories: Histories, last: Any) -> None:
    head = {"session_id": {"S": "s1"}, "seq": {"N": "0"}}
    histories.stored.items["s1", 0] = head if last is None else head | {"last": last}
    with pytest.raises(DynamoDBError, match="delete the item with seq 0"):
        histories.resume(after=5)


# Time.


def test_a_dynamodb_that_is_away_costs_a_question_a_few_seconds(histories: Histories) -> None:
    histories.endpoint.scripts["GetItem"] = [Response(500)] * 1_000
    with pytest.raises(DynamoDBError):
        histories.resume(after=5)
    assert 2.9 < histories.loop.now < 3.1
