"""Nothing is lost across a reconnect, over real sockets."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest

from tests.support.frames import send_message
from tests.support.gateway import RunningGateway, wait_until
from tests.support.merging import MergingClient

SENDERS, MESSAGES = 6, 15


@pytest.fixture(scope="module")
def history() -> Iterator[RunningGateway]:
    """The gateway with history for ten minutes."""
    with RunningGateway.start("--parameter", "HistorySeconds=600") as running:
        yield running


@pytest.fixture(scope="module")
def short_history() -> Iterator[RunningGateway]:
    """The gateway with the shortest history, which the sessions ``kept-…`` alone have."""
    parameters = ["--parameter", "HistorySeconds=5", "--parameter", "HistorySessions=kept-*"]
    with RunningGateway.start(*parameters) as running:
        yield running


def send_all(gateway: RunningGateway, sender: int, session_id: str) -> list[tuple[int, Any]]:
    """Send messages one after the other. Return the number and the message of each ack."""
    acked = []
    with gateway.connect(f"sender-{sender}") as client:
        for number in range(MESSAGES):
            message = f"{sender}/{number}"
            answer = client.ask(send_message(session_id, message=message, id=message))
            assert answer["type"] == "ack", answer
            acked.append((answer["seq"][session_id], message))
    return acked


@pytest.mark.parametrize("seed", range(2))
def test_a_client_that_loses_its_connection_again_and_again_misses_nothing(history: RunningGateway, seed: int) -> None:
    session_id = f"reconnects-{seed}"
    receiver = MergingClient(history, session_id)
    receiver.catch_up()
    done = threading.Event()
    with ThreadPoolExecutor(SENDERS + 1) as threads:
        receiving = threads.submit(receiver.run, done, Random(seed), 0.5)
        sending = [threads.submit(send_all, history, sender, session_id) for sender in range(SENDERS)]
        acked = [ack for future in sending for ack in future.result()]
        done.set()
        receiving.result()
    assert receiver.got == sorted(acked)
    assert (receiver.gaps, len(acked)) == ([], SENDERS * MESSAGES)
    assert receiver.connections > 3


def test_who_was_away_for_longer_than_the_history_hears_of_the_gap(short_history: RunningGateway) -> None:
    receiver = MergingClient(short_history, "kept-away")
    receiver.catch_up()
    start = receiver.position
    assert start is not None
    with short_history.connect("kept-sender") as sender:
        lost = sender.ask(send_message("kept-away", message="lost"))["seq"]["kept-away"]
        receiver.catch_up()  # it is in time
        assert (receiver.got, receiver.position) == ([(lost, "lost")], start + 1)
        for message in ("expires", "expires too"):
            newest = sender.ask(send_message("kept-away", message=message))["seq"]["kept-away"]

        with short_history.connect("kept-away") as client:
            question = {"action": "resume", "after": lost}
            wait_until(lambda: client.ask(question)["recovered"] is False)
            wait_until(lambda: client.ask({"action": "resume", "last": 100})["messages"] == [])
        receiver.catch_up()
        assert receiver.gaps == [(lost, newest)]
        following = sender.ask(send_message("kept-away", message="after the gap"))["seq"]["kept-away"]
        receiver.catch_up()
    assert receiver.got == [(lost, "lost"), (following, "after the gap")]


def test_a_session_that_is_left_out_has_no_history(short_history: RunningGateway) -> None:
    with short_history.connect("other") as client:
        client.send(send_message("other"))
        assert not any("seq" in frame for frame in (client.receive(), client.receive()))
        assert client.ask({"action": "resume", "id": "r1", "last": 5})["code"] == "no_history"


def test_a_hub_without_history_answers_resume(gateway: RunningGateway) -> None:
    with gateway.connect("without") as client:
        answer = client.ask({"action": "resume", "id": "r1", "after": 5})
        assert (answer["type"], answer["code"], answer["id"]) == ("error", "no_history", "r1")


BAD: list[tuple[dict[str, Any], str]] = [
    *(({"after": value}, "after") for value in ("7", -1, 1.5, True, None, 2**53)),
    *(({"last": value}, "last") for value in (0, 101, "5", None)),
    ({"after": 1, "last": 1}, "last"),
]


@pytest.mark.parametrize(("members", "field"), BAD)
def test_a_malformed_question_is_refused_and_the_next_is_answered(
    history: RunningGateway, members: dict[str, Any], field: str
) -> None:
    with history.connect("malformed") as client:
        answer = client.ask({"action": "resume", "id": "r1"} | members)
        assert (answer["code"], answer["field"], answer["id"]) == ("bad_request", field, "r1")
        assert client.ask({"action": "resume"})["messages"] == []


def test_another_sessions_messages_are_not_to_be_had(history: RunningGateway) -> None:
    with history.connect("victim") as victim, history.connect("attacker") as attacker:
        victim.send(send_message("victim", message="secret", echo=False))
        seq = victim.receive()["seq"]["victim"]
        for members in ({"after": seq - 1}, {"last": 100}, {"after": 0}, {}):
            answer = attacker.ask({"action": "resume", "session": "victim", "sessions": ["victim"]} | members)
            assert (answer["session"], answer["messages"]) == ("attacker", [])


def test_long_messages_come_back_page_by_page(history: RunningGateway) -> None:
    receiver = MergingClient(history, "long")
    receiver.catch_up()
    sent = [f"{number}" * 30_000 for number in range(7)]
    with history.connect("long-sender") as sender:
        for message in sent:
            assert sender.ask(send_message("long", message=message))["offline"] == ["long"]
    receiver.catch_up()
    assert [message for _, message in receiver.got] == sent
