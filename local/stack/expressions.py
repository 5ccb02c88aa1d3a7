"""
API Gateway's selection expressions: text with variables in it, which a message gives their values.

Source: "WebSocket selection expressions" and "Route selection expressions", API Gateway developer guide. Behind
``request.body`` stands any JSONPath. Paths that name one value are walked here, as every message takes one;
jsonpath-ng finds what all others name.

"""

import functools
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_QUOTED = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\""""
_STEP = rf"\.\.?(?:[\w-]+|\*)|\.?\.?\[(?:{_QUOTED}|\[(?:{_QUOTED}|[^\[\]'\"])*\]|[^\[\]'\"])*\]"
_TOKEN = re.compile(
    rf"\\\$|\$\{{(?P<wrapped>(?:{_QUOTED}|[^}}'\"])*)\}}|\$(?P<bare>[A-Za-z]\w*(?:{_STEP}|\(\))*)|[^\\$]+|.", re.DOTALL
)
_NAME = re.compile(r"\.([\w-]+)")
_IN_BRACKETS = re.compile(rf"\.?\[\s*(?:({_QUOTED})|(-?[0-9]+))\s*\]")

STATUS = "integration.response.statuscode"
"""The variable of a response: the status of the integration."""

Find = Callable[[Any], Any]
"""Takes a message as ``json.loads`` gives it, and returns the value that a variable names, None without one."""


@dataclass(frozen=True)
class Expression:
    """
    Attributes:
        parts: Static texts, paths into the message, and names of other variables.
        problems: Why a variable has no value here, each a clause. Such a variable is empty.

    """

    parts: tuple[str | Find, ...]
    problems: tuple[str, ...] = ()

    @property
    def static(self) -> str | None:
        """The one value of an expression without variables; None of another."""
        texts = [each for each in self.parts if isinstance(each, str)]
        return "".join(texts) if len(texts) == len(self.parts) and not self.problems else None

    def evaluate(self, message: Any) -> str:
        """
        Return the value for a message that is JSON.

        Raises:
            ValueError, RecursionError: If the value is too large, or too deep.

        """
        return "".join([each if isinstance(each, str) else _text(each(message)) for each in self.parts])


@functools.lru_cache
def parse(expression: str, status: str | None = None) -> Expression:
    """
    Read an expression.

    Args:
        status: The integration's, for an expression about its response.

    """
    known = {} if status is None else {STATUS: status}
    parts: list[str | Find] = []
    problems: list[str] = []
    for token in _TOKEN.finditer(expression):
        variable = token["wrapped"] if token["wrapped"] is not None else token["bare"]
        try:
            if variable is not None and token[0] != "$default":  # which ought to be written \$default
                parts.append(_variable(variable.strip(), known))
            elif token[0] == "$":
                raise ValueError("begins no variable")
            else:
                parts.append("$" if token[0] == r"\$" else token[0])
        except ValueError as error:
            problems.append(f"{token[0]} {error}")
    return Expression(tuple(parts), tuple(problems))


def _variable(variable: str, known: Mapping[str, str]) -> str | Find:
    if variable in known:
        return known[variable]
    path = variable.removeprefix("request.body")
    if path == variable or not re.match(r"[.\[]|$", path):
        raise ValueError("is not a variable that it takes")
    steps = [each[0] for each in re.finditer(_STEP, path)]
    if "".join(steps) != path:
        raise ValueError("is not a JSONPath that can be evaluated here")
    names = [_one(each) for each in steps]
    if any(each is None for each in names):
        return _many("".join(_bracketed(each) for each in steps))
    return functools.partial(_member, [each for each in names if each is not None])


def _one(step: str) -> str | int | None:
    """Return the name or the index that a step of a path takes, or None if it may take several."""
    if name := _NAME.fullmatch(step):
        return name[1]
    if not (found := _IN_BRACKETS.fullmatch(step)):
        return None
    return int(found[2]) if found[2] else re.sub(r"\\(.)", r"\1", found[1][1:-1])


def _member(steps: list[str | int], value: Any) -> Any:
    for step in steps:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
    return value


def _bracketed(step: str) -> str:
    """Write a name as jsonpath-ng takes any."""
    return re.sub(r"^(\.?)\.([\w-]+)$", r"\1\1['\2']", step)


def _many(path: str) -> Find:
    # Slow to load, and rarely needed.
    from jsonpath_ng.exceptions import JSONPathError
    from jsonpath_ng.ext.parser import parse as parse_path

    try:
        found = parse_path(f"${path}")
    except (JSONPathError, ValueError) as error:
        raise ValueError(f"is not a JSONPath that can be evaluated here ({error})") from error

    def find(message: Any) -> Any:
        # unsure: such a path gives a list in Jayway's library, of one value or of none, too.
        try:
            return [each.value for each in found.find(message)]
        except (AttributeError, IndexError, KeyError, TypeError):  # a filter that compares text with a number, say
            return None

    return find


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list):
        return f"[{', '.join(map(_text, value))}]"
    # unsure: what becomes of an object; numbers and booleans are written as JSON writes them.
    return json.dumps(value)
