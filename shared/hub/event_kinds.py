"""Who calls MessageFunction: a client, a queue of backends, or a backend or operator itself."""

from enum import StrEnum
from typing import Any

from hub.errors import BadRequest


class Kind(StrEnum):
    """A kind of event. The value is its mark: the member that no other kind of event has."""

    SOCKET = "requestContext"
    """A client's frame, from API Gateway."""

    QUEUE = "Records"
    """Records of a queue, from Lambda's event source mapping."""

    INVOCATION = "hub"
    """From whoever may invoke the function."""


QUEUE_SERVICE = "aws:sqs"
"""``eventSource`` of a queue's record."""


def kind_of(event: Any) -> Kind:
    """
    Tell what kind of event this is.

    Neither a client nor a producer of a queue can choose it: API Gateway puts what a client sends into ``body``, and
    SQS puts what a producer sends into ``Records``.

    Raises:
        BadRequest: If the event is of no kind, or has the marks of several, or if what its mark promises is not there.

    """
    marks = [kind for kind in Kind if kind in event] if isinstance(event, dict) else []
    if len(marks) != 1:
        names = ", ".join(Kind)
        raise BadRequest(f"An event has exactly one of {names}, and this one has {' and '.join(marks) or 'none'}")
    kind = marks[0]
    if kind is Kind.SOCKET and not _is_frame(event):
        raise BadRequest("requestContext has no connectionId, or body is not a text", kind)
    if kind is Kind.QUEUE and not _are_records(event[kind]):
        raise BadRequest(f"Records are not records of a queue, with eventSource {QUEUE_SERVICE}", kind)
    return kind


def _is_frame(event: dict[str, Any]) -> bool:
    return _has_texts(event[Kind.SOCKET], "connectionId") and isinstance(event.get("body", ""), str | None)


def _are_records(records: Any) -> bool:
    return isinstance(records, list) and all(
        _has_texts(record, "eventSource", "messageId", "body") and record["eventSource"] == QUEUE_SERVICE
        for record in records
    )


def _has_texts(value: Any, *names: str) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(name), str) for name in names)
