"""
What the gateway prints: one line an event, what handlers log beside it, colour on a terminal only.

Clients and templates have a part in nearly every line. Nothing of theirs may steer the developer's terminal, so control
characters are printed as escapes. And no line is worth an answer: what cannot be written is lost.

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
"""Fields of a JSON log line that are printed in a place of their own, or not at all."""

LAMBDA_FIELDS = {
    "cold_start",
    "function_arn",
    "function_memory_size",
    "function_name",
    "function_request_id",
    "requestId",
    "xray_trace_id",
}
"""What Powertools and Lambda add to every line; ``function_request_id`` is shown on errors."""


LAMBDA_HEAD = re.compile(r"^(\[[A-Z]+\])\t[0-9T:.-]+Z\t\S*\t")
"""Level, time and request id, with which Lambda's runtime begins a line; the gateway's own lines have the time."""

MAX_OUTCOME = 1000
"""Characters of what went wrong, in the line of an event."""

FLUSH_SECONDS = 0.01
"""Seconds that lines may wait for others, to be written with them: a busy gateway would write once for each."""


_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What a terminal obeys: C0, DEL, C1, separators of lines, and what turns the direction of text round."""

_COLOURS = re.compile(r"(\x1b\[[0-9;:]*m)")
"""Sequences that change colours and the like, and nothing else (SGR). Source: ECMA-48, 8.3.117."""


class Console:
    """Writes whole lines to a stream. A line that cannot be written, because the disk is full say, is lost."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream
        self._colours = stream.isatty()
        self._is_flushing = False
        if isinstance(stream, io.TextIOWrapper):
            # Handlers print what they like: also what the terminal cannot show, or lone surrogates.
            stream.reconfigure(errors="backslashreplace")

    def say(self, text: str = "", code: str = "") -> None:
        """Print a line of the gateway's own, in a colour or in none."""
        for part in text.split("\n"):
            self._write(self._paint(visible(part), code))

    def end(self) -> None:
        """Give up what could not be written: else Python would try again as it exits, and fail."""
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
            return  # later lines may find room again

    def _fall_silent(self) -> None:
        """Serve on, though whoever read has gone; what has been written has to go somewhere."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def warn(self, text: str) -> None:
        """Print a line that somebody should read."""
        self.say(text, YELLOW)

    def invoked(self, label: str, function: str, status: object, milliseconds: float, cold: bool) -> None:
        """
        Report one invocation.

        Args:
            label: The route that led to it, or what else did.
            status: The status that the function answered with, None for an answer without one, or what went wrong.

        """
        text, colour = _outcome(status)
        start = ", cold start" if cold else ""
        text = self._paint(text, colour)
        self._write(f"{_now()}  {on_one_line(label):<12} {visible(function)}  {text}  {milliseconds:.0f} ms{start}")

    def refused(self, label: str, text: str) -> None:
        """Report a message or a call that no function gets to see, and why."""
        self._write(f"{_now()}  {on_one_line(label) or '(none)':<12} {self._paint(on_one_line(text), RED)}")

    def fault(self, error: Exception) -> None:
        """Report a mistake of the gateway's own, with its traceback."""
        self.say("This is a mistake of the gateway's own:", RED)
        for part in "".join(traceback.format_exception(error)).splitlines():
            self.say(part)

    def logged(self, function: str, line: str) -> None:
        """Print a line that a handler wrote; JSON as level, message and fields. On a terminal it may have colours."""
        record = _record(line)
        if "_aws" in record:
            return  # metrics: CloudWatch takes them out of the log, too
        if "level" in record:
            parts = self._readable(record)
        else:
            shown = line if record else LAMBDA_HEAD.sub(r"\1 ", line)
            parts = [self._with_its_colours(part) for part in shown.splitlines()]
        for part in parts or [""]:
            self._write(f"{self._paint(f'{visible(function):>20} |', DIM)} {part}")

    def _paint(self, text: str, code: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._colours and code else text

    def _with_its_colours(self, text: str) -> str:
        if not self._colours or "\033" not in text:
            return visible(text)
        pieces = _COLOURS.split(text)  # every second one is a sequence
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
    """Return a line with its control characters as escapes, such as ``\\x1b``. Tabs stay."""
    if text.isprintable():
        return text
    return "\t".join(_CONTROL.sub(_escaped, part) for part in text.split("\t"))


def on_one_line(text: str) -> str:
    """Return a text of any number of lines with all its control characters as escapes."""
    return text if text.isprintable() else _CONTROL.sub(_escaped, text)


def _escaped(character: re.Match[str]) -> str:
    number = ord(character[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def _record(line: str) -> dict[str, Any]:
    """Return what a line has as a JSON object, or nothing."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _outcome(status: object) -> tuple[str, str]:
    """Return how an invocation ended, as a text and its colour."""
    if isinstance(status, int):
        return str(status), GREEN if status < 400 else RED
    text = "no status" if status is None else str(status)
    if len(text) > MAX_OUTCOME:
        text = f"{text[:MAX_OUTCOME]}…"  # the whole of an error is in the function's own output
    return on_one_line(text), GREEN if status in (None, "allowed", "done") else RED


def _plain(value: Any) -> str:
    return on_one_line(value) if isinstance(value, str) and " " not in value else json.dumps(value)


def _now() -> str:
    return _time_of_day(int(time.time()))


@functools.lru_cache(maxsize=1)
def _time_of_day(second: int) -> str:
    return time.strftime("%H:%M:%S", time.localtime(second))
