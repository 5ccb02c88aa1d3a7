"""The hub's own engines: the real handler of MessageFunction, which sends messages, or answers ``resume``."""

import json
import os
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from bench.delivery.stored import TABLE
from bench.delivery.stub import Stub

Engine = Callable[[int], int]

HISTORY_SECONDS = 600
"""For how long the hub stores messages, if it does."""

MESSAGE = "x" * 150
PAGE_MESSAGE = "x" * 825
PAGE_FRAMES = 32
"""So many messages of this length fill a page of history: with one more, ``resume`` would need two pages."""


def handler(stub: Stub, history_seconds: int = 0) -> Callable[[Any], str]:
    """Return the real handler: a function that takes a client's frame, and returns the frame that answers it."""
    os.environ |= {"TABLE_NAME": "t", "WEBSOCKET_ENDPOINT": stub.endpoint, "AUTH_MODE": "none"}
    os.environ |= {"AWS_ENDPOINT_URL_DYNAMODB": stub.dynamodb, "MESSAGE_RATE": "0", "MESSAGE_BURST": "20"}
    os.environ |= {"HISTORY_SECONDS": str(history_seconds), "HISTORY_TABLE": TABLE, "HISTORY_SESSIONS": "*"}
    os.environ["POWERTOOLS_LOG_LEVEL"] = "WARNING"
    from on_send_message_lambda import lambda_handler

    context = SimpleNamespace(
        aws_request_id="1",
        function_name="MessageFunction",
        memory_limit_in_mb=1024,
        invoked_function_arn="arn",
        get_remaining_time_in_millis=lambda: 300_000,
    )

    def answer(frame: Any) -> str:
        event = {"requestContext": {"connectionId": "sender="}, "body": json.dumps(frame)}
        return str(lambda_handler(event, context)["body"])

    return answer


def send(answer: Callable[[Any], str], sessions: list[str], message: str = MESSAGE) -> Any:
    """Return the ack of a message."""
    ack = json.loads(answer({"action": "sendMessage", "sessions": sessions, "message": message}))
    assert ack["type"] == "ack", ack
    return ack


def hub(stub: Stub) -> Engine:
    """Return the hub without history. It sends to one session, which has ``count`` connections."""
    answer = handler(stub)
    return lambda count: int(send(answer, [f"s{count}"])["delivered"][f"s{count}"])


def to_sessions(history_seconds: int, stub: Stub) -> Engine:
    """Return the hub, which sends to ``count`` sessions with one connection each. With history, it stores in each."""
    answer = handler(stub, history_seconds)

    def to_each(count: int) -> int:
        ack = send(answer, [f"s{'0' * number}1" for number in range(count)])  # the stub reads 1 in each id
        assert len(ack.get("seq", {})) == (count if history_seconds else 0), "a message was not stored"
        return sum(ack["delivered"].values())

    return to_each


def resume(missed: int, stub: Stub) -> Engine:
    """Return the hub, which answers ``count`` clients that have missed the last ``missed`` messages of the sender."""
    answer = handler(stub, HISTORY_SECONDS)
    positions = [send(answer, ["s0"], PAGE_MESSAGE)["seq"]["s0"] for _ in range(PAGE_FRAMES + 1)]

    def resumed(count: int) -> int:
        pages = [answer({"action": "resume", "after": positions[-1 - missed]}) for _ in range(count)]
        return sum(page.count('"type":"message"') == missed and '"more":false' in page for page in pages)

    return resumed
