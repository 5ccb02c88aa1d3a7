"""Which connections sessions have: all of them, in time, or an error."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import pytest

from callers.presence import AT_ONCE, Presence
from delivery.dynamodb_answers import DynamoDBError
from delivery.table import Page
from hub.connection_requests import Arguments
from tests.support.fan_outs import NOW, PLENTY, Rows, fan_out_to, row

NOBODY_LISTENS = "http://127.0.0.1:9/prod"
SESSIONS = tuple(f"s{number}" for number in range(100))


@dataclass
class CountingRows(Rows):
    """
    Attributes:
        most: How many pages were being read at the same time, at most.

    """

    reading: int = 0
    most: int = 0

    async def page(self, session_id: str, start: Arguments) -> Page:
        self.reading += 1
        self.most = max(self.most, self.reading)
        await asyncio.sleep(0)
        try:
            return await super().page(session_id, start)
        finally:
            self.reading -= 1


@dataclass
class SilentRows(Rows):
    async def page(self, session_id: str, start: Arguments) -> Page:
        await asyncio.Event().wait()
        raise AssertionError


def asked(rows: Rows, question: Callable[[Presence], Coroutine[Any, Any, Any]], needs_proof: bool = False) -> Any:
    with fan_out_to(NOBODY_LISTENS, rows, needs_proof=needs_proof) as out:
        return out.run(question(Presence(out)))


def counts(rows: Rows, *sessions: str, **options: bool) -> tuple[dict[str, int], list[str]]:
    result: tuple[dict[str, int], list[str]] = asked(rows, lambda presence: presence.count(sessions, PLENTY), **options)
    return result


def test_sessions_are_counted_in_their_order_over_all_pages() -> None:
    rows = Rows([row("s1", f"{number}=") for number in range(7)] + [row("s2", "x=")], size=2)
    assert counts(rows, "nobody", "s2", "another", "s1") == ({"s2": 1, "s1": 7}, ["nobody", "another"])
    assert list(counts(rows, "s2", "s1")[0]) == ["s2", "s1"]


def test_a_connection_that_is_not_live_does_not_count() -> None:
    rows = Rows(
        [row("s1", "a=")._replace(expires_at=int(NOW)), row("s1", "b="), row("s2", "c=")._replace(expires_at=1)]
    )
    assert counts(rows, "s1", "s2") == ({"s1": 1}, ["s2"])


def test_a_connection_that_has_proven_nothing_does_not_count_where_everybody_has_to() -> None:
    rows = Rows([row("s1", "a="), row("s1", "b=")._replace(subject="me"), row("s2", "c=")])
    assert counts(rows, "s1", "s2", needs_proof=True) == ({"s1": 1}, ["s2"])


def test_some_sessions_are_read_at_the_same_time_and_all_in_the_end() -> None:
    rows = CountingRows([row(session, "a=") for session in SESSIONS])
    assert counts(rows, *SESSIONS) == (dict.fromkeys(SESSIONS, 1), [])
    assert rows.most == AT_ONCE


@pytest.mark.parametrize("pages", [0, 1], ids=["the-first-page", "a-later-page"])
def test_there_is_no_part_of_an_answer(pages: int) -> None:
    rows = Rows([row("s1", f"{n}=") for n in range(4)] + [row("s2", "x=")], size=2, fails_after={"s1": pages})
    with pytest.raises(DynamoDBError):
        counts(rows, "s2", "s1")
    with pytest.raises(DynamoDBError):
        asked(rows, lambda presence: presence.rows("s1", PLENTY))


def test_all_rows_of_a_session_are_there_live_or_not() -> None:
    stored = [row("s1", "a=")._replace(expires_at=1), *(row("s1", f"{number}=") for number in range(5))]
    rows = Rows([*stored, row("s2", "x=")], size=2)
    assert asked(rows, lambda presence: presence.rows("s1", PLENTY)) == stored


@pytest.mark.parametrize(
    "question",
    [
        pytest.param(lambda presence: presence.count(("s1", "s2"), 0.01), id="count"),
        pytest.param(lambda presence: presence.rows("s1", 0.01), id="rows"),
        pytest.param(lambda presence: presence.page("s1", None, 0.01), id="page"),
    ],
)
def test_an_answer_that_does_not_come_is_an_error_in_time(
    question: Callable[[Presence], Coroutine[Any, Any, Any]],
) -> None:
    with pytest.raises(DynamoDBError, match="in time"):
        asked(SilentRows([]), question)
