"""What the gateway prints: one line an event, what handlers log beside it, colour on a terminal only."""

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
    "xray_trace_id",
}
"""What Powertools adds to every line; ``function_request_id`` is shown on errors."""


MAX_OUTCOME = 1000
"""Characters of what went wrong, in the line of an event."""

FLUSH_SECONDS = 0.01
"""Seconds that lines may wait for others, to be written with them: a busy gateway would write once for each."""


class Console:
    """Writes whole lines to a stream."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream
        self._colours = stream.isatty()
        self._is_flushing = False
        if isinstance(stream, io.TextIOWrapper):
            # Handlers print what they like: also what the terminal cannot show, or lone surrogates.
            stream.reconfigure(errors="backslashreplace")

    def say(self, text: str = "") -> None:
        """Print a line of the gateway's own."""
        try:
            self._stream.write(f"{text}\n")
        except BrokenPipeError:
            self._fall_silent()
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

    def _fall_silent(self) -> None:
        """Serve on, though whoever read has gone; what has been written has to go somewhere."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def warn(self, text: str) -> None:
        """Print a line that somebody should read."""
        self.say(self.paint(text, YELLOW))

    def invoked(self, label: str, function: str, status: object, milliseconds: float, cold: bool) -> None:
        """
        Report one invocation.

        Args:
            label: The route that led to it, or what else did.
            status: The status that the function answered with, None for an answer without one, or what went wrong.

        """
        text, colour = _outcome(status)
        start = ", cold start" if cold else ""
        self.say(f"{_now()}  {label:<12} {function}  {self.paint(text, colour)}  {milliseconds:.0f} ms{start}")

    def refused(self, label: str, text: str) -> None:
        """Report a message or a call that no function gets to see, and why."""
        self.say(f"{_now()}  {label or '(none)':<12} {self.paint(text, RED)}")

    def fault(self, error: Exception) -> None:
        """Report a mistake of the gateway's own, with its traceback."""
        self.say(self.paint("This is a mistake of the gateway's own:", RED))
        for part in "".join(traceback.format_exception(error)).splitlines():
            self.say(part)

    def logged(self, function: str, line: str) -> None:
        """Print a line that a handler wrote; JSON as level, message and fields."""
        try:
            record = json.loads(line)
            if isinstance(record, dict) and "_aws" in record:
                return  # metrics: CloudWatch takes them out of the log, too
            text = self._readable(record) if isinstance(record, dict) and "level" in record else line
        except (ValueError, RecursionError):
            text = line
        for part in text.splitlines() or [""]:
            self.say(f"{self.paint(f'{function:>20} |', DIM)} {part}")

    def paint(self, text: str, code: str) -> str:
        """Colour a text, on a terminal."""
        return f"\033[{code}m{text}\033[0m" if self._colours else text

    def _readable(self, record: dict[str, Any]) -> str:
        level = str(record["level"])
        hidden = OWN_FIELDS | (LAMBDA_FIELDS - {"function_request_id"} if level == "ERROR" else LAMBDA_FIELDS)
        fields = [f"{name}={_plain(value)}" for name, value in record.items() if name not in hidden]
        colour = {"ERROR": RED, "WARNING": YELLOW}.get(level, "")
        head = self.paint(level, colour) if colour else level
        text = " ".join([head, str(record.get("message", "")), *fields])
        return f"{text}\n{record['exception']}" if "exception" in record else text


def _outcome(status: object) -> tuple[str, str]:
    """Return how an invocation ended, as a text and its colour."""
    if isinstance(status, int):
        return str(status), GREEN if status < 400 else RED
    text = "no status" if status is None else str(status)
    if len(text) > MAX_OUTCOME:
        text = f"{text[:MAX_OUTCOME]}…"  # the whole of an error is in the function's own output
    return _on_one_line(text), GREEN if status in (None, "allowed", "done") else RED


def _on_one_line(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]", lambda match: f"\\x{ord(match[0]):02x}", text)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) and " " not in value else json.dumps(value)


def _now() -> str:
    return _time_of_day(int(time.time()))


@functools.lru_cache(maxsize=1)
def _time_of_day(second: int) -> str:
    return time.strftime("%H:%M:%S", time.localtime(second))
