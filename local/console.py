"""
The gateway's output: one line for each event, the lines that handlers log, and colours if it goes to a terminal.

Nearly every line contains text from clients or templates. That text must not control the developer's terminal, so
control characters are printed as escapes. A line that cannot be written is lost: output never delays an answer.

"""

import asyncio
import functools
import io
import json
import os
import re
import sys
import time
import traceback
from typing import Any, TextIO

DIM, RED, YELLOW, GREEN, BOLD = "2", "31", "33", "32", "1"

OWN_FIELDS = {
    "level",
    "version",
    "message",
    "location",
    "timestamp",
    "service",
    "exception",
    "exception_name",
    "stack_trace",
}
"""Fields of a JSON log line that are not printed as ``name=value``: they have their own place, or are left out."""

LAMBDA_FIELDS = {
    "cold_start",
    "function_arn",
    "function_memory_size",
    "function_name",
    "function_request_id",
    "requestId",
    "xray_trace_id",
}
"""Fields that Powertools and Lambda add to every line. They are left out; errors keep ``function_request_id``."""

LAMBDA_HEAD = re.compile(r"^(\[[A-Z]+\])\t[0-9T:.-]+Z\t\S*\t")
"""The level, time and request id at the start of a line of Lambda's runtime. Only the level is printed."""

MAX_OUTCOME = 1000
"""Characters of an error in the line of an event; the rest is left out."""

FLUSH_SECONDS = 0.01
"""Seconds that lines are collected before one write: a busy gateway would otherwise write each line by itself."""

_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u200b\u2060-\u2064\ufeff\U000e0000-\U000e007f]"
)
"""Characters that control a terminal or cannot be seen: C0, DEL, C1, line and paragraph separators, changes of text
direction, characters without width, and tags. The joiners of emoji and scripts stay."""

_COLOURS = re.compile(r"(\x1b\[[0-9;:]*m)")
"""Sequences that only change colours and the like (SGR). Source: ECMA-48, 8.3.117."""


