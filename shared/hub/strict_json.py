"""JSON as browsers and RFC 8259 read it. Python's own module is more lenient."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

MAX_READ_DEPTH = 500
"""Levels kept of a text that nests too deeply for Python's parser; the rest is cut off.
Far above any level that ``frames`` accepts in a message, so what was cut is never delivered."""

_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{\]}]', re.DOTALL)


def loads(text: str) -> Any:
    """
    Parse a text.

    A number beyond the range of an IEEE double becomes an infinity: it is JSON,
    and the caller decides whether it may stand where it stands.

    Raises:
        ValueError: If the text is not JSON, or if it holds NaN, Infinity, a lone
            surrogate, a byte-order mark or a duplicate member, at any depth.

    """
    try:
        return _checked(text)
    except RecursionError:
        return _checked(_cut(text))


def dumps(value: Any, allow_nan: bool = False) -> str:
    """Serialise compactly, characters as themselves: what counts is the length in UTF-8."""
    return json.dumps(value, ensure_ascii=False, allow_nan=allow_nan, separators=(",", ":"))


def layers(value: Any) -> Iterator[list[Any]]:
    """Yield the values at each depth, the outermost alone first. Without recursion: depth is the client's choice."""
    layer = [value]
    while layer:
        yield layer
        containers = (value for value in layer if isinstance(value, (list, dict)))
        layer = [child for each in containers for child in (each.values() if isinstance(each, dict) else each)]


def is_finite(number: float) -> bool:
    """Return whether a number is finite as an IEEE double."""
    try:
        return math.isfinite(number)
    except OverflowError:  # an integer too large for a double
        return False


def _checked(text: str) -> Any:
    text.encode()  # a lone surrogate that came unescaped: UnicodeEncodeError is a ValueError
    value = _DECODE(text)
    if _SURROGATE_ESCAPE.search(text):
        dumps(value, allow_nan=True).encode()
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("duplicate member")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _integer(digits: str) -> int | float:
    # The largest double has 309 digits, and int() refuses more than 4,300.
    return int(digits) if len(digits) <= 310 else math.copysign(math.inf, -1 if digits.startswith("-") else 1)


_DECODE = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_integer).decode


def _cut(text: str) -> str:
    """Return the text without what lies deeper than MAX_READ_DEPTH."""
    kept: list[str] = []
    depth = start = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        if (mark := match[0]) in "[{":
            depth += 1
            if depth == MAX_READ_DEPTH:
                kept.append(text[start : match.end()])
        elif mark in "]}":
            if depth == MAX_READ_DEPTH:
                start = match.start()
            depth -= 1
    if depth < MAX_READ_DEPTH:
        kept.append(text[start:])
    return "".join(kept)
