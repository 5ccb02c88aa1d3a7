"""``python -m local who``, ``list``, ``close`` and ``purge``: what they ask the function of a stack, and print."""

import json
from typing import Any

import pytest

from tests.support.operators import ME, Run
from tests.support.scripted import Scripted, error


def test_who_prints_a_line_for_each_session(run: Run, function: Scripted) -> None:
    ended = run(["who", "s1", "s22", "s1"], {"online": {"s1": 1200}, "offline": ["s22"]})
    assert ended == (0, "s1   1,200 connections\ns22  offline\n", "")
    assert function.requests == [{"hub": "who", "sessions": ["s1", "s22", "s1"], "by": ME}]


CONNECTIONS = [
    {"connection_id": "L0SM9cOFvHcCIhw=", "connected_at": 1795000000123, "expires_at": 1795007800, "subject": "ann"},
    {"connection_id": "by hand", "connected_at": 0, "expires_at": 2**53, "subject": None},
    {"connection_id": "z", "connected_at": 1795000000000, "expires_at": 1795007800, "subject": "red \x1b[31m"},
]
LISTED = """\
CONNECTION        SINCE (UTC)          UNTIL (UTC)          SUBJECT
L0SM9cOFvHcCIhw=  2026-11-18 11:06:40  2026-11-18 13:16:40  ann
by hand           -                    -                    -
z                 2026-11-18 11:06:40  2026-11-18 13:16:40  red \\x1b[31m
"""


def test_list_prints_all_pages_as_a_table(run: Run, function: Scripted) -> None:
    pages = [
        {"connections": CONNECTIONS[:2], "after": "x"},
        {"connections": [], "after": "x"},  # rows that have expired
        {"connections": CONNECTIONS[2:], "after": None},
    ]
    assert run(["list", "s1"], *pages) == (0, LISTED, "")
    assert [request["after"] for request in function.requests] == [None, "x", "x"]
    assert json.loads(run(["list", "s1", "--json"], *pages)[1]) == {"connections": CONNECTIONS}


def test_list_says_that_nobody_is_there(run: Run) -> None:
    assert run(["list", "s1"], {"connections": [], "after": None}) == (0, "s1 is offline.\n", "")


@pytest.mark.parametrize(
    ("options", "members"),
    [
        pytest.param([], {"reconnect": True}, id="plain"),
        pytest.param(
            ["--stay-away", "--reason", "signed out"], {"reconnect": False, "reason": "signed out"}, id="away"
        ),
        pytest.param(
            ["--connection", "a=", "--connection=-b"], {"reconnect": True, "connections": ["a=", "-b"]}, id="two"
        ),
    ],
)
def test_close_says_which_connections_and_what_their_pages_do_next(
    run: Run, function: Scripted, options: list[str], members: dict[str, Any]
) -> None:
    ended = run(["close", "s1", *options], {"closed": {"s1": 1}, "failed": {}})
    assert ended == (0, "1 connection of s1 closed\n", "")
    assert function.requests == [{"hub": "close", "session": "s1", "by": ME} | members]


@pytest.mark.parametrize(
    ("result", "lines", "status"),
    [
        pytest.param({"closed": {"s1": 0}, "failed": {}}, ["No connection of s1 was open."], 0, id="nobody-there"),
        pytest.param(
            {"closed": {"s1": 2}, "failed": {"s1": 1}},
            ["2 connections of s1 closed", "1 connection of s1 could not be closed"],
            1,
            id="one-stays",
        ),
        pytest.param(
            {"closed": {}, "failed": {"s1": 0}}, ["the connections of s1 could not be closed"], 1, id="not-read"
        ),
    ],
)
def test_close_prints_how_many_are_closed(run: Run, result: dict[str, Any], lines: list[str], status: int) -> None:
    assert run(["close", "s1"], result) == (status, "\n".join(lines) + "\n", "")


def test_purge_asks_until_nothing_is_left(run: Run, function: Scripted) -> None:
    ended = run(["purge", "s1"], {"purged": 1200, "more": True}, {"purged": 34, "more": False})
    assert ended == (0, "1,234 messages of s1 deleted\n", "")
    assert function.requests == [{"hub": "purge", "session": "s1", "by": ME}] * 2


def test_purge_says_how_far_it_came(run: Run) -> None:
    ended = run(["purge", "s1"], {"purged": 17, "more": True}, error("ThrottlingException", "Rate exceeded", 429))
    assert ended == (
        1,
        "",
        "The invocation of MessageFunction is refused with ThrottlingException: Rate exceeded. Nothing was done. "
        "Try again in a moment. 17 messages were deleted before; run the command again.\n",
    )
