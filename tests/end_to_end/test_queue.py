"""The queue for backends, over a local gateway: hundreds of messages, some of them malformed, while sockets send."""

import json
from collections.abc import Iterator

import pytest

from tests.support.frames import ack, send_message
from tests.support.gateway import RunningGateway, wait_until

MESSAGES, POISONED_EVERY = 400, 20


@pytest.fixture(scope="module")
def with_queue() -> Iterator[RunningGateway]:
    with RunningGateway.start("--parameter", "PublishQueue=on") as running:
        yield running


def body(number: int) -> str:
    """Return the body of a record. Every twentieth is not a message."""
    if number % POISONED_EVERY == 0:
        return f"poison {number}"
    return json.dumps({"sessions": ["customer"], "message": number, "from": "orders", "id": f"order-{number}"})


def test_poisoned_records_disturb_neither_the_others_nor_the_sockets(with_queue: RunningGateway) -> None:
    queue, dead_letters = with_queue.queue("PublishedMessages"), with_queue.queue("PublishDeadLetters")
    bodies = [body(number) for number in range(MESSAGES)]
    poison = [text for text in bodies if text.startswith("poison")]
    good = MESSAGES - len(poison)
    with with_queue.connect("customer") as customer, with_queue.connect("chatty") as chatty:
        queue.send(*bodies)
        for number in range(20):  # the sockets go on while the queue empties
            frame = send_message("chatty", echo=False, id=f"c-{number}")
            assert chatty.ask(frame) == ack({"chatty": 0}) | {"id": f"c-{number}"}
        frames = [customer.receive() for _ in range(good)]
    assert {frame["from"] for frame in frames} == {"#orders"}
    assert sorted(frame["message"] for frame in frames) == [n for n in range(MESSAGES) if n % POISONED_EVERY]
    wait_until(lambda: queue.left() == 0)
    dead = [message["Body"] for _ in poison for message in dead_letters.receive()]
    assert sorted(dead) == sorted(poison)
