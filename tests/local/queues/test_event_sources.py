"""The queues of a running gateway: functions receive their messages."""

import json
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.support.gate import Gate
from tests.support.gateway import PATIENCE, RunningGateway, wait_until
from tests.support.paths import APPS

TEMPLATE = str(APPS / "queues" / "template.yaml")
NOTHING, FAIL, RAISE = (json.dumps({"do": what}) for what in ("nothing", "fail", "raise"))


@pytest.fixture(scope="module")
def queues() -> Iterator[RunningGateway]:
    """A gateway with the queues of the template. Each test uses one or two of them, and leaves them empty."""
    with RunningGateway.start("--template", TEMPLATE) as running:
        yield running


def events(gateway: RunningGateway, *message_ids: str) -> list[list[dict[str, Any]]]:
    """Return the records of each printed event with one of these messages, in the order of their lines."""
    printed = [line.partition("| EVENT ")[2] for line in gateway.output.lines if "| EVENT " in line]
    records = [json.loads(text)["Records"] for text in printed]
    return [event for event in records if {record["messageId"] for record in event} & {*message_ids}]


def meet(gate: Gate) -> str:
    """Return the body of a record whose function waits at the gate."""
    return json.dumps({"do": "meet", "port": gate.port})


def ask(gateway: RunningGateway, frame: str) -> str | bytes:
    """Send a frame by a new connection, and return the answer."""
    with connect(gateway.endpoints["websocket"], proxy=None) as socket:
        socket.send(frame)
        return socket.recv(timeout=PATIENCE)


def test_a_record_reaches_the_function_and_is_deleted(queues: RunningGateway) -> None:
    single = queues.queue("single")
    (sent,) = single.send(NOTHING, MessageAttributes={"kind": {"DataType": "String", "StringValue": "order"}})
    queues.output.wait_for(r"\d\d:\d\d:\d\d  single       Worker  done  \d+ ms")
    wait_until(lambda: single.left() == 0)
    wait_until(lambda: bool(events(queues, sent)))
    ((record,),) = events(queues, sent)
    assert (record["body"], record["eventSource"], record["awsRegion"]) == (NOTHING, "aws:sqs", "us-east-1")
    assert record["eventSourceARN"] == "arn:aws:sqs:us-east-1:123456789012:single"
    assert record["messageAttributes"]["kind"]["stringValue"] == "order"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"


def test_poisoned_records_go_to_the_dead_letters_while_the_others_go_on(queues: RunningGateway) -> None:
    single, dead = queues.queue("single"), queues.queue("dead")
    poisoned = single.send(FAIL, RAISE)
    single.send(*[NOTHING] * 200)
    wait_until(lambda: single.left() == 0)
    assert sorted(message["Body"] for message in dead.receive()) == sorted([FAIL, RAISE])
    for message_id in poisoned:
        wait_until(lambda message_id=message_id: len(events(queues, message_id)) == 3)  # type: ignore[misc]
        counts = [record["attributes"]["ApproximateReceiveCount"] for (record,) in events(queues, message_id)]
        assert counts == ["1", "2", "3"]


def test_an_event_has_at_most_as_many_records_as_the_mapping_says(queues: RunningGateway) -> None:
    batch = queues.queue("batch")
    sent = batch.send(*[NOTHING] * 6)
    wait_until(lambda: batch.left() == 0)
    wait_until(lambda: sum(map(len, events(queues, *sent))) == 6)
    assert sorted(map(len, events(queues, *sent))) == [2, 4]


def test_only_the_reported_records_come_again(queues: RunningGateway) -> None:
    batch, printed = queues.queue("batch"), len(queues.output.lines)
    good, bad, other = batch.send(NOTHING, FAIL, NOTHING)
    queues.output.wait_for(r"batch        WorkerOfBatches  1 of 3 failed", after=printed)
    wait_until(lambda: batch.left() == 1)
    wait_until(lambda: len(events(queues, bad)) >= 2)
    assert len(events(queues, good, other)) == 1
    batch.sqs.purge_queue(QueueUrl=batch.url)


