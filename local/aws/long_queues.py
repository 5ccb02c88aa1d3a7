"""
Replaces the parts of moto's queues whose cost grows with the number of messages.

For each call, moto reads the clock several times for each message of the queue. With 3,000 messages a call would take
tenths of a second, and every other service would wait meanwhile.

"""

import time

from moto.sqs import models
from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import Message, Queue, SQSBackend


def speed_up() -> None:
    """Change moto's classes. They do the same as before, with one look at the clock for all messages of a queue."""
    replacements = [
        (models, "unix_time_millis", _milliseconds),
        (Queue, "messages", property(_visible)),
        (Queue, "approximate_number_of_messages_delayed", property(_delayed)),
        (Queue, "approximate_number_of_messages_not_visible", property(_in_flight)),
        (Queue, "delete_message", _delete),
        (SQSBackend, "is_message_valid_based_on_retention_period", _is_retained),
    ]
    for owner, name, replacement in replacements:
        setattr(owner, name, replacement)


def _milliseconds() -> float:
    return time.time() * 1000


def _all(queue: Queue) -> list[Message]:
    """Return the list in which moto keeps the messages. Moto's own property computes which of them are visible."""
    messages: list[Message] = queue._messages  # noqa: SLF001 - there is no other access to the list
    return messages


def _visible(queue: Queue) -> list[Message]:
    now = _milliseconds()
    return [each for each in _all(queue) if each.visible_at < now and each.delayed_until <= now]


def _delayed(queue: Queue) -> int:
    now = _milliseconds()
    return sum(each.delayed_until > now for each in _all(queue))


def _in_flight(queue: Queue) -> int:
    now = _milliseconds()
    return sum(each.visible_at >= now for each in _all(queue))


def _delete(queue: Queue, receipt_handle: str) -> None:
    if receipt_handle in queue.deleted_messages:
        return
    for index, message in enumerate(_all(queue)):
        if message.had_receipt_handle(receipt_handle):
            del _all(queue)[index]
            queue.pending_messages.discard(message)
            queue.deleted_messages.update(handle for handle in message.all_receipt_handles if handle)
            return
    raise ReceiptHandleIsInvalid


def _is_retained(backend: SQSBackend, queue_name: str, message: Message) -> bool:
    seconds: int = backend.get_queue(queue_name).message_retention_period  # type: ignore[attr-defined]
    assert message.sent_timestamp is not None
    return seconds + message.sent_timestamp / 1000 > time.time()
