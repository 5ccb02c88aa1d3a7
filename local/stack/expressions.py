"""
API Gateway's selection expressions: text with variables. A message gives the variables their values.

Source: "WebSocket selection expressions" and "Route selection expressions", API Gateway developer guide. A JSONPath
may follow ``request.body``. This module evaluates a path to a single value itself, because every message needs one.
The jsonpath-ng library evaluates all other paths, except those with functions.

"""

import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

QUOTED = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\""""
"""A regular expression for text in single or double quotes."""

_BRACKETS = rf"\.?\.?\[(?:{QUOTED}|\[(?:{QUOTED}|[^\[\]'\"])*\]|[^\[\]'\"])*\]"
_NAME = r"[^\s.\[\]{}()*'\"\\]+"
_STEP = rf"\.\.?(?:{_NAME}|\*)|{_BRACKETS}"

# unsure: AWS does not document where a path without braces ends. Here static text may follow it, or another variable.
_VARIABLE = r"\$(?:\{|(?:request|context|integration|stageVariables)\b)"
_BARE_NAME = rf"(?:(?![_@:-]?{_VARIABLE})[\w@$:-])+"
# Static text with one of these characters at its start is more likely a part of the path, unless a variable follows.
_REST = rf"(?:[.@:*()\[\]}}]|\\(?!\$))(?!{_VARIABLE})[^\s$]*"
_TOKEN = re.compile(
    rf"\\\$|\$\{{(?P<wrapped>(?:{QUOTED}|[^}}'\"])*)\}}"
    rf"|\$(?P<bare>[A-Za-z]\w*(?:\.\.?(?:{_BARE_NAME}|\*)|{_BRACKETS}|\(\))*(?:{_REST})?)|[^\\$]+|.",
    re.DOTALL,
)
_ONE_NAME = re.compile(rf"\.({_NAME})")
_IN_BRACKETS = re.compile(rf"\.?\[\s*(?:({QUOTED})|(-?[0-9]+))\s*\]")
_NOT_IN_BRACKETS = re.compile(
    r"\.*\[\s*[^\s\d*?(:'\"-]"
)  # jsonpath-ng reads [name] there, which JSONPath does not have

STATUS = "integration.response.statuscode"
"""The variable for the status of the integration, in expressions about its response."""

Find = Callable[[Any], Any]
"""Takes a message as ``json.loads`` returns it. Returns the value of a variable, or None if it has none."""


@dataclass(frozen=True)
class Expression:
    """
    A parsed expression.

    Attributes:
        parts: Static texts, and functions that find the value of a variable in the message.
        problems: A clause for each variable that cannot be evaluated. Such a variable is empty.

    """

    parts: tuple[str | Find, ...]
    problems: tuple[str, ...] = ()

    @property
    def static(self) -> str | None:
        """The value of an expression without variables. None: the value depends on the message."""
        texts = [part for part in self.parts if isinstance(part, str)]
        return "".join(texts) if len(texts) == len(self.parts) and not self.problems else None

    def notes(self, where: str) -> Iterator[str]:
        """
        Yield a note for each variable that cannot be evaluated.

        Args:
            where: The expression, in words.

        """
        yield from (f"In {where}, {problem}: the variable is empty." for problem in self.problems)

    def evaluate(self, message: Any) -> str:
        """
        Return the value for a message.

        Args:
            message: The message as ``json.loads`` returns it.

        Raises:
            ValueError, RecursionError: If the value is too large or nested too deeply.

        """
        return "".join([part if isinstance(part, str) else _text(part(message)) for part in self.parts])


@functools.lru_cache
def parse(expression: str, status: str | None = None) -> Expression:
    """
    Parse an expression.

    Args:
        status: The status of the integration, for an expression about its response. None: any other expression.

    """
    known = {} if status is None else {STATUS: status}
    parts: list[str | Find] = []
    problems: list[str] = []
    for token in _TOKEN.finditer(expression):
        variable = token["wrapped"] if token["wrapped"] is not None else token["bare"]
        try:
            if variable is not None and token[0] != "$default":  # it should be written \$default
                parts.append(_variable(variable.strip(), known))
            elif token[0] == "$":
                raise ValueError("does not begin a variable")
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
        raise ValueError("is not a supported variable")
    steps = [match[0] for match in re.finditer(_STEP, path)]
    if "".join(steps) != path or any(_NOT_IN_BRACKETS.match(step) for step in steps):
        raise ValueError("is not a JSONPath that the gateway can evaluate")
    keys = [_single_key(step) for step in steps]
    if any(key is None for key in keys):
        return _find_list("".join(_bracketed(step) for step in steps))
    return functools.partial(_member, [key for key in keys if key is not None])


def _single_key(step: str) -> str | int | None:
    """Return the name or the index in a step of a path, or None if the step may lead to several values."""
    if name := _ONE_NAME.fullmatch(step):
        return name[1]
    if not (match := _IN_BRACKETS.fullmatch(step)):
        return None
    return int(match[2]) if match[2] else re.sub(r"\\(.)", r"\1", match[1][1:-1])


def _member(steps: list[str | int], value: Any) -> Any:
    """Return the value at the end of a path, or None if the message does not have it."""
    for step in steps:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
    return value


def _bracketed(step: str) -> str:
    """Write a name in brackets: jsonpath-ng accepts any name there."""
    return re.sub(rf"^(\.?)\.({_NAME})$", r"\1\1['\2']", step)


def _find_list(path: str) -> Find:
    """Return the function that finds the list of values of a path."""
    # Imported only here: it loads slowly, and few templates need it.
    from jsonpath_ng.exceptions import JSONPathError
    from jsonpath_ng.ext.parser import parse as parse_path

    try:
        parsed = parse_path(f"${path}")
    except (JSONPathError, ValueError) as error:
        raise ValueError(f"is not a JSONPath that the gateway can evaluate ({error})") from error

    def find(message: Any) -> Any:
        # unsure: Jayway's library for Java returns a list here, also for one value or none.
        try:
            return [match.value for match in parsed.find(message)]
        except (AttributeError, IndexError, KeyError, TypeError):  # for example, a filter compares text with a number
            return None

    return find


def _text(value: Any) -> str:
    """Return a value of the message as text, as API Gateway writes it into the key of a route or of a response."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list):
        return f"[{', '.join(map(_text, value))}]"
    # unsure: how API Gateway writes an object. It writes numbers and booleans as JSON does.
    return json.dumps(value)
