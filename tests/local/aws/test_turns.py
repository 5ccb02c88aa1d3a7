"""Requests to the embedded AWS run one at a time, and none waits for a client that waits for a message."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.support.gateway import PATIENCE
from tests.support.prober import Prober

LONGEST = 20
"""Seconds that SQS lets a client wait."""


@pytest.fixture
def queue(default_prober: Prober) -> Iterator[tuple[str, str]]:
    """A queue whose clients wait for LONGEST seconds, and the address of its service."""
    aws = default_prober.gateway.endpoints["aws"]
    client = boto3.client("sqs", endpoint_url=aws)
    url = client.create_queue(QueueName="slow", Attributes={"ReceiveMessageWaitTimeSeconds": str(LONGEST)})["QueueUrl"]
    yield url, aws
    client.delete_queue(QueueUrl=url)


@pytest.mark.parametrize(
    "options",
    [pytest.param({"WaitTimeSeconds": LONGEST}, id="request"), pytest.param({}, id="queue")],
)
def test_a_client_that_waits_for_a_message_gets_it_and_others_are_served_meanwhile(
    queue: tuple[str, str], options: dict[str, Any]
) -> None:
    url, aws = queue
    received: list[str] = []
    began = time.monotonic()

    def receive() -> None:
        client = boto3.client("sqs", endpoint_url=aws, config=Config(read_timeout=2 * LONGEST))
        received.extend(message["Body"] for message in client.receive_message(QueueUrl=url, **options)["Messages"])

    waiting = [threading.Thread(target=receive) for _ in range(3)]
    for thread in waiting:
        thread.start()
    assert boto3.client("dynamodb", endpoint_url=aws).list_tables()["TableNames"] == ["table"]
    sender = boto3.client("sqs", endpoint_url=aws)
    for body in ("1", "2", "3"):
        sender.send_message(QueueUrl=url, MessageBody=body)
    for thread in waiting:
        thread.join(PATIENCE)
    assert sorted(received) == ["1", "2", "3"]
    assert time.monotonic() - began < LONGEST


def test_a_client_that_waits_in_vain_gets_no_message_after_its_time(queue: tuple[str, str]) -> None:
    url, aws = queue
    began = time.monotonic()
    assert "Messages" not in boto3.client("sqs", endpoint_url=aws).receive_message(QueueUrl=url, WaitTimeSeconds=1)
    assert time.monotonic() - began >= 1
