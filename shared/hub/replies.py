"""The frames of ``hub.v1`` that answer a client's frame. Backends and operators get some of them too."""

from collections.abc import Iterable
from typing import Any, TypeAlias

from hub import strict_json
from hub.errors import HubError, Internal

Reply: TypeAlias = dict[str, Any]

PONG = '{"type":"pong"}'

MAX_PAGE_BYTES = 32_000
"""Bytes of ``resumed`` in UTF-8, unless one message alone is longer. API Gateway counts a message for each 32 KB."""


def ack(
    message_id: str, delivered: dict[str, int], offline: list[str], failed: dict[str, int], seq: dict[str, int]
) -> Reply:
    """
    Build the answer to a message that was sent. Every session of the message is in one of the first three at least.

    Args:
        seq: For each session in whose history the message is stored, its number there. The ack of a message that is
            not stored anywhere has no such member.

    """
    totals = {"delivered": delivered, "offline": offline, "failed": failed}
    return {"type": "ack", "id": message_id} | totals | ({"seq": seq} if seq else {})


def resumed(
    resume_id: str | None, session_id: str, recovered: bool | None, seq: int, more: bool, messages: list[str]
) -> str:
    """
    Build the answer to ``resume``, as text.

    Args:
        resume_id: The id of the question, if it had one.
        recovered: None: the question had no ``after``.
        messages: Frames as they were delivered. They are not parsed again.

    """
    members = {
        "type": "resumed",
        "id": resume_id,
        "session": session_id,
        "recovered": recovered,
        "seq": seq,
        "more": more,
    }
    head = strict_json.dumps({name: value for name, value in members.items() if value is not None})
    return f'{head[:-1]},"messages":[{",".join(messages)}]}}'


def who(who_id: str | None, online: dict[str, int], offline: list[str]) -> Reply:
    """
    Build the answer to ``who``. Every session of the question is in one of the two.

    Args:
        who_id: The id of the question, if it had one.

    """
    return {"type": "who"} | ({"id": who_id} if who_id is not None else {}) | {"online": online, "offline": offline}


def closing(reconnect: bool, reason: str | None) -> Reply:
    """Build what a connection gets before the hub closes it for an operator."""
    return {"type": "closing", "reconnect": reconnect} | ({"reason": reason} if reason is not None else {})


def batch_item_failures(record_ids: Iterable[str]) -> Reply:
    """Build the answer to records of a queue: the ids of those that SQS shall deliver again."""
    return {"batchItemFailures": [{"itemIdentifier": record_id} for record_id in record_ids]}


def error(refusal: HubError, frame_id: str | None, request_id: str) -> Reply:
    """
    Build the answer to what was refused. It has no members that are None.

    Args:
        request_id: The answer has it if the fault is the hub's, so that operators find it in the logs.

    """
    members = {
        "type": "error",
        "code": refusal.code,
        "message": str(refusal),
        "field": refusal.field,
        "id": frame_id,
        "retry_after_ms": refusal.retry_after_ms,
        "request_id": request_id if isinstance(refusal, Internal) else None,
    }
    return {name: value for name, value in members.items() if value is not None}
