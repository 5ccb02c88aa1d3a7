"""JSON as browsers and RFC 8259 read it. Python's own module is more lenient."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


def loads(text: str) -> Any:
    """
    Parse a text.

    A number beyond the range of an IEEE double becomes an infinity: it is JSON,
    and the caller decides whether it may stand where it stands.

    Raises:
        ValueError: If the text is not JSON, if it holds NaN, Infinity, a lone surrogate, a
            byte-order mark or a duplicate member, or if it nests deeper than Python's parser
            reads: a thousand levels are read, 128 KB of brackets are not.

    """
    text.encode()  # a lone surrogate that came unescaped: UnicodeEncodeError is a ValueError
    try:
        value = _DECODE(text)
        if _SURROGATE_ESCAPE.search(text):
            dumps(value, allow_nan=True).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
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
