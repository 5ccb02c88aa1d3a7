"""JSON as browsers and RFC 8259 read it. Python's own module is more lenient."""

import json
import math
import re
from collections.abc import Generator, Iterator
from typing import Any, NoReturn, TypeAlias

_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_MARK = re.compile(r'[ \t\n\r]*("(?:[^"\\]|\\.)*"|[\[\]{},:]|[^ \t\n\r\[\]{},:"]+|\Z)', re.DOTALL)
_END = ""


def loads(text: str) -> Any:
    """
    Parse a text.

    A number beyond the range of an IEEE double becomes an infinity: it is JSON,
    and the caller decides whether it may stand where it stands.

    Raises:
        ValueError: If the text is not JSON, or if it holds NaN, Infinity, a lone
            surrogate, a byte-order mark or a duplicate member, at any depth.

    """
    text.encode()  # a lone surrogate that came unescaped: UnicodeEncodeError is a ValueError
    try:
        value = _DECODE(text)
        if _SURROGATE_ESCAPE.search(text):
            dumps(value, allow_nan=True).encode()
    except RecursionError:
        return _loads_deep(text)
    return value


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


def _loads_deep(text: str) -> Any:
    """Parse what nests too deeply for Python's parser: slower, by the same rules, without recursion."""
    marks = (match[1] for match in _matches(text))
    waiting = [_value(next(marks), marks)]
    result = None
    while waiting:
        try:
            waiting.append(waiting[-1].send(result))
            result = None
        except StopIteration as done:
            waiting.pop()
            result = done.value
    if next(marks) != _END:
        raise ValueError("text after the value")
    return result


def _matches(text: str) -> Iterator[re.Match[str]]:
    position = 0
    while match := _MARK.match(text, position):
        yield match
        position = match.end()
    raise ValueError("a string without its end")


_Parsing: TypeAlias = Generator["_Parsing", Any, Any]
"""Reads one value. It yields the reader of each value inside, and is sent what that has read."""


def _value(mark: str, marks: Iterator[str]) -> _Parsing:
    if mark == "[":
        return (yield from _list(marks))
    if mark == "{":
        return _unique((yield from _members(marks)))
    value = _DECODE(mark)
    if isinstance(value, str):
        value.encode()
    return value


def _list(marks: Iterator[str]) -> _Parsing:
    items: list[Any] = []
    mark = next(marks)
    while mark != "]" or items:
        items.append((yield _value(mark, marks)))
        if _comma_or(next(marks), "]"):
            break
        mark = next(marks)
    return items


def _members(marks: Iterator[str]) -> _Parsing:
    pairs: list[tuple[str, Any]] = []
    mark = next(marks)
    while mark != "}" or pairs:
        name = yield _value(mark, marks)
        if not mark.startswith('"') or next(marks) != ":":
            raise ValueError("not a name and a colon")
        pairs.append((name, (yield _value(next(marks), marks))))
        if _comma_or(next(marks), "}"):
            break
        mark = next(marks)
    return pairs


def _comma_or(mark: str, end: str) -> bool:
    if mark not in {",", end}:
        raise ValueError(f"neither a comma nor {end}")
    return mark == end
