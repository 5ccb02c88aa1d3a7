"""Reads a template into an ``App``."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from local.place import HERE, Place
from local.stack import notes
from local.stack.app import App, Store
from local.stack.errors import MISSHAPEN, TemplateError, misshapen
from local.stack.functions import functions
from local.stack.parameters import parameter_values
from local.stack.reading import read
from local.stack.resource_types import NAMES
from local.stack.resources import TRUE, Resources
from local.stack.routes import Routes, throttle
from local.stack.source import Source
from local.stack.translation import translate

OTHER_APIS = ("AWS::Serverless::HttpApi", "AWS::Serverless::Api", "AWS::ApiGateway::RestApi")

ENDPOINT = "WebSocketEndpoint"
"""A parameter that has the URL of the management API as its value, unless somebody gives another."""


def load(
    path: Path,
    parameters: Mapping[str, str],
    api: str | None = None,
    page: str | None = None,
    place: Place = HERE,
) -> App:
    """
    Read a template.

    Args:
        parameters: Values for its parameters; the others have their defaults.
        api: The logical id of the API to serve; without it, the first.
        page: URL of the gateway, without a slash at the end: the parameter WebSocketEndpoint leads there.
        place: The region and the account that the template's resources are in.

    Raises:
        TemplateError: If it cannot be read, translated or served.

    """
    source = read(path)
    declared = source.content["Parameters"]
    try:
        values = parameter_values(declared, parameters)
        template = translate(source, parameters, place)
        resources = Resources(template, values, place)
        app = _app(source, resources, api)
        if page and ENDPOINT in declared and ENDPOINT not in parameters:
            resources = Resources(template, values | {ENDPOINT: f"{page}/{app.stage}"}, place)
            app = _app(source, resources, api)
        return replace(app, notes=(*app.notes, *_notes(source, parameters, values, resources)))
    except TemplateError as error:
        raise source.located(error) from error
    except MISSHAPEN as error:
        raise TemplateError(f"{path}: {misshapen(error)}") from error


def _notes(
    source: Source, given: Mapping[str, str], values: Mapping[str, Any], resources: Resources
) -> tuple[str, ...]:
    return (
        *notes.of_parameters(source, given, values),
        *source.notes,
        *(source.said(text, name) for (name, _), text in resources.notes.items()),
        *notes.unknown(source),
        *notes.events(source),
        *notes.left_as_written(source),
        *notes.not_imitated(resources),
    )


def _app(source: Source, resources: Resources, wanted: str | None) -> App:
    api, others = _choose(resources, wanted)
    properties = resources.properties(api)
    found = functions(resources, source)
    stage, more_stages = _stage(resources, api, source)
    reader = Routes(resources, api, stage, found, source)
    routes = reader.read()
    of_functions = (*found.unusable.values(), *found.notes)
    return App(
        api=api,
        api_id=reader.api_id,
        stage=stage["StageName"],
        selection=properties.get("RouteSelectionExpression", ""),
        routes=routes,
        functions=found.usable,
        store=_store(resources, source),
        stage_variables={name: str(value) for name, value in stage.get("StageVariables", {}).items()},
        throttle=throttle(stage.get("DefaultRouteSettings", {})),
        domains=reader.domains(),
        place=resources.place,
        notes=(*others, *more_stages, *of_functions, *reader.notes, *notes.unavailable(routes, found)),
    )


def _choose(resources: Resources, wanted: str | None) -> tuple[str, list[str]]:
    """Return the API to serve, and what is to be said of the others."""
    kinds = {name: resources.properties(name).get("ProtocolType") for name in resources.names("AWS::ApiGatewayV2::Api")}
    sockets = [name for name, kind in kinds.items() if kind == "WEBSOCKET"]
    if not sockets:
        other = next(iter([*kinds, *resources.names(*OTHER_APIS)]), None)
        has = f": {other} is an API of another kind" if other else ""
        raise TemplateError(f"The template has no WebSocket API to serve{has}.", other)
    if wanted and wanted not in sockets:
        raise TemplateError(f"The template has no WebSocket API {wanted}; it has {', '.join(sockets)}.")
    api = wanted or sockets[0]
    said = [f"The HTTP API {name} is not served here." for name, kind in kinds.items() if kind != "WEBSOCKET"]
    if len(sockets) > 1:
        others = ", ".join(name for name in sockets if name != api)
        said.insert(0, f"Of {len(sockets)} WebSocket APIs, {api} is served; --api NAME serves another: {others}.")
    return api, said


def _stage(resources: Resources, api: str, source: Source) -> tuple[dict[str, Any], list[str]]:
    stages = resources.of_type("AWS::ApiGatewayV2::Stage")
    mine = {name: each for name, each in stages.items() if each.get("ApiId") == resources.ref(api)}
    if not mine:
        raise TemplateError(f"{api} has no AWS::ApiGatewayV2::Stage, so nobody could connect to it.", api)
    (which, stage), *others = mine.items()
    if not re.fullmatch("[A-Za-z0-9_-]+", name := stage["StageName"]):
        raise TemplateError(f"The StageName of {which} is {name}; it may have letters, digits, - and _ only.", which)
    said = [f"The stage {each['StageName']} of {api} is not served here." for _, each in others]
    deployments = resources.of_type("AWS::ApiGatewayV2::Deployment").values()
    deployed = {each.get("StageName") for each in deployments if each.get("ApiId") == stage["ApiId"]}
    if stage.get("AutoDeploy") not in TRUE and "DeploymentId" not in stage and name not in deployed:
        text = f"{which} has neither AutoDeploy nor a DeploymentId, so API Gateway would serve no route of it."
        said.append(source.said(text, which))
    return stage, said


def _store(resources: Resources, source: Source) -> Store:
    places: dict[str, str] = {}

    def all_of(*kinds: str) -> tuple[dict[str, Any], ...]:
        found = resources.of_type(*kinds)
        places.update({each[NAMES[kinds[0]]]: source.place(name) for name, each in found.items()})
        return tuple(found.values())

    return Store(
        tables=all_of("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"),
        secrets=all_of("AWS::SecretsManager::Secret"),
        parameters=all_of("AWS::SSM::Parameter"),
        buckets=all_of("AWS::S3::Bucket"),
        queues=all_of("AWS::SQS::Queue"),
        topics=all_of("AWS::SNS::Topic"),
        places=places,
    )


def translated(path: Path, parameters: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the CloudFormation that SAM makes of a template."""
    return translate(read(path), parameters or {}, HERE)
