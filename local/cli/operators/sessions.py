"""``python -m local who``, ``list``, ``close`` and ``purge``: who is connected, and what an operator does about it."""

import argparse
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from local.cli.operators.message_function import MessageFunction
from local.cli.operators.outcome import Outcome, columns, count
from local.errors import CannotDo

YEAR_10000 = 253_402_300_800
"""Epoch seconds at which Python's years end."""


def who(arguments: argparse.Namespace, function: MessageFunction) -> Outcome:
    """Ask how many connections sessions have."""
    answer = function.ask("who", {"sessions": arguments.sessions}, "online", "offline")
    online = answer["online"]
    return Outcome(answer, columns(
        (session, count(online[session], "connection") if session in online else "offline")
        for session in dict.fromkeys(arguments.sessions)
    ))  # fmt: skip


def list_connections(arguments: argparse.Namespace, function: MessageFunction) -> Outcome:
    """Ask for all connections of a session, page by page."""
    connections: list[Mapping[str, Any]] = []
    after = None
    while True:
        page = function.ask("list", {"session": arguments.session, "after": after}, "connections", "after")
        connections += page["connections"]
        if (after := page["after"]) is None:
            break
    lines = columns([("CONNECTION", "SINCE (UTC)", "UNTIL (UTC)", "SUBJECT"), *map(_row, connections)])
    return Outcome({"connections": connections}, lines if connections else [f"{arguments.session} is offline."])


def close(arguments: argparse.Namespace, function: MessageFunction) -> Outcome:
    """Close connections of a session. The status is 1 if the hub could not close one."""
    request = {
        "session": arguments.session,
        "connections": arguments.connection,
        "reconnect": not arguments.stay_away,
        "reason": arguments.reason,
    }
    given = {name: value for name, value in request.items() if value is not None}
    answer = function.ask("close", given, "closed", "failed")
    closed, failed = sum(answer["closed"].values()), sum(answer["failed"].values())
    lines = [f"{count(closed, 'connection')} of {arguments.session} closed"] if closed else []
    if answer["failed"]:
        what = count(failed, "connection") if failed else "the connections"
        lines.append(f"{what} of {arguments.session} could not be closed")
    nobody = f"No connection of {arguments.session} was open."
    if arguments.connection:
        nobody = f"None of these connections of {arguments.session} was open."
    return Outcome(answer, lines or [nobody], status=1 if answer["failed"] else 0)


def purge(arguments: argparse.Namespace, function: MessageFunction) -> Outcome:
    """
    Delete what the hub keeps of a session's messages. The hub deletes as long as it has time, so it is asked again.

    Raises:
        CannotDo: If it cannot be done, or not to the end. The text says how many messages are deleted.

    """
    purged, more = 0, True
    while more:
        try:
            answer = function.ask("purge", {"session": arguments.session}, "purged", "more")
        except CannotDo as error:
            if not purged:
                raise
            raise CannotDo(f"{error} {count(purged, 'message')} were deleted before; run the command again.") from error
        purged += answer["purged"]
        more = answer["more"]
    return Outcome({"purged": purged, "more": False}, [f"{count(purged, 'message')} of {arguments.session} deleted"])


def _row(connection: Mapping[str, Any]) -> tuple[str, str, str, str]:
    since, until = connection["connected_at"] / 1000, connection["expires_at"]
    return connection["connection_id"], _time(since), _time(until), connection["subject"] or "-"


def _time(seconds: float) -> str:
    """Return a time, or a hyphen for one that the row lacks: for the hub that is 0, or a time beyond all years."""
    if not 0 < seconds < YEAR_10000:
        return "-"
    return datetime.fromtimestamp(seconds, UTC).isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
