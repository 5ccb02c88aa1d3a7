"""The gateway's output for log lines of functions and for invocations."""

import errno
import io
import json
import re
from typing import Any

import pytest

from local.console import Console

PREFIX = "          MyFunction |"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def logged(entry: Any) -> list[str]:
    """Return the lines that are printed for a log line, or for a record as JSON, without the function's name."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="utf-8")
    Console(stream).logged("MyFunction", entry if isinstance(entry, str) else json.dumps(entry))
    lines = raw.getvalue().decode().splitlines()
    assert [line[: len(PREFIX) + 1] for line in lines] == [f"{PREFIX} "] * len(lines)
    return [line[len(PREFIX) + 1 :] for line in lines]


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        pytest.param("plain text", ["plain text"], id="text"),
        pytest.param("", [""], id="nothing"),
        pytest.param("7", ["7"], id="json-that-is-not-an-object"),
        pytest.param('{"a": 1}', ['{"a": 1}'], id="json-without-a-level"),
        pytest.param({"level": "INFO", "message": "sent", "delivered": 2}, ["INFO sent delivered=2"], id="a-record"),
        pytest.param({"level": "INFO", "message": "olá", "to": "a b"}, ['INFO olá to="a b"'], id="text-with-a-space"),
        pytest.param(
            {"level": "INFO", "message": "m", "x": None, "y": [1]}, ["INFO m x=null y=[1]"], id="other-values"
        ),
        pytest.param({"level": "INFO"}, ["INFO "], id="no-message"),
        pytest.param(
            {"level": "INFO", "message": "m", "location": "l", "timestamp": "t", "service": "s", "cold_start": True},
            ["INFO m"],
            id="fields-of-every-line",
        ),
        pytest.param({"level": "INFO", "message": "m", "function_request_id": "r"}, ["INFO m"], id="a-request-id"),
        pytest.param(
            {"level": "ERROR", "message": "m", "function_request_id": "r"},
            ["ERROR m function_request_id=r"],
            id="a-request-id-of-an-error",
        ),
        pytest.param(
            {"level": "ERROR", "message": "failed", "exception": "Traceback\n  line\nKeyError", "exception_name": "K"},
            ["ERROR failed", "Traceback", "  line", "KeyError"],
            id="a-traceback-on-lines-of-its-own",
        ),
        pytest.param({"level": "INFO", "message": "\ud800"}, ["INFO \\ud800"], id="a-lone-surrogate"),
        pytest.param("[" * 100_000, ["[" * 100_000], id="json-too-deep-to-parse"),
        pytest.param("a\tb", ["a\tb"], id="a-tab"),
        pytest.param("a\u200e\ufeff\U000e0041b", ["a\\u200e\\ufeff\\U000e0041b"], id="characters-that-cannot-be-seen"),
        pytest.param("\U0001f468\u200d\U0001f469\n", ["\U0001f468\u200d\U0001f469"], id="an-emoji-of-two"),
        pytest.param("one\rtwo", ["one", "two"], id="a-carriage-return"),
        pytest.param(
            "\x1b]0;title\x07\x1b[2J\x1b[31mred", ["\\x1b]0;title\\x07\\x1b[2J\\x1b[31mred"], id="control-sequences"
        ),
        pytest.param("\x9b2J\x7f\u202e", ["\\x9b2J\\x7f\\u202e"], id="other-control-characters"),
        pytest.param(
            {"level": "WARNING\x1b[2J", "message": "\x1b[2J", "reason": "\x1b[31m", "why": "a \x1b[0m", "\x1b[1m": 1},
            ['WARNING\\x1b[2J \\x1b[2J reason=\\x1b[31m why="a \\u001b[0m" \\x1b[1m=1'],
            id="control-sequences-in-a-record",
        ),
        pytest.param(
            {"level": "INFO", "message": "m", "session_id": "s1\nINFO\tforged"},
            ["INFO m session_id=s1\\x0aINFO\\x09forged"],
            id="a-field-is-on-one-line",
        ),
        pytest.param(
            {"level": "ERROR", "message": "m", "exception": "E: \x1b[2J\n  line"},
            ["ERROR m", "E: \\x1b[2J", "  line"],
            id="control-sequences-in-a-traceback",
        ),
    ],
)
def test_a_log_line_of_a_function(line: Any, printed: list[str]) -> None:
    assert logged(line) == printed


def test_a_character_that_the_terminal_lacks_is_written_as_an_escape() -> None:
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding="ascii") as stream:
        Console(stream).say("olá → \ud800")
        assert raw.getvalue() == b"ol\\xe1 \\u2192 \\ud800\n"


@pytest.mark.parametrize(
    ("status", "milliseconds", "cold", "printed"),
    [
        pytest.param(200, 3.4, False, "sendMessage  MyFunction  200  3 ms", id="warm"),
        pytest.param(200, 250.0, True, "sendMessage  MyFunction  200  250 ms, cold start", id="cold"),
        pytest.param("E: a\n\x1b[2J", 1.0, False, "sendMessage  MyFunction  E: a\\x0a\\x1b[2J  1 ms", id="controls"),
        pytest.param("KeyError: 'x'", 1.0, False, "sendMessage  MyFunction  KeyError: 'x'  1 ms", id="failed"),
        pytest.param("E" * 5000, 1.0, False, f"sendMessage  MyFunction  {'E' * 1000}…  1 ms", id="failed-at-length"),
    ],
)
def test_an_invocation_is_one_line(status: object, milliseconds: float, cold: bool, printed: str) -> None:
    stream = io.StringIO()
    Console(stream).invoked("sendMessage", "MyFunction", status, milliseconds, cold)
    assert re.fullmatch(r"\d\d:\d\d:\d\d  " + re.escape(printed) + r"\n", stream.getvalue())


@pytest.mark.parametrize(
    ("status", "colour"),
    [
        pytest.param(200, "32", id="success-is-green"),
        pytest.param(399, "32", id="below-400-is-success"),
        pytest.param(400, "31", id="a-refusal-is-red"),
        pytest.param("KeyError", "31", id="a-failure-is-red"),
    ],
)
def test_colours_are_for_terminals(status: object, colour: str) -> None:
    terminal = Terminal()
    Console(terminal).invoked("ping", "MyFunction", status, 1, cold=False)
    assert f"\x1b[{colour}m{status}\x1b[0m" in terminal.getvalue()


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        pytest.param("\x1b[1;31mred\x1b[0m", "\x1b[1;31mred\x1b[0m\x1b[0m", id="colours-end-with-the-line"),
        pytest.param("\x1b[31m\x1b[2Jx", "\x1b[31m\\x1b[2Jx\x1b[0m", id="a-sequence-that-clears-the-screen"),
        pytest.param("\x1b]8;;http://a\x07b", "\\x1b]8;;http://a\\x07b\x1b[0m", id="a-sequence-that-hides-a-link"),
        pytest.param("\x1b[8", "\\x1b[8\x1b[0m", id="half-a-colour"),
    ],
)
def test_on_a_terminal_a_handler_may_print_in_colours_and_no_more(line: str, printed: str) -> None:
    terminal = Terminal()
    Console(terminal).logged("MyFunction", line)
    assert terminal.getvalue() == f"\x1b[2m{PREFIX}\x1b[0m {printed}\n"


def test_the_level_of_a_record_is_coloured_on_a_terminal() -> None:
    terminal = Terminal()
    Console(terminal).logged("MyFunction", json.dumps({"level": "WARNING", "message": "\x1b[2J"}))
    assert terminal.getvalue() == f"\x1b[2m{PREFIX}\x1b[0m \x1b[33mWARNING\x1b[0m \\x1b[2J\n"


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda console: console.say("\x1b[2J\x9b\r"), id="say"),
        pytest.param(lambda console: console.warn("\x1b[2J\x9b\r"), id="warn"),
        pytest.param(lambda console: console.refused("\x1b[2J\x9b", "\r"), id="refused"),
        pytest.param(lambda console: console.invoked("\x1b[2J\x9b", "F", "\r", 1, cold=False), id="invoked"),
        pytest.param(lambda console: console.fault(ValueError("\x1b[2J\x9b\u2028")), id="fault"),
        pytest.param(lambda console: console.logged("\x1b[2J\x9b", "\r"), id="logged"),
    ],
)
def test_no_output_controls_the_terminal(call: Any) -> None:
    stream = io.StringIO()
    call(Console(stream))
    assert "\\x1b[2J\\x9b" in stream.getvalue()
    assert set(re.findall(r"[^ -~]", stream.getvalue())) == {"\n"}


class FullDisk(io.StringIO):
    """A stream that fails for a while, as on a full disk."""

    is_full = True

    def write(self, text: str) -> int:
        return self._or_fail() or super().write(text)

    def flush(self) -> None:
        self._or_fail()

    def _or_fail(self) -> int:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return 0


def test_lines_on_a_full_disk_are_lost_and_later_lines_are_not() -> None:
    disk = FullDisk()
    console = Console(disk)
    console.invoked("ping", "MyFunction", 200, 1, cold=False)
    console.logged("MyFunction", "lost")
    disk.is_full = False
    console.say("kept")
    assert disk.getvalue() == "kept\n"
