"""How the failures of a function are reported, and that they do not disturb later events."""

import sys
from dataclasses import replace
from typing import Any

import pytest

from tests.support.pools import RunningPool, obedient, run


def error(kind: str, message: str) -> dict[str, Any]:
    return {"errorType": kind, "errorMessage": message}


NAMELESS_SIGNAL = [
    pytest.param(
        "kill_itself_by_a_number",
        error("Runtime.ExitError", "Runtime exited with signal: 40"),
        "",
        id="kills-itself-by-a-signal-without-a-name",
    )
] * (sys.platform == "linux")


@pytest.mark.parametrize(
    ("order", "expected", "printed"),
    [
        pytest.param("fail", error("ValueError", "olá"), "ValueError: olá", id="raises"),
        pytest.param(
            "answer_a_set",
            error("Runtime.MarshalError", "Unable to marshal response: Object of type set is not JSON serializable"),
            "Runtime.MarshalError: Unable to marshal response: Object of type set is not JSON serializable",
            id="returns-a-set",
        ),
        pytest.param(
            "answer_a_lone_surrogate",
            error(
                "Runtime.MarshalError",
                "Unable to marshal response: 'utf-8' codec can't encode character '\\ud800' in position 10: "
                "surrogates not allowed",
            ),
            "Runtime.MarshalError: Unable to marshal response: 'utf-8' codec can't encode character '\\ud800'",
            id="returns-a-lone-surrogate",
        ),
        pytest.param(
            "unknown order", error("KeyError", "'unknown order'"), "KeyError: 'unknown order'", id="raises-a-key-error"
        ),
        pytest.param(
            "exit_politely", error("Runtime.ExitError", "Runtime exited with exit status 3"), "", id="calls-sys-exit"
        ),
        pytest.param(
            "exit_at_once", error("Runtime.ExitError", "Runtime exited with exit status 4"), "", id="calls-os-exit"
        ),
        pytest.param(
            "kill_itself", error("Runtime.ExitError", "Runtime exited with signal: SIGKILL"), "", id="kills-itself"
        ),
        pytest.param(
            "answer_a_long_number",
            error(
                "Runtime.MarshalError",
                "Unable to read the response: Exceeds the limit (4300 digits) for integer string conversion: "
                "value has 6001 digits; use sys.set_int_max_str_digits() to increase the limit",
            ),
            "",
            id="returns-a-number-too-long-for-the-gateway",
        ),
        *NAMELESS_SIGNAL,
        pytest.param(
            "close_everything",
            error("Runtime.ExitError", "Runtime exited with exit status 1"),
            "",
            id="closes-every-file",
        ),
        pytest.param("hang", error("Sandbox.Timedout", "Task timed out after 2.00 seconds"), "hanging", id="hangs"),
        pytest.param(
            "hang_deaf",
            error("Sandbox.Timedout", "Task timed out after 2.00 seconds"),
            "hanging",
            id="hangs-and-ignores-signals",
        ),
    ],
)
def test_a_failure_is_reported_and_the_next_events_work(order: str, expected: dict[str, Any], printed: str) -> None:
    async def work(running: RunningPool) -> None:
        result = await running.order(order, **{"with": "olá"})
        assert result.error
        assert {name: result.error[name] for name in ("errorType", "errorMessage")} == expected
        assert [await running.value("answer", **{"with": number}) for number in range(3)] == [0, 1, 2]

    function = replace(obedient(), timeout=2.0) if order.startswith("hang") else obedient()
    assert printed in "\n".join(run(work, function).lines)


def test_a_coroutine_is_not_a_valid_result() -> None:
    async def work(running: RunningPool) -> None:
        message = "Unable to marshal response: Object of type coroutine is not JSON serializable"
        result = await running.order("answer_later")
        assert result.error
        assert result.error | error("Runtime.MarshalError", message) == result.error

    assert run(work).lines == [
        "Runtime.MarshalError: Unable to marshal response: Object of type coroutine is not JSON serializable"
    ]


def test_the_traceback_of_an_interrupt_does_not_show_the_gateway() -> None:
    async def work(running: RunningPool) -> None:
        assert (await running.order("interrupt_itself")).error

    lines = run(work).lines
    assert lines[-1] == "KeyboardInterrupt"
    assert "worker.py" not in "".join(lines)


def test_a_traceback_shows_only_the_frames_of_the_function() -> None:
    async def work(running: RunningPool) -> None:
        result = await running.order("fail", **{"with": "why"})
        assert result.error
        assert [line.split('"')[1].rpartition("/")[2] for line in result.error["stackTrace"]] == ["obedient.py"] * 2

    lines = run(work).lines
    assert [lines[0], lines[-1]] == ["Traceback (most recent call last):", "ValueError: why"]
    assert "worker.py" not in "".join(lines)
