"""Prints the result of a command to the standard output."""

import json
import os
import sys
from typing import Any

from local.errors import CannotDo


def print_result(text: str) -> None:
    """
    Print a line, or lines, of a command's result.

    Raises:
        CannotDo: If it cannot be written, for instance on a full disk.
        SystemExit: With status 1 and no text if the reader has ended, as ``head`` does.

    """
    try:
        _print(text)
    except OSError as error:
        # Python writes the text again as it exits, and would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise SystemExit(1) from None
        raise CannotDo(f"The result cannot be written: {error.strerror}.") from error


def print_json(value: Any) -> None:
    """
    Print a value as JSON on one line, without control characters. See ``print_result``.

    A character is escaped if the terminal's encoding lacks it, or if it is a lone surrogate.

    """
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding)
        print_result(text if text.isprintable() else json.dumps(value))
    except UnicodeEncodeError:
        print_result(json.dumps(value))


def _print(text: str) -> None:
    encoding = sys.stdout.encoding
    print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)
