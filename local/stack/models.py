"""The models of a template: JSON schemas that say what the messages of a route look like."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT4

from local.stack.app import Models
from local.stack.errors import TemplateError
from local.stack.expressions import parse
from local.stack.resources import TRUE, Resources
from local.stack.source import Source


class Unusable(TemplateError):
    """A schema that API Gateway may take, and Python cannot evaluate."""


def read_models(
    resources: Resources, api: str, route: Mapping[str, Any], name: str, source: Source
) -> tuple[Models | None, list[str]]:
    """
    Return what the messages of a route have to fit, and what is to be said of it.

    Args:
        api: The logical id of the API.
        name: The logical id of the route.

    """
    chosen, selection = route.get("RequestModels"), route.get("ModelSelectionExpression")
    if not chosen or not selection:
        text = f"{name} has RequestModels and no ModelSelectionExpression: no message of {name} is validated."
        return None, [source.said(text, name)] if chosen else []
    said = [
        source.said(f"In the ModelSelectionExpression of {name}, {each}.", name) for each in parse(selection).problems
    ]
    models = resources.of_type("AWS::ApiGatewayV2::Model")
    mine = {model: each for model, each in models.items() if each.get("ApiId") in (resources.ref(api), None)}
    by_name = {each["Name"]: (model, each["Schema"]) for model, each in mine.items()}
    if missing := [each for each in chosen.values() if each not in by_name]:
        raise TemplateError(f"The route {route['RouteKey']} has no model {missing[0]} of the template.", name)
    try:
        return Models(selection, {key: _schema(*by_name[each]) for key, each in chosen.items()}), said
    except TemplateError as error:
        unchecked = resources.properties(api).get("DisableSchemaValidation") in TRUE
        if not unchecked and not isinstance(error, Unusable):
            raise
        return None, [*said, source.said(f"{error} No message of {name} is validated.", str(error.resource))]


def _schema(name: str, written: Any) -> Any:
    try:
        schema = json.loads(written) if isinstance(written, str) else written
        jsonschema.Draft4Validator.check_schema(schema, format_checker=jsonschema.FormatChecker(()))  # no patterns yet
    except (jsonschema.SchemaError, ValueError) as error:
        problem = error.message if isinstance(error, jsonschema.SchemaError) else str(error)
        raise TemplateError(f"The Schema of {name} is no JSON schema: {problem}.", name) from error
    resolver = Registry().resolver_with_root(DRAFT4.create_resource(schema))
    for part in _parts(schema):
        try:
            if isinstance(reference := part.get("$ref"), str):
                resolver.lookup(reference)
            patterns = part.get("patternProperties")
            for pattern in (part.get("pattern"), *(patterns if isinstance(patterns, dict) else ())):
                re.compile(pattern if isinstance(pattern, str) else "")
        except (Unresolvable, re.error) as error:
            raise Unusable(f"The Schema of {name} cannot be evaluated here: {error}.", name) from error
    return schema


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
    for each in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _parts(each)
