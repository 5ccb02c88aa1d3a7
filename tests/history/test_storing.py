"""How a message is numbered and stored: what is written, what is repeated, and when storing gives up."""

import asyncio
import contextlib
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from delivery.http.exchange import Response
from history.items import HEAD_LIFETIME, SLACK
from history.storing import TRIES
from hub.envelope import Envelope
from tests.support.histories import FIRST, NOW, SECONDS, Histories, envelope

LOST = Response(None, "the connection was closed", was_sent=True)
DAY = 24 * 3600


@pytest.fixture
def histories() -> Iterator[Histories]:
    with contextlib.closing(Histories()) as histories:
        yield histories


def test_what_is_stored(histories: Histories) -> None:
    histories.loop.now = 0.25
    (seq,) = histories.store("hello")
    assert seq == FIRST + 250_000
    assert histories.stored.items == {
        ("s1", 0): {
            "session_id": {"S": "s1"},
            "seq": {"N": "0"},
            "last": {"N": str(seq)},
            "expires_at": {"N": str(int(NOW) + HEAD_LIFETIME)},
        },
        ("s1", seq): {
            "session_id": {"S": "s1"},
            "seq": {"N": str(seq)},
            "frame": {"S": envelope("hello").addressed_to("s1", seq).decode()},
            "at": {"N": str(int(NOW * 1000) + 250)},
            "until": {"N": str(int(NOW * 1000) + 250 + SECONDS * 1000)},
            "expires_at": {"N": str(int(NOW) + 1 + SECONDS + SLACK)},
        },
    }
    assert histories.endpoint.asked == ["UpdateItem", "PutItem"]
    assert (HEAD_LIFETIME, SLACK) == (400 * DAY, 3600)


def test_every_number_renews_the_head(histories: Histories) -> None:
    histories.store("a")
    histories.loop.now += 100 * DAY
    histories.store("b")
    assert histories.stored.items["s1", 0]["expires_at"] == {"N": str(int(NOW) + 500 * DAY)}


def test_the_time_of_a_message_is_from_before_its_number(histories: Histories) -> None:
    # A message that waits long between its two writes must not live longer than one that does not.
    histories.endpoint.scripts["UpdateItem"] = [Response(500), Response(500), None]
    histories.store("a")
    assert histories.loop.now > 0
    ((_, item),) = [stored for stored in histories.stored.items.items() if stored[0][1]]
    assert item["at"] == {"N": str(int(NOW * 1000))}


def test_a_number_whose_answer_was_lost_stays_unused(histories: Histories) -> None:
    histories.raise_head(FIRST + 7)
    lost = histories.endpoint.scripts["UpdateItem"] = [LOST, None]
    assert histories.store("a") == [FIRST + 8]
    assert lost == []


def test_a_message_that_is_stored_already_is_its_own(histories: Histories) -> None:
    # The answer to the first PutItem is lost after DynamoDB has carried it out.
    histories.endpoint.scripts["PutItem"] = [LOST, None]
    histories.endpoint.carried_out = True
    assert histories.store("a") == [FIRST]
    assert histories.endpoint.asked == ["UpdateItem", "PutItem", "PutItem", "GetItem"]
    assert histories.stored.numbers("s1") == [FIRST]


@pytest.mark.parametrize("taken", range(TRIES + 1))
def test_a_number_that_is_in_use_is_left_and_a_new_one_is_taken(
    histories: Histories, taken: int, log: io.StringIO
) -> None:
    for number in range(taken):
        histories.put(FIRST + number, None)
    histories.raise_head(FIRST - 1)
    histories.stored.items["s1", 0]["last"] = {"N": str(FIRST - 1)}
    stored = taken < TRIES
    assert histories.store("mine") == [FIRST + taken if stored else None]
    frames = [item["frame"]["S"] for item in histories.stored.items.values() if "frame" in item]
    assert [json.loads(frame)["seq"] for frame in frames] == ([FIRST + taken] if stored else [])


