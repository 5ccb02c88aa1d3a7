"""``python -m local publish``: one message to sessions, as a backend sends it."""

import argparse
import json
import shlex
import sys
import uuid
from collections.abc import Mapping
from typing import Any, NoReturn

from local.cli.operators.message_function import MessageFunction, NoAnswer, Refused
from local.cli.operators.outcome import Outcome, columns, count
from local.errors import CannotDo


def publish(arguments: argparse.Namespace, function: MessageFunction) -> Outcome:
    """
    Publish a message. The status is 1 if a session has a connection that could not be reached.

    Raises:
        CannotDo: If the message is not JSON, or if it cannot be published.

    """
    message: dict[str, Any] = {
        "sessions": arguments.session,
        "message": _message(arguments.message),
        "id": str(uuid.uuid4()) if arguments.id is None else arguments.id,
        "store": not arguments.no_store,
    }
    if arguments.sender is not None:
        message["from"] = arguments.sender
    try:
        (ack,) = function.ask("publish", {"messages": [message]}, "answers")["answers"]
    except NoAnswer as error:
        raise CannotDo(f"{error} To send the same message again, add --id {shlex.quote(message['id'])}.") from None
    if ack["type"] == "error":
        raise Refused(ack)
    lines = columns((session, _what_became(ack, session)) for session in dict.fromkeys(arguments.session))
    return Outcome(ack, lines, status=1 if ack["failed"] else 0)


def _what_became(ack: Mapping[str, Any], session: str) -> str:
    parts = []
    if (delivered := ack["delivered"].get(session)) is not None:
        parts.append(f"delivered to {count(delivered, 'connection')}")
    if session in ack["offline"]:
        parts.append("offline")
    if (failed := ack["failed"].get(session)) is not None:
        parts.append(f"failed for {count(failed, 'connection')}" if failed else "failed")
    if (number := ack.get("seq", {}).get(session)) is not None:
        parts.append(f"stored as {number}")
    return ", ".join(parts)


def _message(argument: str) -> Any:
    """
    Parse a message.

    Args:
        argument: The message, or ``-`` to read it from standard input.

    Raises:
        CannotDo: If it is not JSON as RFC 8259 defines it.

    """
    try:
        text = sys.stdin.buffer.read().decode() if argument == "-" else argument
        value = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_unique)
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()  # raises for 1e999, and for a lone surrogate
    except (ValueError, RecursionError) as error:
        is_misquoted = isinstance(error, json.JSONDecodeError) and argument != "-"
        raise CannotDo(f"The message is not JSON: {error}.{_advice(argument) if is_misquoted else ''}") from None
    return value


def _advice(text: str) -> str:
    if text[:1] in {"{", "[", '"'} or len(text) > 80 or not text.isprintable():
        return """ The shell needs single quotes around it: '{"text": "hi"}'."""
    return f" A text needs double quotes within single quotes: {shlex.quote(json.dumps(text, ensure_ascii=False))}."


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"it has {name}, which JSON does not have")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("an object has the same member twice")
    return members
