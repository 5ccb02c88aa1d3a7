"""The models of a template: JSON schemas for the messages of a route."""

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


class UnsupportedSchema(TemplateError):
    """API Gateway may accept the schema, but Python cannot evaluate it."""


def read_models(
    resources: Resources, api: str, route: Mapping[str, Any], name: str, source: Source
) -> tuple[Models | None, list[str]]:
    """
    Return the models of a route, and notes about them. None: messages are not validated.

    Args:
        api: The logical id of the API.
        route: The properties of the route.
        name: The logical id of the route.

    Raises:
        TemplateError: If a model is not in the template, or is not a JSON schema.

    """
    chosen, selection = route.get("RequestModels"), route.get("ModelSelectionExpression")
    not_validated = f"The messages of {name} are not validated."
    if not chosen or not selection:
        text = f"{name} has RequestModels, but no ModelSelectionExpression. {not_validated}"
        return None, [source.note(text, name)] if chosen else []
    notes = [source.note(text, name) for text in parse(selection).notes(f"the ModelSelectionExpression of {name}")]
    models = resources.of_type("AWS::ApiGatewayV2::Model").items()
    of_api = {model: each for model, each in models if each.get("ApiId") in (resources.ref(api), None)}
    schemas = {each["Name"]: (model, each["Schema"]) for model, each in of_api.items()}
    if missing := [model for model in chosen.values() if model not in schemas]:
        raise TemplateError(f"The model {missing[0]} of the route {route['RouteKey']} is not in the template.", name)
    try:
        return Models(selection, {key: _schema(*schemas[model]) for key, model in chosen.items()}), notes
    except TemplateError as error:
        validation_disabled = resources.properties(api).get("DisableSchemaValidation") in TRUE
        if not validation_disabled and not isinstance(error, UnsupportedSchema):
            raise
        return None, [*notes, source.note(f"{error} {not_validated}", str(error.resource))]


def _schema(name: str, written: Any) -> Any:
    """Return the JSON schema of a model as Python values. Raises TemplateError, or UnsupportedSchema."""
    try:
        schema = json.loads(written) if isinstance(written, str) else written
        # Without format checks: patterns that only Java can read are found below, with an error of their own.
        jsonschema.Draft4Validator.check_schema(schema, format_checker=jsonschema.FormatChecker(()))
    except (jsonschema.SchemaError, ValueError) as error:
        problem = error.message if isinstance(error, jsonschema.SchemaError) else str(error)
        raise TemplateError(f"The Schema of {name} is not a JSON schema: {problem}.", name) from error
    resolver = Registry().resolver_with_root(DRAFT4.create_resource(schema))
    for part in _parts(schema):
        try:
            if isinstance(reference := part.get("$ref"), str):
                resolver.lookup(reference)
            patterns = part.get("patternProperties")
            for pattern in (part.get("pattern"), *(patterns if isinstance(patterns, dict) else ())):
                re.compile(pattern if isinstance(pattern, str) else "")
        except (Unresolvable, re.error) as error:
            raise UnsupportedSchema(f"The gateway cannot evaluate the Schema of {name}: {error}.", name) from error
    return schema


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every mapping in a schema, at any depth."""
    if isinstance(schema, dict):
        yield schema
    for member in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _parts(member)
