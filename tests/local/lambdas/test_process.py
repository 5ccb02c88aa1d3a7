"""The output of a worker process, and the processes that a function starts."""

import os
from dataclasses import replace
from typing import Any

import pytest

from tests.support.pools import RunningPool, obedient, run


@pytest.mark.parametrize(
    ("order", "lines"),
    [
        pytest.param({"text": "one\ntwo\n"}, ["one", "two"], id="lines"),
        pytest.param({"text": "no end"}, ["no end"], id="a-line-without-an-end"),
        pytest.param({"text": "\n\n"}, ["", ""], id="empty-lines"),
        pytest.param({"text": "to standard error\n", "to": 2}, ["to standard error"], id="standard-error"),
        pytest.param({"text": "\xff\n"}, ["\N{REPLACEMENT CHARACTER}"], id="bytes-that-are-not-utf-8"),
        pytest.param({"text": "x", "times": 10_000_000}, ["x" * 10_000_000], id="10-mb-in-one-line"),
        pytest.param(
            {"text": "0123456789\n", "times": 1_000_000}, ["0123456789"] * 1_000_000, id="10-mb-in-many-lines"
        ),
    ],
)
def test_every_line_that_a_function_prints_is_shown(order: dict[str, Any], lines: list[str]) -> None:
    async def work(running: RunningPool) -> None:
        assert await running.value("write", **order) == "written"

    assert run(work).lines == lines


def test_a_function_that_prints_10_mb_answers_and_so_does_its_next_event() -> None:
    async def work(running: RunningPool) -> None:
        assert [await running.value("write_much") for _ in range(2)] == ["written", "written"]
        await running.order("exit_at_once")
        assert await running.value("write", text="next") == "written"

    assert [len(line) for line in run(work).lines] == [10_000_000, 10_000_000, 4]


@pytest.mark.parametrize(
    "do",
    [
        pytest.param("fork", id="a-fork-that-hangs"),
        pytest.param("fork_twins", id="a-fork-that-answers-too"),
        pytest.param("spawn", id="another-program"),
    ],
)
def test_a_child_that_a_function_leaves_does_not_disturb_later_events(do: str) -> None:
    async def work(running: RunningPool) -> None:
        assert await running.value(do) == "parent"
        assert [await running.value("answer", **{"with": number}) for number in range(5)] == [0, 1, 2, 3, 4]

    run(work)


@pytest.mark.parametrize(
    "do", [pytest.param("fork", id="forked"), pytest.param("shell", id="with-all-open-files-but-the-channel")]
)
def test_a_worker_that_dies_before_its_child_reports_its_exit_status(do: str) -> None:
    async def work(running: RunningPool) -> None:
        await running.value(do)
        result = await running.order("exit_at_once")
        assert result.error
        assert result.error["errorMessage"] == "Runtime exited with exit status 4"

    run(work)


def test_a_timeout_does_not_wait_for_a_child_in_another_session() -> None:
    children: list[int] = []

    async def work(running: RunningPool) -> None:
        await running.value("spawn", own_session=True)
        children.append((await running.value("look"))["child"])
        assert (await running.order("hang")).error == {
            "errorType": "Sandbox.Timedout",
            "errorMessage": "Task timed out after 2.00 seconds",
        }

    run(work, replace(obedient(), timeout=2.0))
    os.kill(children[0], 9)
