"""What a command of an operator prints."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """
    The outcome of a command.

    Attributes:
        answer: What ``--json`` prints: the hub's answer, or its answers put together.
        lines: What the command prints without ``--json``.
        status: The exit status.

    """

    answer: Mapping[str, Any]
    lines: Sequence[str]
    status: int = 0


def count(number: int, noun: str) -> str:
    """Return a number and its noun: ``1 connection``, ``2,000 connections``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def columns(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a line for each row, with two spaces between columns that are as wide as their widest text."""
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in table]
