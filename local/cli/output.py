"""Prints the result of a command to the standard output."""

import os
import sys

from local.errors import CannotDo


def print_result(text: str) -> None:
    """
    Print a line, or lines, of a command's result.

    Raises:
        CannotDo: If it cannot be written, for instance on a full disk.
        SystemExit: With status 1 and no text if the reader has ended, as ``head`` does.

    """
    try:
        print(text, flush=True)
    except OSError as error:
        # Python writes the text again as it exits, and would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise SystemExit(1) from None
        raise CannotDo(f"The result cannot be written: {error.strerror}.") from error
