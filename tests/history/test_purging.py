"""An operator deletes the history of a session: what goes, what stays, and what clients hear of it."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from delivery.dynamodb import DynamoDB
from delivery.dynamodb_answers import DynamoDBError
from delivery.http.exchange import Response
from history.items import HEAD_LIFETIME, Entry
from history.purging import AT_ONCE, LEAST_TIME
from history.table import HistoryTable
from tests.support.histories import FIRST, NOW, SECONDS, Histories, envelope
from tests.support.stored_history import HISTORY

REFUSED = Response(400, was_sent=True, body=b'{"__type":"a#AccessDeniedException"}', request_id="R1")
PLENTY = 27.0


@pytest.fixture
def histories() -> Iterator[Histories]:
    with contextlib.closing(Histories()) as histories:
        yield histories


def purge(histories: Histories, seconds: float = PLENTY, session_id: str = "s1") -> tuple[int, bool]:
    return histories.run(histories.history.purge(session_id, seconds))


def head_of(histories: Histories) -> dict[str, Any]:
    return histories.stored.items["s1", 0]


def test_the_messages_go_and_the_head_stays(histories: Histories) -> None:
    histories.store("a", "b", "c")
    histories.store("d", session_id="s2")
    histories.loop.now = 2
    assert purge(histories) == (3, False)
    assert histories.stored.numbers("s1") == []
    assert len(histories.stored.numbers("s2")) == 1
    raised = str(int(NOW + 2) * 1_000_000)
    assert head_of(histories) == {
        "session_id": {"S": "s1"},
        "seq": {"N": "0"},
        "last": {"N": raised},
        "purged": {"N": raised},
        "expires_at": {"N": str(int(NOW) + 2 + HEAD_LIFETIME)},
    }


def test_the_head_says_that_they_are_purged_before_one_is_deleted(histories: Histories) -> None:
    histories.store("a", "b")
    histories.loop.now = 2
    histories.endpoint.asked.clear()
    purge(histories)
    assert histories.endpoint.asked == ["UpdateItem", "Query", "DeleteItem", "DeleteItem"]


@pytest.mark.parametrize("seconds", [PLENTY, LEAST_TIME], ids=["after-it", "before-a-message-is-deleted"])
def test_a_client_hears_that_it_has_missed_something(histories: Histories, seconds: float) -> None:
    numbers = [seq for seq in histories.store("a", "b", "c") if seq]
    histories.loop.now = 2
    purge(histories, seconds)
    raised = FIRST - 1 + 2_000_000
    for after in (0, *numbers, raised - 1):
        assert histories.resume(after=after) == (False, raised, False, [])
    assert histories.resume(last=100) == (None, raised, False, [])
    assert histories.resume(after=raised) == (True, raised, False, [])


def test_what_is_sent_after_it_can_be_resumed(histories: Histories) -> None:
    histories.store("before")
    histories.loop.now = 2
    purge(histories)
    raised = histories.resume()[1]
    assert histories.store("after", "later") == [raised + 1, raised + 2]
    assert histories.resume(after=raised) == (True, raised + 2, False, ["after", "later"])
    assert histories.resume(last=100) == (None, raised + 2, False, ["after", "later"])
    assert histories.resume(after=FIRST)[0] is False


def test_a_second_purge_deletes_what_came_after_the_first(histories: Histories) -> None:
    histories.store("a", "b")
    histories.loop.now = 2
    assert purge(histories) == (2, False)
    assert purge(histories) == (0, False)
    histories.store("c")
    histories.loop.now = 4
    assert purge(histories) == (1, False)
    assert histories.resume() == (None, FIRST - 1 + 4_000_000, False, [])


def test_a_session_without_history_gets_a_head(histories: Histories) -> None:
    assert purge(histories) == (0, False)
    assert histories.resume(after=FIRST - 1) == (True, FIRST - 1, False, [])


def test_a_head_that_is_ahead_of_the_clock_stays_where_it_is(histories: Histories) -> None:
    histories.ahead = 5
    (seq,) = histories.store("from a clock that is ahead")
    assert seq
    histories.ahead = 0
    assert purge(histories) == (1, False)
    assert (head_of(histories)["last"], head_of(histories)["purged"]) == ({"N": str(seq)}, {"N": str(seq)})
    assert histories.store("next") == [seq + 1]
    assert histories.resume(after=seq) == (True, seq + 1, False, ["next"])
    assert histories.resume(after=seq - 1)[0] is False


def test_what_is_purged_cannot_be_had_although_dynamodb_has_it_and_the_head_could_not_be_raised(
    histories: Histories,
) -> None:
    histories.ahead = 5
    first, second, third = histories.store("a", "b", "c")
    assert third
    histories.ahead = 0
    assert purge(histories, seconds=LEAST_TIME) == (0, True)
    assert histories.stored.numbers("s1") == [first, second, third]
    for after in (first, second):
        assert histories.resume(after=after) == (False, third, False, [])
    assert histories.resume(last=100) == (None, third, False, [])


def test_all_pages_are_deleted(histories: Histories) -> None:
    histories.stored.most = 300
    histories.store(*range(AT_ONCE + 3))
    histories.loop.now = 2
    histories.endpoint.asked.clear()
    assert purge(histories) == (AT_ONCE + 3, False)
    assert histories.endpoint.asked.count("Query") > 3
    assert histories.stored.numbers("s1") == []


@pytest.mark.parametrize("most", [1, 1_000_000], ids=["between-pages", "within-a-page"])
def test_what_there_is_no_time_for_is_left_and_the_next_purge_deletes_it(histories: Histories, most: int) -> None:
    histories.store(*range(AT_ONCE + 3))
    histories.stored.most = most
    histories.loop.now = 2

    def let_time_pass() -> None:
        histories.loop.now += PLENTY - LEAST_TIME

    histories.endpoint.after["DeleteItem"] = let_time_pass
    purged, more = purge(histories)
    assert (purged, more) == (1 if most == 1 else AT_ONCE, True)
    assert len(histories.stored.numbers("s1")) == AT_ONCE + 3 - purged
    assert purge(histories) == (AT_ONCE + 3 - purged, False)


def test_without_time_nothing_is_deleted(histories: Histories) -> None:
    histories.store("a")
    histories.loop.now = 2
    histories.endpoint.asked.clear()
    assert purge(histories, seconds=LEAST_TIME) == (0, True)
    assert histories.endpoint.asked == ["UpdateItem"]
    assert len(histories.stored.numbers("s1")) == 1


def test_a_slow_message_cannot_get_a_number_that_a_client_has_passed(histories: Histories) -> None:
    histories.store("a")
    histories.raise_head(FIRST + 1)  # somebody has taken a number, and has not stored the message yet
    assert histories.resume(after=FIRST)[:2] == (True, FIRST + 1)
    histories.loop.now = 2
    assert purge(histories) == (1, False)

    entry = Entry.new(FIRST + 1, envelope("slow").addressed_to("s1", FIRST + 1).decode(), NOW, SECONDS)
    table = HistoryTable(DynamoDB(histories.endpoint, HISTORY, clock=histories.clock), PLENTY, histories.clock)
    assert histories.run(table.put("s1", entry)) is False


def test_a_question_during_it_is_not_recovered_across_a_message_that_is_gone(histories: Histories) -> None:
    histories.store("a", "b", "c")

    def purge_halfway() -> None:
        head_of(histories)["purged"] = {"N": str(FIRST + 2)}
        del histories.stored.items["s1", FIRST + 1]

    histories.endpoint.after["GetItem"] = purge_halfway
    assert histories.resume(after=FIRST) == (False, FIRST + 2, False, [])


@pytest.mark.parametrize("operation", ["UpdateItem", "Query", "DeleteItem"])
def test_a_refusal_of_dynamodb_is_an_error(histories: Histories, operation: str) -> None:
    histories.store("a", "b")
    histories.endpoint.scripts[operation] = [REFUSED]
    with pytest.raises(DynamoDBError, match="AccessDenied"):
        purge(histories)


def test_a_head_that_the_hub_has_not_stored_is_an_error(histories: Histories) -> None:
    histories.stored.items["s1", 0] = {"session_id": {"S": "s1"}, "seq": {"N": "0"}, "last": {"N": "-7"}}
    histories.ahead = -NOW - 1
    with pytest.raises(DynamoDBError, match="not stored by the hub"):
        purge(histories)
