"""Loads a template into an ``App``."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from local.place import HERE, Place
from local.stack import notes
from local.stack.app import App, Store
from local.stack.errors import WRONG_SHAPE, TemplateError, wrong_shape
from local.stack.event_sources import read_event_sources
from local.stack.functions import read_functions
from local.stack.parameters import parameter_values
from local.stack.reading import read
from local.stack.resource_types import NAMES
from local.stack.resources import TRUE, Resources
from local.stack.routes import RouteReader, throttle
from local.stack.source import Source
from local.stack.translation import translate

OTHER_APIS = ("AWS::Serverless::HttpApi", "AWS::Serverless::Api", "AWS::ApiGateway::RestApi")
"""Types of APIs that are not WebSocket APIs, apart from ``AWS::ApiGatewayV2::Api``, which may be one."""

ENDPOINT = "WebSocketEndpoint"
"""The parameter for the URL of the management API. If the user does not set it, it is the gateway's URL."""


def load(
    path: Path,
    parameters: Mapping[str, str],
    api: str | None = None,
    page: str | None = None,
    place: Place = HERE,
) -> App:
    """
    Load a template.

    Args:
        path: The template's file.
        parameters: Values for parameters of the template. The other parameters have their defaults.
        api: The logical id of the API to serve. None: the first WebSocket API.
        page: The URL of the gateway, without a slash at the end, for the parameter WebSocketEndpoint.
        place: The region and the account of the template's resources.

    Raises:
        TemplateError: If the template cannot be read, translated or served.

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
    except WRONG_SHAPE as error:
        raise TemplateError(f"{path}: {wrong_shape(error)}") from error


def translated(path: Path, parameters: Mapping[str, str] | None = None) -> dict[str, Any]:
    """
    Return the CloudFormation template that SAM makes of a template.

    Args:
        parameters: Values for parameters of the template. The other parameters have their defaults.

    Raises:
        TemplateError: If the template cannot be read or translated.

    """
    return translate(read(path), parameters or {}, HERE)


def _notes(
    source: Source, given: Mapping[str, str], values: Mapping[str, Any], resources: Resources
) -> tuple[str, ...]:
    return (
        *notes.parameters(source, given, values),
        *source.notes,
        *(source.note(text, name) for (name, _), text in resources.notes.items()),
        *notes.unknown_to_sam(source),
        *notes.events(source),
        *notes.not_evaluated(source),
        *notes.not_imitated(source, resources),
    )


def _app(source: Source, resources: Resources, wanted: str | None) -> App:
    api, api_notes = _choose_api(source, resources, wanted)
    properties = resources.properties(api)
    functions = read_functions(resources, source)
    stage, stage_notes = _choose_stage(resources, api, source)
    reader = RouteReader(resources, api, stage, functions, source)
    routes = reader.read()
    event_sources, source_notes = read_event_sources(resources, functions, source)
    function_notes = (*functions.unusable.values(), *functions.notes, *source_notes)
    return App(
        api=api,
        api_id=reader.api_id,
        stage=stage["StageName"],
        selection=properties.get("RouteSelectionExpression", ""),
        routes=routes,
        functions=functions.usable,
        store=_store(resources, source),
        event_sources=event_sources,
        stage_variables={name: str(value) for name, value in stage.get("StageVariables", {}).items()},
        throttle=throttle(stage.get("DefaultRouteSettings", {})),
        domains=reader.domains(),
        place=resources.place,
        authentication=resources.output("Authentication"),
        notes=(*api_notes, *stage_notes, *function_notes, *reader.notes, *notes.unavailable(routes, functions)),
    )


def _choose_api(source: Source, resources: Resources, wanted: str | None) -> tuple[str, list[str]]:
    """Return the logical id of the API to serve, and notes about the other APIs."""
    protocols = {
        name: resources.properties(name).get("ProtocolType") for name in resources.names("AWS::ApiGatewayV2::Api")
    }
    websocket_apis = [name for name, protocol in protocols.items() if protocol == "WEBSOCKET"]
    if not websocket_apis:
        other = next(iter([*protocols, *resources.names(*OTHER_APIS)]), None)
        reason = f": {other} is an API of another type" if other else ""
        raise TemplateError(f"The template has no WebSocket API to serve{reason}.", other)
    if wanted and wanted not in websocket_apis:
        raise TemplateError(f"The template has no WebSocket API {wanted}; it has {', '.join(websocket_apis)}.")
    api = wanted or websocket_apis[0]
    api_notes = [
        source.note(f"The gateway does not serve {name}, which is an HTTP API.", name)
        for name, protocol in protocols.items()
        if protocol != "WEBSOCKET"
    ]
    if len(websocket_apis) > 1:
        others = ", ".join(name for name in websocket_apis if name != api)
        text = (
            f"Of {len(websocket_apis)} WebSocket APIs, the gateway serves {api}. Use --api to serve another: {others}."
        )
        api_notes.insert(0, source.note(text))
    return api, api_notes


def _choose_stage(resources: Resources, api: str, source: Source) -> tuple[dict[str, Any], list[str]]:
    """Return the properties of the API's first stage, and notes about its stages."""
    stages = resources.of_type("AWS::ApiGatewayV2::Stage")
    own = [(name, stage) for name, stage in stages.items() if stage.get("ApiId") == resources.ref(api)]
    if not own:
        raise TemplateError(f"{api} has no AWS::ApiGatewayV2::Stage, so clients could not connect to it.", api)
    (logical_id, stage), *others = own
    name = stage["StageName"]
    if not re.fullmatch("[A-Za-z0-9_-]+", name):
        text = f"The StageName of {logical_id} is {name}; it must consist of letters, digits, hyphens and underscores."
        raise TemplateError(text, logical_id)
    stage_notes = [
        source.note(f"The gateway does not serve the stage {other['StageName']} of {api}.", other_id)
        for other_id, other in others
    ]
    deployments = resources.of_type("AWS::ApiGatewayV2::Deployment").values()
    deployed = {deployment.get("StageName") for deployment in deployments if deployment.get("ApiId") == stage["ApiId"]}
    if stage.get("AutoDeploy") not in TRUE and "DeploymentId" not in stage and name not in deployed:
        text = f"{logical_id} has neither AutoDeploy nor a DeploymentId. API Gateway would not serve its routes."
        stage_notes.append(source.note(text, logical_id))
    return stage, stage_notes


def _store(resources: Resources, source: Source) -> Store:
    places: dict[str, str] = {}

    def all_of(*kinds: str) -> tuple[dict[str, Any], ...]:
        members = resources.of_type(*kinds)
        places.update({each[NAMES[kinds[0]]]: source.place(logical_id) for logical_id, each in members.items()})
        return tuple(members.values())

    return Store(
        tables=all_of("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"),
        secrets=all_of("AWS::SecretsManager::Secret"),
        parameters=all_of("AWS::SSM::Parameter"),
        buckets=all_of("AWS::S3::Bucket"),
        queues=all_of("AWS::SQS::Queue"),
        topics=all_of("AWS::SNS::Topic"),
        places=places,
    )