def test_another_message_with_the_number_is_not_taken_for_ones_own(histories: Histories) -> None:
    histories.put(FIRST, "another's")
    histories.stored.items["s1", 0]["last"] = {"N": str(FIRST - 1)}
    assert histories.store("mine") == [FIRST + 1]
    assert json.loads(histories.stored.items["s1", FIRST]["frame"]["S"])["message"] == "another's"


def test_a_message_is_not_stored_after_the_environment_was_frozen(histories: Histories, log: io.StringIO) -> None:
    # While Lambda freezes the environment, the clock of the event loop stands still. Meanwhile a client may have sealed
    # the number, and DynamoDB may have deleted the tombstone.
    def freeze() -> None:
        histories.ahead = 7200.0

    histories.endpoint.after["UpdateItem"] = freeze
    assert histories.store("a") == [None]
    assert histories.endpoint.asked == ["UpdateItem"]


@pytest.mark.parametrize("operation", ["UpdateItem", "PutItem"])
def test_a_write_is_not_repeated_after_the_environment_was_frozen(
    histories: Histories, operation: str, log: io.StringIO
) -> None:
    def freeze() -> None:
        histories.ahead = 7200.0

    histories.endpoint.scripts[operation] = [LOST]
    histories.endpoint.after[operation] = freeze
    assert histories.store("a") == [None]
    assert histories.endpoint.asked.count(operation) == 1


@pytest.mark.parametrize("operation", ["UpdateItem", "PutItem"])
def test_storing_gives_up_after_a_few_seconds(histories: Histories, operation: str, log: io.StringIO) -> None:
    histories.endpoint.scripts[operation] = [Response(500)] * 1_000
    assert histories.store("a") == [None]
    assert 2.9 < histories.loop.now < 3.1


def test_sessions_are_stored_side_by_side_and_reported_together(histories: Histories, log: io.StringIO) -> None:
    refusal = Response(400, body=b'{"__type":"a#ProvisionedThroughputExceededException"}', request_id="R")
    histories.endpoint.scripts["PutItem"] = [refusal] * 100_000
    sessions = [f"s{number}" for number in range(100)]

    async def store() -> Any:
        storing = histories.history.storing(frozenset(sessions), 27.0)
        await asyncio.gather(*(storing.store(session, envelope("x")) for session in sessions))
        storing.report()
        return storing.numbers

    assert histories.run(store()) == {}
    assert histories.loop.now < 3.1
    (line,) = (json.loads(line) for line in log.getvalue().splitlines())
    assert (line["level"], line["message"], line["sessions"]) == ("ERROR", "message not stored", 100)
    assert line["session_id"] in sessions
    assert "DynamoDB throttles the requests" in line["exception"]


def test_a_head_that_is_not_the_hubs_stores_nothing(histories: Histories, log: io.StringIO) -> None:
    histories.stored.items["s1", 0] = {"session_id": {"S": "s1"}, "seq": {"N": "0"}, "last": {"S": "x"}}
    assert histories.store("a") == [None]
    histories.stored.items["s1", 0]["last"] = {"N": str(2**53 - 1)}
    assert histories.store("a") == [None]
    assert histories.stored.numbers("s1") == []


def test_which_sessions_have_history() -> None:
    with contextlib.closing(Histories(sessions=("room-*", "lobby"))) as histories:
        assert histories.history.kept(["room-1", "lobby", "lobby-2", "s1"]) == {"room-1", "lobby"}


@pytest.mark.parametrize("message", ["é" * 65_000, '"' * 65_000, "x" * 129_000])
def test_frames_are_stored_byte_for_byte(histories: Histories, message: str) -> None:
    sent = Envelope("id", "s9", "2026-11-22T21:30:00.123Z", message)

    async def store() -> int:
        storing = histories.history.storing(frozenset({"s1"}), 27.0)
        assert await storing.store("s1", sent)
        return storing.numbers["s1"]

    seq = histories.run(store())
    assert histories.stored.items["s1", seq]["frame"]["S"].encode() == sent.addressed_to("s1", seq)
