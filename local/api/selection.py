"""Evaluates selection expressions: they choose the route of a message, and the model that the message has to fit."""

import json
from collections.abc import Mapping

import jsonschema

from local.stack.app import Models, Route
from local.stack.expressions import parse


def select(expression: str, routes: Mapping[str, Route], body: str) -> Route | None:
    """
    Return the route of a message: the route whose key is the selected value, else ``$default``, else None.

    No message selects ``$connect`` or ``$disconnect``. (unsure: no capture shows what AWS does; keys that start
    with $ are reserved.)

    """
    key = _evaluate(expression, body)
    if key in routes and not key.startswith("$"):
        return routes[key]
    return routes.get("$default")


def fits(models: Models | None, body: str) -> bool:
    """Return whether a message fits its model, if the route has models. A message that is not JSON fits no model."""
    if models is None:
        return True
    schema = models.schemas.get(_evaluate(models.selection, body), models.schemas.get("$default"))
    if schema is None:
        return False
    try:
        # API Gateway's models are JSON schemas of draft 4.
        return bool(jsonschema.Draft4Validator(schema).is_valid(json.loads(body)))
    except (ValueError, RecursionError, OverflowError):  # OverflowError: multipleOf, with a number too large
        return False


def _evaluate(expression: str, body: str) -> str:
    try:
        return parse(expression).evaluate(json.loads(body))
    except (ValueError, RecursionError):
        return "$default"
