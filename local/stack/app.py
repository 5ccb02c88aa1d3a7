"""What a template declares, as far as a local gateway needs it: routes, functions, tables, secrets."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.stack.intrinsics import TemplateError, text
from local.stack.template import CODE_BUCKET, Resources, parameter_values, translate


@dataclass(frozen=True)
class Function:
    """
    Attributes:
        path: Folders that Python looks for modules in: the function's own, then its layers'.
        handler: ``module.function``.
        timeout: Seconds.
        memory: MB. Nothing limits it here; the function may ask how much it has.

    """

    name: str
    path: tuple[Path, ...]
    handler: str
    environment: dict[str, str]
    timeout: float
    memory: int


@dataclass(frozen=True)
class LambdaIntegration:
    """
    Attributes:
        timeout: Seconds until API Gateway stops waiting, or None for its own 29.

    """

    function: str
    timeout: float | None


@dataclass(frozen=True)
class MockIntegration:
    """An integration without a backend: the same text every time."""

    reply: str


@dataclass(frozen=True)
class Route:
    """
    Attributes:
        two_way: Whether the integration's answer goes back to the client. Needs both
            a selection expression and a RouteResponse.

    """

    key: str
    integration: LambdaIntegration | MockIntegration
    two_way: bool


@dataclass(frozen=True)
class App:
    """
    Attributes:
        parameters: The names of those that the template declares.
        selection: The route selection expression, such as ``$request.body.action``.
        tables: Properties of each DynamoDB table, with its TableName filled in.
        secrets: Properties of each secret, with its Name filled in.

    """

    parameters: frozenset[str]
    stage: str
    selection: str
    routes: dict[str, Route]
    functions: dict[str, Function]
    tables: tuple[dict[str, Any], ...]
    secrets: tuple[dict[str, Any], ...]


def load(path: Path, parameters: dict[str, str]) -> App:
    """
    Read a template.

    Args:
        parameters: Values for its parameters; the others have their defaults.

    Raises:
        TemplateError: If it cannot be read, translated or served.

    """
    template = translate(path, parameters)
    resources = Resources(template, parameter_values(template, parameters))
    api = resources.only("AWS::ApiGatewayV2::Api")
    if api.get("ProtocolType") != "WEBSOCKET":
        raise TemplateError("The template's API is an HTTP API, and only a WebSocket API can be served here.")
    functions = _functions(resources, path.parent.resolve())
    return App(
        parameters=frozenset(template.get("Parameters", {})),
        stage=resources.only("AWS::ApiGatewayV2::Stage")["StageName"],
        selection=api["RouteSelectionExpression"],
        routes=_routes(resources, functions),
        functions=functions,
        tables=tuple(resources.of_type("AWS::DynamoDB::Table").values()),
        secrets=tuple(resources.of_type("AWS::SecretsManager::Secret").values()),
    )


def _routes(resources: Resources, functions: dict[str, Function]) -> dict[str, Route]:
    integrations = resources.of_type("AWS::ApiGatewayV2::Integration")
    mock_replies = {
        each["IntegrationId"]: _static_template(each.get("ResponseTemplates", {}))
        for each in resources.of_type("AWS::ApiGatewayV2::IntegrationResponse").values()
    }
    answering = {each["RouteId"] for each in resources.of_type("AWS::ApiGatewayV2::RouteResponse").values()}

    routes = {}
    for name, route in resources.of_type("AWS::ApiGatewayV2::Route").items():
        integration = route["Target"].removeprefix("integrations/")
        routes[route["RouteKey"]] = Route(
            key=route["RouteKey"],
            integration=_integration(integrations[integration], mock_replies.get(integration, ""), functions),
            two_way="RouteResponseSelectionExpression" in route and name in answering,
        )
    return routes


def _integration(
    properties: dict[str, Any], mock_reply: str, functions: dict[str, Function]
) -> LambdaIntegration | MockIntegration:
    if properties["IntegrationType"] == "MOCK":
        return MockIntegration(mock_reply)
    function = re.search(r":function:([^:/]+)", properties.get("IntegrationUri", ""))
    if not function:
        raise TemplateError(f"An integration of type {properties['IntegrationType']} cannot be served here.")
    if function[1] not in functions:
        raise TemplateError(f"A route calls the function {function[1]}, which is not one of the template.")
    milliseconds = properties.get("TimeoutInMillis")
    return LambdaIntegration(function[1], None if milliseconds is None else int(milliseconds) / 1000)


def _static_template(templates: dict[str, str]) -> str:
    reply = next(iter(templates.values()), "")
    if re.search(r"\$|#(if|set|foreach)", reply):
        raise TemplateError("A MOCK integration's response template is not plain text; Velocity is not evaluated here.")
    return reply


def _functions(resources: Resources, root: Path) -> dict[str, Function]:
    folders = {
        name: _layer_path(_local_folder(each["Content"], name, root))
        for name, each in resources.of_type("AWS::Lambda::LayerVersion").items()
    }

    def layer(arn: str) -> Path:
        if arn not in folders:
            raise TemplateError(f"The layer {arn} is not one of the template, so it cannot be had here.")
        return folders[arn]

    return {
        name: Function(
            name=name,
            path=(_local_folder(each["Code"], name, root), *map(layer, each.get("Layers", []))),
            handler=each["Handler"],
            environment={k: text(v) for k, v in each.get("Environment", {}).get("Variables", {}).items()},
            timeout=float(each.get("Timeout", 3)),
            memory=int(each.get("MemorySize", 128)),
        )
        for name, each in resources.of_type("AWS::Lambda::Function").items()
    }


def _local_folder(code: dict[str, str], name: str, root: Path) -> Path:
    if code.get("S3Bucket") != CODE_BUCKET:
        raise TemplateError(f"The code of {name} is not a folder beside the template.")
    folder = root / code["S3Key"]
    if not folder.is_dir():
        raise TemplateError(f"The code of {name} should be in {folder}, and there is no such folder.")
    return folder


def _layer_path(folder: Path) -> Path:
    # With a BuildMethod, `sam build` puts the content below python/; without one, it is there already.
    return folder / "python" if (folder / "python").is_dir() else folder