def test_without_reports_an_event_succeeds_or_fails_as_a_whole(queues: RunningGateway) -> None:
    whole, printed = queues.queue("whole"), len(queues.output.lines)
    reported = whole.send(FAIL, NOTHING)
    wait_until(lambda: whole.left() == 0)
    assert len(events(queues, *reported)) == 1
    raised = whole.send(NOTHING, RAISE)
    queues.output.wait_for(r"whole        WorkerOfBatches  ValueError", after=printed)
    wait_until(lambda: len(events(queues, *raised)) >= 2)
    assert {record["messageId"] for record in events(queues, *raised)[1]} == {*raised}
    whole.sqs.purge_queue(QueueUrl=whole.url)


def test_records_of_a_group_come_in_their_order(queues: RunningGateway) -> None:
    in_order = queues.queue("InOrder.fifo")
    bodies = [json.dumps({"do": "nothing", "number": number}) for number in range(12)]
    sent = in_order.send(*bodies, MessageGroupId="one")
    wait_until(lambda: in_order.left() == 0)
    wait_until(lambda: len(events(queues, *sent)) == 12)
    assert [record["body"] for (record,) in events(queues, *sent)] == bodies


def test_a_slow_record_holds_up_no_other(queues: RunningGateway) -> None:
    slow, gate = queues.queue("slow"), Gate()
    slow.send(meet(gate))
    gate.wait_for_handlers(1)
    slow.send(*[NOTHING] * 20)
    wait_until(lambda: slow.left() == 1)
    gate.open()
    wait_until(lambda: slow.left() == 0)


def test_slow_records_leave_workers_for_clients(queues: RunningGateway) -> None:
    slow, gate = queues.queue("slow"), Gate()
    slow.send(*[meet(gate)] * 20)
    gate.wait_for_handlers(8)
    assert ask(queues, "{}") == "answered"
    assert slow.received() == 8  # the others stay visible: their visibility timeout has not begun
    gate.open()
    wait_until(lambda: slow.left() == 0)


def test_a_function_sends_only_to_queues_that_its_role_allows(queues: RunningGateway) -> None:
    assert ask(queues, '{"action": "send", "to": "unread"}') == "sent"
    assert queues.queue("unread").left() == 1
    assert ask(queues, '{"action": "send", "to": "dead"}') == (
        "An error occurred (AccessDenied) when calling the SendMessageBatch operation: "
        "User: arn:aws:sts::123456789012:assumed-role/SenderRole/Sender is not authorized to perform: "
        "sqs:sendmessage on resource: arn:aws:sqs:us-east-1:123456789012:dead"
    )


def test_the_welcome_names_the_queues(queues: RunningGateway) -> None:
    shown = [line for line in queues.output.lines if line.startswith("  Queue ")]
    assert sorted(shown) == [
        "  Queue        InOrder.fifo → Worker, one record at a time",
        "  Queue        batch → WorkerOfBatches, up to 4 records at a time",
        "  Queue        single → Worker, one record at a time",
        "  Queue        slow → Patient, one record at a time",
        "  Queue        whole → WorkerOfBatches, up to 10 records at a time",
    ]


def test_a_running_record_ends_before_the_gateway_and_no_other_begins() -> None:
    gate = Gate()
    with RunningGateway.start("--template", TEMPLATE, "--parameter", "Optional=on") as gateway:
        gateway.queue("optional").send(NOTHING)
        gateway.output.wait_for(r"optional     WorkerOfBatches  done")
        gateway.queue("slow").send(meet(gate))
        gate.wait_for_handlers(1)
        gateway.process.send_signal(signal.SIGINT)
        gateway.output.wait_for("Functions still run")
        gate.open()
        assert gateway.process.wait(timeout=PATIENCE) == 0
        gateway.output.thread.join(timeout=PATIENCE)
        assert "slow         Patient  done" in gateway.output.text
        assert "Traceback" not in gateway.output.text
