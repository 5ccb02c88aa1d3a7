"""Selection expressions: which route a message takes, and which model it has to fit."""

import functools
import json
import re
from collections.abc import Mapping
from typing import Any

import jsonschema

from local.stack.app import Models, Route

_VARIABLE = re.compile(r"\$\{request\.body\.([\w.-]+)\}|\$request\.body\.([\w.-]+)")


def select(expression: str, routes: Mapping[str, Route], body: str) -> Route | None:
    """
    Return the route a message takes: an exact match, else ``$default``, else None.

    A message never reaches ``$connect`` or ``$disconnect``, whatever it says. (unsure:
    no capture shows what AWS does; keys that start with $ are reserved.)

    """
    key = _evaluate(expression, body)
    if key in routes and not key.startswith("$"):
        return routes[key]
    return routes.get("$default")


def fits(models: Models | None, body: str) -> bool:
    """Return whether a message is what its model describes. What is not JSON fits no model."""
    if models is None:
        return True
    schema = models.schemas.get(_evaluate(models.selection, body), models.schemas.get("$default"))
    if schema is None:
        return False
    try:
        # API Gateway's models are of draft 4.
        return bool(jsonschema.Draft4Validator(schema).is_valid(json.loads(body)))
    except (ValueError, RecursionError, OverflowError):  # the last of multipleOf, for a number too large
        return False


def _evaluate(expression: str, body: str) -> str:
    try:
        document = json.loads(body)
        return "".join(each if text else _text(_member(document, each)) for each, text in _parts(expression))
    except (ValueError, RecursionError):
        return "$default"


@functools.lru_cache
def _parts(expression: str) -> list[tuple[str, bool]]:
    """Split an expression into members' paths, and the text between them, for which the flag is True."""
    parts, end = [], 0
    for match in _VARIABLE.finditer(expression):
        parts += [(expression[end : match.start()], True), (match[1] or match[2], False)]
        end = match.end()
    return [each for each in [*parts, (expression[end:], True)] if each[0]]


def _member(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return f"[{', '.join(map(_text, value))}]"
    # unsure: what becomes of an object; numbers and booleans are written as JSON writes them.
    return value if isinstance(value, str) else json.dumps(value)
