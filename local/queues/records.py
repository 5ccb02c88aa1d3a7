"""
The event that a function receives from a queue, and what its answer says about the records.

Source: "Using Lambda with Amazon SQS" and "Handling errors for an SQS event source in Lambda", Lambda developer guide.

"""

from collections.abc import Sequence
from typing import Any

from local.place import Place
from local.queues.sqs import Message


def event(messages: Sequence[Message], queue: str, place: Place) -> dict[str, Any]:
    """Return the event with a record for each message of a queue."""
    return {"Records": [_record(message, place.arn("sqs", queue), place) for message in messages]}


def _record(message: Message, arn: str, place: Place) -> dict[str, Any]:
    checksum = message.get("MD5OfMessageAttributes")
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": {name: str(value) for name, value in message.get("Attributes", {}).items()},
        "messageAttributes": {name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()},
        **({"md5OfMessageAttributes": checksum} if checksum else {}),
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": place.region,
    }


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    """Return an attribute of a message in Lambda's spelling. A binary value is base64 in both."""
    given = {name[0].lower() + name[1:]: member for name, member in value.items()}
    return {"stringListValues": [], "binaryListValues": []} | given


def failed_ids(answer: Any, ids: set[str]) -> set[str]:
    """
    Return the ids of the records that have failed, by the answer of a function with ReportBatchItemFailures.

    An empty answer, or one without failures, fails none. An answer of another form, or one that names a record that is
    not in the event, fails all. (unsure: whether an answer that is not an object, such as a text, fails all.)

    Args:
        answer: What the function returned.
        ids: The message ids of all records.

    """
    if not answer:
        return set()
    if not isinstance(answer, dict):
        return ids
    failures = answer.get("batchItemFailures") or []
    if not isinstance(failures, list) or not all(isinstance(failure, dict) for failure in failures):
        return ids
    named = [str(failure.get("itemIdentifier")) for failure in failures]
    return set(named) if ids.issuperset(named) else ids
