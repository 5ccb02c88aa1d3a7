"""The parts of moto's queues that the gateway replaces do what moto's own do."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from moto.sqs import models
from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import Message, Queue, SQSBackend

from local.aws.long_queues import speed_up

REPLACED = [
    (models, "unix_time_millis"),
    (Queue, "messages"),
    (Queue, "approximate_number_of_messages_delayed"),
    (Queue, "approximate_number_of_messages_not_visible"),
    (Queue, "delete_message"),
    (SQSBackend, "is_message_valid_based_on_retention_period"),
]


@pytest.fixture(params=[pytest.param(False, id="moto"), pytest.param(True, id="replaced")])
def sqs(request: pytest.FixtureRequest) -> Iterator[SQSBackend]:
    """SQS as it is in moto, and as the gateway changes it."""
    before = [(owner, name, vars(owner)[name]) for owner, name in REPLACED]
    if request.param:
        speed_up()
        assert all(vars(owner)[name] is not value for owner, name, value in before)
    backend = SQSBackend("us-east-1", "123456789012")
    backend.create_queue("orders")
    yield backend
    for owner, name, value in before:
        setattr(owner, name, value)


def counts(sqs: SQSBackend) -> tuple[int, int, int]:
    """Return the numbers of visible, delayed and received messages."""
    queue = sqs.get_queue("orders")
    attributes: dict[str, Any] = queue.attributes
    number = "ApproximateNumberOfMessages"
    return tuple(attributes[f"{number}{kind}"] for kind in ("", "Delayed", "NotVisible"))


def received(sqs: SQSBackend, count: int = 10) -> list[Message]:
    return sqs.receive_message("orders", count, 0, 30)


def test_messages_are_counted_and_received_in_their_order(sqs: SQSBackend) -> None:
    for body in ("a", "b", "c"):
        sqs.send_message("orders", body)
    sqs.send_message("orders", "later", delay_seconds=60)
    assert counts(sqs) == (3, 1, 0)
    assert [message.body for message in received(sqs, 2)] == ["a", "b"]
    assert counts(sqs) == (1, 1, 2)
    assert [message.body for message in received(sqs)] == ["c"]


def test_a_message_whose_visibility_timeout_is_over_comes_again(sqs: SQSBackend) -> None:
    message = sqs.send_message("orders", "a")
    (first,) = received(sqs)
    assert received(sqs) == []
    message.visible_at = time.time() * 1000 - 1
    (second,) = received(sqs)
    assert (first.approximate_receive_count, second.approximate_receive_count) == (1, 2)


def test_a_message_is_deleted_once_by_any_of_its_handles(sqs: SQSBackend) -> None:
    message, _ = sqs.send_message("orders", "a"), sqs.send_message("orders", "b")
    (first, _) = received(sqs)
    message.visible_at = 0
    (again,) = received(sqs)
    assert counts(sqs) == (0, 0, 2)
    sqs.delete_message("orders", str(first.receipt_handle))
    assert counts(sqs) == (0, 0, 1)
    sqs.delete_message("orders", str(again.receipt_handle))
    assert counts(sqs) == (0, 0, 1)
    assert [waiting.body for waiting in sqs.get_queue("orders").pending_messages] == ["b"]
    with pytest.raises(ReceiptHandleIsInvalid):
        sqs.delete_message("orders", "unknown")


def test_a_message_that_is_older_than_the_queue_keeps_it_is_not_received(sqs: SQSBackend) -> None:
    message = sqs.send_message("orders", "old")
    sqs.set_queue_attributes("orders", {"MessageRetentionPeriod": "60"})
    message.sent_timestamp = int(time.time() - 61) * 1000  # type: ignore[assignment]
    assert received(sqs) == []


@pytest.mark.parametrize("operation", ["send", "receive"])
def test_no_call_looks_at_the_clock_for_each_message(operation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for owner, name in REPLACED:
        monkeypatch.setattr(owner, name, vars(owner)[name])  # put back at the end
    speed_up()
    backend = SQSBackend("us-east-1", "123456789012")
    backend.create_queue("orders")
    for _ in range(200):
        backend.send_message("orders", "x")
    looks: list[float] = []
    clock = time.time

    def look() -> float:
        looks.append(clock())
        return looks[-1]

    monkeypatch.setattr("local.aws.long_queues.time.time", look)
    if operation == "send":
        backend.send_message("orders", "x")
    else:
        received(backend, 1)
    assert 0 < len(looks) < 20
