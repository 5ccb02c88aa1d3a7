"""Selection expressions: which route a message takes, and which model it has to fit."""

import json
from collections.abc import Mapping

import jsonschema

from local.stack.app import Models, Route
from local.stack.expressions import parse


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
        return parse(expression).evaluate(json.loads(body))
    except (ValueError, RecursionError):
        return "$default"
