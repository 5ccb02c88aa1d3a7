"""JSON as browsers and RFC 8259 define it. Python's own module ``json`` is more lenient."""

import json
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


def loads(text: str) -> Any:
    """
    Parse a JSON text.

    A number beyond the range of an IEEE double is valid JSON. It becomes an infinity, or stays an integer, and the
    caller decides with ``is_finite`` whether to accept it.

    Raises:
        ValueError: If the text is not JSON; if it contains NaN, Infinity, a lone surrogate, a byte-order mark or a
            duplicate member; or if it nests deeper than Python's parser can read. A thousand levels can be read,
            128 KB of brackets cannot.

    """
    text.encode()  # raises UnicodeEncodeError, which is a ValueError, if there is an unescaped lone surrogate
    try:
        value = _DECODE(text)
        if _SURROGATE_ESCAPE.search(text):
            dumps(value, allow_nan=True).encode()  # raises if there is an escaped lone surrogate
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def dumps(value: Any, allow_nan: bool = False) -> str:
    """Serialise without white space and without escaping characters: the length in UTF-8 counts."""
    return json.dumps(value, ensure_ascii=False, allow_nan=allow_nan, separators=(",", ":"))


def layers(value: Any) -> Iterator[list[Any]]:
    """Yield the values at each depth, outermost first. There is no recursion, because the client chooses the depth."""
    layer = [value]
    while layer:
        yield layer
        layer = [child for value in layer for child in _children(value)]


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def is_finite(number: float) -> bool:
    """Return whether a number is finite as an IEEE double."""
    try:
        return math.isfinite(number)
    except OverflowError:  # the integer is too large for a double
        return False


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("duplicate member")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _integer(digits: str) -> int | float:
    # The largest double has 309 digits, and int() refuses more than 4,300 digits.
    return int(digits) if len(digits) <= 310 else math.copysign(math.inf, -1 if digits.startswith("-") else 1)


_DECODE = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_integer).decode
