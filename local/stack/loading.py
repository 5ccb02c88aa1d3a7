"""Reads a template into an ``App``."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from local.stack.app import App, Store
from local.stack.functions import functions
from local.stack.parameters import in_ssm, parameter_values
from local.stack.resources import Resources
from local.stack.routes import Routes, throttle
from local.stack.source import MISSHAPEN, Source, TemplateError, misshapen, read
from local.stack.translation import translate

IMITATED = re.compile(
    "AWS::(ApiGatewayV2|CloudWatch|IAM|Logs)::"
    "|AWS::(ApiGateway::(Account|ApiKey|UsagePlan|UsagePlanKey)|CertificateManager::Certificate"
    "|CloudFormation::WaitConditionHandle|DynamoDB::Table|Route53::RecordSet(Group)?|S3::Bucket(Policy)?|SNS::Topic"
    "|SQS::Queue(Policy)?|SSM::Parameter|SecretsManager::Secret"
    "|Serverless::Function|Lambda::(Alias|Function|LayerVersion|Permission|Version|EventInvokeConfig))$"
)
"""Types that are served here, or whose absence nobody notices."""


ENDPOINT = "WebSocketEndpoint"
"""A parameter that has the URL of the management API as its value, unless somebody gives another."""


def load(path: Path, parameters: Mapping[str, str], api: str | None = None, page: str | None = None) -> App:
    """
    Read a template.

    Args:
        parameters: Values for its parameters; the others have their defaults.
        api: The logical id of the API to serve; without it, the first.
        page: URL of the gateway, without a slash at the end: the parameter WebSocketEndpoint leads there.

    Raises:
        TemplateError: If it cannot be read, translated or served.

    """
    source = read(path)
    declared = source.content["Parameters"]
    values = parameter_values(declared, parameters)
    try:
        template = translate(source, parameters)
        app = _app(source, Resources(template, values), api)
        if page and ENDPOINT in declared and ENDPOINT not in parameters:
            app = _app(source, Resources(template, values | {ENDPOINT: f"{page}/{app.stage}"}), api)
    except TemplateError as error:
        raise source.located(error) from error
    except MISSHAPEN as error:
        raise TemplateError(f"{path}: {misshapen(error)}") from error
    unknown = [
        f"The value of {name} is in SSM on AWS; here it is {values[name]!r}, as no --parameter gives another."
        for name in in_ssm(declared, parameters)
    ]
    return replace(app, notes=(*app.notes, *unknown, *_events(source), *_not_imitated(template, values)))


def _app(source: Source, resources: Resources, wanted: str | None) -> App:
    api, others = _choose(resources, wanted)
    properties = resources.properties(api)
    found = functions(resources, source)
    stage, more_stages = _stage(resources, api)
    routes = Routes(resources, api, stage, found)
    return App(
        api=api,
        api_id=routes.api_id,
        stage=stage["StageName"],
        selection=properties.get("RouteSelectionExpression", ""),
        routes=routes.read(),
        functions=found.usable,
        store=_store(resources),
        stage_variables={name: str(value) for name, value in stage.get("StageVariables", {}).items()},
        throttle=throttle(stage.get("DefaultRouteSettings", {})),
        domains=routes.domains(),
        notes=(*others, *more_stages, *found.unusable.values(), *found.notes),
    )


def _choose(resources: Resources, wanted: str | None) -> tuple[str, list[str]]:
    """Return the API to serve, and what is to be said of the others."""
    kinds = {name: resources.properties(name).get("ProtocolType") for name in resources.names("AWS::ApiGatewayV2::Api")}
    sockets = [name for name, kind in kinds.items() if kind == "WEBSOCKET"]
    if not kinds:
        raise TemplateError("The template has no AWS::ApiGatewayV2::Api, so there is no WebSocket API to serve.")
    if not sockets:
        text = "The template's API is an HTTP API, and only a WebSocket API can be served here."
        raise TemplateError(text, next(iter(kinds)))
    if wanted and wanted not in sockets:
        raise TemplateError(f"The template has no WebSocket API {wanted}; it has {', '.join(sockets)}.")
    api = wanted or sockets[0]
    notes = [f"The HTTP API {name} is not served here." for name, kind in kinds.items() if kind != "WEBSOCKET"]
    if len(sockets) > 1:
        others = ", ".join(name for name in sockets if name != api)
        notes.insert(0, f"Of {len(sockets)} WebSocket APIs, {api} is served; --api NAME serves another: {others}.")
    return api, notes


def _stage(resources: Resources, api: str) -> tuple[dict[str, Any], list[str]]:
    stages = resources.of_type("AWS::ApiGatewayV2::Stage")
    mine = [each for each in stages.values() if each.get("ApiId") == resources.ref(api)]
    if not mine:
        raise TemplateError(f"{api} has no AWS::ApiGatewayV2::Stage, so nobody could connect to it.", api)
    others = [f"The stage {each['StageName']} of {api} is not served here." for each in mine[1:]]
    return mine[0], others


def _store(resources: Resources) -> Store:
    def all_of(kind: str) -> tuple[dict[str, Any], ...]:
        return tuple(resources.of_type(kind).values())

    return Store(
        tables=all_of("AWS::DynamoDB::Table"),
        secrets=all_of("AWS::SecretsManager::Secret"),
        parameters=all_of("AWS::SSM::Parameter"),
        buckets=all_of("AWS::S3::Bucket"),
        queues=all_of("AWS::SQS::Queue"),
        topics=all_of("AWS::SNS::Topic"),
    )


def _events(source: Source) -> list[str]:
    """Say which functions have events that never come here."""
    named = [
        f"{name} ({', '.join(sorted({event.get('Type', '?') for event in each['Properties']['Events'].values()}))})"
        for name, each in source.content["Resources"].items()
        if isinstance(each, dict) and isinstance(each.get("Properties", {}).get("Events"), dict)  # or it is a ForEach
    ]
    return [f"No events but the API's come here: none for {', '.join(named)}."] if named else []


def _not_imitated(template: Mapping[str, Any], values: Mapping[str, Any]) -> list[str]:
    types = Resources(template, values).types()
    others = [f"{name} ({kind})" for name, kind in types if not IMITATED.match(kind)]
    return [f"Not imitated here: {', '.join(others)}."] if others else []


def translated(path: Path, parameters: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the CloudFormation that SAM makes of a template."""
    return translate(read(path), parameters or {})