class Console:
    """Writes whole lines to a stream. A line that cannot be written is lost, for example if the disk is full."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream
        self._colours = stream.isatty()
        self._is_flushing = False
        if isinstance(stream, io.TextIOWrapper):
            # Handlers may print characters that the terminal's encoding lacks, and lone surrogates.
            stream.reconfigure(errors="backslashreplace")

    def say(self, text: str = "", code: str = "") -> None:
        """Print the gateway's own text, one line or several, in a colour if ``code`` is given."""
        for part in text.split("\n"):
            self._write(self._paint(visible(part), code))

    def end(self) -> None:
        """Discard output that cannot be written. Otherwise Python writes it again as it exits, and fails."""
        try:
            self._stream.flush()
        except OSError:
            self._fall_silent()

    def _write(self, line: str) -> None:
        try:
            self._stream.write(f"{line}\n")
        except BrokenPipeError:
            self._fall_silent()
        except OSError:
            return
        if not self._is_flushing:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                self._flush()
            else:
                self._is_flushing = True
                loop.call_later(FLUSH_SECONDS, self._flush)

    def _flush(self) -> None:
        self._is_flushing = False
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._fall_silent()
        except OSError:
            return  # the disk may have room for later lines

    def _fall_silent(self) -> None:
        """Send all output to the null device, because its reader has ended. The gateway goes on serving."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def warn(self, text: str) -> None:
        """Print a warning."""
        self.say(text, YELLOW)

    def invoked(self, label: str, function: str, status: object, milliseconds: float, cold: bool) -> None:
        """
        Report one invocation.

        Args:
            label: The route that called the function, or another word for the caller, such as ``(invoke)``.
            status: The status of the function's answer, None for an answer without one, or a text that says how
                the invocation ended.
            milliseconds: How long the invocation took.
            cold: Whether a new worker had to start.

        """
        text, colour = _outcome(status)
        start = ", cold start" if cold else ""
        text = self._paint(text, colour)
        self._write(f"{_now()}  {on_one_line(label):<12} {visible(function)}  {text}  {milliseconds:.0f} ms{start}")

    def refused(self, label: str, text: str) -> None:
        """Report a message or a call that the gateway refuses itself, and the reason."""
        self._write(f"{_now()}  {on_one_line(label) or '(none)':<12} {self._paint(on_one_line(text), RED)}")

    def fault(self, error: Exception) -> None:
        """Report a fault of the gateway itself, with its traceback."""
        self.say("The gateway itself failed:", RED)
        for part in "".join(traceback.format_exception(error)).splitlines():
            self.say(part)

    def logged(self, function: str, line: str) -> None:
        """Print a line that a handler wrote. JSON becomes level, message and fields; other text keeps its colours."""
        record = _record(line)
        if "_aws" in record:
            return  # metrics, which are for CloudWatch
        if "level" in record:
            parts = self._readable(record)
        else:
            shown = line if record else LAMBDA_HEAD.sub(r"\1 ", line)
            parts = [self._with_own_colours(part) for part in shown.splitlines()]
        for part in parts or [""]:
            self._write(f"{self._paint(f'{visible(function):>20} |', DIM)} {part}")

    def _paint(self, text: str, code: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._colours and code else text

    def _with_own_colours(self, text: str) -> str:
        if not self._colours or "\033" not in text:
            return visible(text)
        pieces = _COLOURS.split(text)  # every second piece is a sequence
        kept = "".join(piece if index % 2 else visible(piece) for index, piece in enumerate(pieces))
        return f"{kept}\033[0m"

    def _readable(self, record: dict[str, Any]) -> list[str]:
        level = on_one_line(str(record["level"]))
        hidden = OWN_FIELDS | (LAMBDA_FIELDS - {"function_request_id"} if level == "ERROR" else LAMBDA_FIELDS)
        fields = [f"{on_one_line(name)}={_plain(value)}" for name, value in record.items() if name not in hidden]
        text = " ".join([str(record.get("message", "")), *fields])
        if "exception" in record:
            text = f"{text}\n{record['exception']}"
        first, *others = [visible(part) for part in text.splitlines()] or [""]
        colour = {"ERROR": RED, "WARNING": YELLOW}.get(level, "")
        return [f"{self._paint(level, colour)} {first}", *others]


def visible(text: str) -> str:
    """Return a line with its control characters as escapes, such as ``\\x1b``. Tabs stay as they are."""
    if text.isprintable():
        return text
    return "\t".join(_CONTROL.sub(_escaped, part) for part in text.split("\t"))


def on_one_line(text: str) -> str:
    """Return a text with all its control characters as escapes, line ends and tabs too."""
    return text if text.isprintable() else _CONTROL.sub(_escaped, text)


def _escaped(character: re.Match[str]) -> str:
    number = ord(character[0])
    if number > 0xFFFF:
        return f"\\U{number:08x}"
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def _record(line: str) -> dict[str, Any]:
    """Return the JSON object that a line is, or an empty dictionary."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _outcome(status: object) -> tuple[str, str]:
    """Return a text for the end of an invocation, and its colour."""
    if isinstance(status, int):
        return str(status), GREEN if status < 400 else RED
    text = "no status" if status is None else str(status)
    if len(text) > MAX_OUTCOME:
        text = f"{text[:MAX_OUTCOME]}…"  # the function's own output has the whole error
    return on_one_line(text), GREEN if status in (None, "allowed", "done") else RED


def _plain(value: Any) -> str:
    return on_one_line(value) if isinstance(value, str) and " " not in value else json.dumps(value)


def _now() -> str:
    return _time_of_day(int(time.time()))


@functools.lru_cache(maxsize=1)
def _time_of_day(second: int) -> str:
    return time.strftime("%H:%M:%S", time.localtime(second))
