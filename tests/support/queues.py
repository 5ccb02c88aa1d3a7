"""A queue of a running gateway, as a producer and an operator use it."""

from dataclasses import dataclass
from typing import Any

AT_ONCE = 10
"""Messages that one call of SQS sends."""


@dataclass(frozen=True)
class Queue:
    """
    Attributes:
        sqs: A boto3 client.
        url: The URL of the queue.

    """

    sqs: Any
    url: str

    def send(self, *bodies: str, **options: Any) -> list[str]:
        """Send messages, and return their ids. The options belong to each message, such as ``MessageGroupId``."""
        ids: list[str] = []
        for start in range(0, len(bodies), AT_ONCE):
            entries = [
                {"Id": str(index), "MessageBody": body} | options
                for index, body in enumerate(bodies[start : start + AT_ONCE])
            ]
            sent = self.sqs.send_message_batch(QueueUrl=self.url, Entries=entries)["Successful"]
            ids += [each["MessageId"] for each in sent]
        return ids

    def receive(self) -> list[dict[str, Any]]:
        """Receive up to ten messages with all their attributes."""
        answer = self.sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=AT_ONCE, AttributeNames=["All"], MessageAttributeNames=["All"]
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def attributes(self) -> dict[str, str]:
        attributes: dict[str, str] = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])[
            "Attributes"
        ]
        return attributes

    def left(self) -> int:
        """Return the number of messages that nobody has deleted: visible, delayed or received."""
        attributes, number = self.attributes(), "ApproximateNumberOfMessages"
        return sum(int(attributes[f"{number}{kind}"]) for kind in ("", "Delayed", "NotVisible"))

    def received(self) -> int:
        """Return the number of messages that somebody has received and not deleted yet."""
        return int(self.attributes()["ApproximateNumberOfMessagesNotVisible"])
