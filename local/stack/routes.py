"""The routes of an API: their integrations, authorizers, models and limits."""

import json
import re
from collections.abc import Mapping
from typing import Any

from local.stack.app import (
    ApiKeys,
    IamAuthorization,
    Integration,
    LambdaAuthorizer,
    LambdaIntegration,
    MockIntegration,
    Models,
    Route,
    Throttle,
    Unavailable,
)
from local.stack.functions import Functions, may_call
from local.stack.names import arn
from local.stack.resources import Resources
from local.stack.source import TemplateError

ACCOUNT_RATE, ACCOUNT_BURST = 10_000, 5_000
"""Requests a second and at once of an account (quota): a throttle that sets one of the two has the other from here."""


def throttle(settings: Mapping[str, Any]) -> Throttle | None:
    """Return the limits of a stage's DefaultRouteSettings, or of one of its RouteSettings, if there are any."""
    rate, burst = settings.get("ThrottlingRateLimit"), settings.get("ThrottlingBurstLimit")
    if rate is None and burst is None:
        return None
    return Throttle(float(ACCOUNT_RATE if rate is None else rate), int(ACCOUNT_BURST if burst is None else burst))


class Routes:
    """Reads what belongs to one API and one stage."""

    def __init__(self, resources: Resources, api: str, stage: Mapping[str, Any], found: Functions) -> None:
        self._resources = resources
        self.api_id: str = resources.ref(api)
        self._stage = stage
        self._found = found
        self._by_aws_name = {function.aws_name: name for name, function in found.usable.items()}
        self._integrations = resources.of_type("AWS::ApiGatewayV2::Integration")
        self._mock_replies = {
            each["IntegrationId"]: each.get("ResponseTemplates", {})
            for each in resources.of_type("AWS::ApiGatewayV2::IntegrationResponse").values()
        }
        self._answering = {each["RouteId"] for each in resources.of_type("AWS::ApiGatewayV2::RouteResponse").values()}

    def read(self) -> dict[str, Route]:
        """Return the routes by their keys."""
        routes = self._resources.of_type("AWS::ApiGatewayV2::Route")
        mine = {name: each for name, each in routes.items() if each.get("ApiId") == self.api_id}
        return {str(each["RouteKey"]): self._route(name, each) for name, each in mine.items()}

    def domains(self) -> dict[str, str]:
        """Return the base path of each custom domain that is mapped to the stage."""
        return {
            each["DomainName"]: str(each.get("ApiMappingKey") or "").strip("/")
            for each in self._resources.of_type("AWS::ApiGatewayV2::ApiMapping").values()
            if each.get("ApiId") == self.api_id and each.get("Stage") in {self._stage["StageName"], None}
        }

    def _route(self, name: str, route: Mapping[str, Any]) -> Route:
        key = str(route["RouteKey"])
        integration = str(route.get("Target", "")).removeprefix("integrations/")
        return Route(
            key=key,
            integration=self._integration(integration, f"{self._stage['StageName']}/{key}"),
            two_way="RouteResponseSelectionExpression" in route and name in self._answering,
            authorizer=self._authorizer(route, name),
            api_keys=self._api_keys() if route.get("ApiKeyRequired") in (True, "true") else None,
            models=self._models(route, name),
            throttle=throttle(self._stage.get("RouteSettings", {}).get(key, {})),
        )

    def _integration(self, name: str, called_by: str) -> Integration:
        if name not in self._integrations:
            return Unavailable(f"The route {called_by} has no integration of the template.")
        properties = self._integrations[name]
        kind = properties.get("IntegrationType")
        if kind == "MOCK":
            return _mock(self._mock_replies.get(name, {}), name)
        if kind != "AWS_PROXY":
            return Unavailable(f"{name} is an integration of type {kind}, which is not imitated here.")
        milliseconds = properties.get("TimeoutInMillis")
        timeout = None if milliseconds is None else int(milliseconds) / 1000
        uri, credentials = str(properties.get("IntegrationUri")), properties.get("CredentialsArn")
        return self._function(uri, called_by, bool(credentials), timeout)

    def _function(self, uri: str, called_by: str, has_role: bool, timeout: float | None = None) -> Integration:
        """Return the integration that calls the function of a URI, if it is there and may be called."""
        found = re.search(r":function:([^:/]+)", self._with_variables(uri))
        called = found[1] if found else uri
        if called in self._found.unusable:
            return Unavailable(self._found.unusable[called])
        if called not in self._by_aws_name:
            return Unavailable(f"The function {called} is not one of the template.")
        name = self._by_aws_name[called]
        source = arn("execute-api", f"{self.api_id}/{called_by}")
        if has_role or may_call(self._resources, self._found.usable[name], source):
            return LambdaIntegration(name, timeout)
        text = f"No AWS::Lambda::Permission of the template lets API Gateway call {name}"
        return Unavailable(f"{text} for {called_by}; on AWS it could not either.")

    def _with_variables(self, uri: str) -> str:
        variables = self._stage.get("StageVariables", {})
        return re.sub(r"\$\{stageVariables\.(\w+)\}", lambda match: str(variables.get(match[1], "")), uri)

    def _authorizer(self, route: Mapping[str, Any], name: str) -> LambdaAuthorizer | IamAuthorization | None:
        kind = route.get("AuthorizationType", "NONE")
        if kind == "AWS_IAM":
            return IamAuthorization()
        if kind != "CUSTOM":
            return None
        authorizers = self._resources.of_type("AWS::ApiGatewayV2::Authorizer")
        if (which := route.get("AuthorizerId")) not in authorizers:
            raise TemplateError(f"The route {route['RouteKey']} has no authorizer of the template.", name)
        properties = authorizers[which]
        uri, credentials = str(properties.get("AuthorizerUri")), properties.get("AuthorizerCredentialsArn")
        sources = properties.get("IdentitySource") or []
        return LambdaAuthorizer(
            self._function(uri, f"authorizers/{which}", bool(credentials)),
            tuple([sources] if isinstance(sources, str) else sources),
        )

    def _api_keys(self) -> ApiKeys:
        keys = self._resources.of_type("AWS::ApiGateway::ApiKey").values()
        return ApiKeys(frozenset(str(each["Value"]) for each in keys if "Value" in each))

    def _models(self, route: Mapping[str, Any], name: str) -> Models | None:
        chosen = route.get("RequestModels")
        if not chosen or not (selection := route.get("ModelSelectionExpression")):
            return None
        models = {each["Name"]: each for each in self._resources.of_type("AWS::ApiGatewayV2::Model").values()}
        if missing := [each for each in chosen.values() if each not in models]:
            raise TemplateError(f"The route {route['RouteKey']} has no model {missing[0]} of the template.", name)
        return Models(selection, {key: _schema(models[each]["Schema"]) for key, each in chosen.items()})


def _mock(templates: Mapping[str, str], name: str) -> MockIntegration | Unavailable:
    reply = next(iter(templates.values()), "")
    if re.search(r"\$|#(if|set|foreach)", reply):
        return Unavailable(f"The response template of {name} is not plain text, and Velocity is not evaluated here.")
    return MockIntegration(reply)


def _schema(written: Any) -> Any:
    return json.loads(written) if isinstance(written, str) else written
