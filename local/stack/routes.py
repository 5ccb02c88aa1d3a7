"""The routes of an API: where each leads, who may take it, what fits it, and its limits."""

import json
from collections.abc import Mapping
from typing import Any

import jsonschema

from local.stack.app import (
    IDENTITY_SOURCE,
    ApiKeys,
    IamAuthorization,
    LambdaAuthorizer,
    Models,
    Route,
    Throttle,
)
from local.stack.functions import Functions
from local.stack.integrations import Integrations
from local.stack.resources import Resources
from local.stack.source import Source, TemplateError

ACCOUNT_RATE, ACCOUNT_BURST = 10_000, 5_000
"""Requests a second and at once of an account (quota): a throttle that sets one of the two has the other from here."""


def throttle(settings: Mapping[str, Any]) -> Throttle | None:
    """Return the limits of a stage's DefaultRouteSettings, or of one of its RouteSettings, if there are any."""
    rate, burst = settings.get("ThrottlingRateLimit"), settings.get("ThrottlingBurstLimit")
    if rate is None and burst is None:
        return None
    try:
        return Throttle(float(ACCOUNT_RATE if rate is None else rate), int(ACCOUNT_BURST if burst is None else burst))
    except (TypeError, ValueError) as error:
        text = f"The stage has a throttle of {rate!r} a second and {burst!r} at once, which are no numbers."
        raise TemplateError(text) from error


class Routes:
    """Reads what belongs to one API and one stage."""

    def __init__(
        self, resources: Resources, api: str, stage: Mapping[str, Any], found: Functions, source: Source
    ) -> None:
        self._resources = resources
        self._api = api
        self.api_id: str = resources.ref(api)
        self._stage = stage
        self._integrations = Integrations(resources, self.api_id, stage, found, source)
        self.notes: list[str] = []
        self._answering = {each["RouteId"] for each in resources.of_type("AWS::ApiGatewayV2::RouteResponse").values()}

    def read(self) -> dict[str, Route]:
        """Return the routes by their keys."""
        selection = self._resources.properties(self._api).get("RouteSelectionExpression", "")
        if "request.body." not in selection:
            text = f"The RouteSelectionExpression of {self._api} is {selection or 'missing'}, and none of the body's"
            self.notes.append(f"{text}: every message goes to $default.")
        routes = self._resources.of_type("AWS::ApiGatewayV2::Route")
        found: dict[str, Route] = {}
        whose: dict[str, str] = {}
        apis = {self._resources.ref(name) for name in self._resources.names("AWS::ApiGatewayV2::Api")}
        for name, each in routes.items():
            if each["ApiId"] not in apis:
                self.notes.append(f"{name} is a route of no API of the template.")
            if each["ApiId"] == self.api_id:
                key = str(each["RouteKey"])
                if key in found:
                    raise TemplateError(f"{name} and {whose[key]} have the same RouteKey, {key}.", name)
                found[key], whose[key] = self._route(name, each), name
        if odd := [key for key in self._stage.get("RouteSettings", {}) if key not in found]:
            self.notes.append(f"The stage has RouteSettings of {', '.join(map(str, odd))}, and the API no such route.")
        return found

    def domains(self) -> dict[str, str]:
        """Return the base path of each custom domain that is mapped to the stage."""
        return {
            each["DomainName"]: str(each.get("ApiMappingKey") or "").strip("/")
            for each in self._resources.of_type("AWS::ApiGatewayV2::ApiMapping").values()
            if each.get("ApiId") == self.api_id and each.get("Stage") in {self._stage["StageName"], None}
        }

    def _route(self, name: str, route: Mapping[str, Any]) -> Route:
        key = str(route["RouteKey"])
        return Route(
            key=key,
            integration=self._integrations.of_route(route, name),
            two_way="RouteResponseSelectionExpression" in route and name in self._answering,
            authorizer=self._authorizer(route, name),
            api_keys=self._api_keys() if route.get("ApiKeyRequired") in (True, "true") else None,
            models=self._models(route, name),
            throttle=throttle(self._stage.get("RouteSettings", {}).get(key, {})),
        )

    def _authorizer(self, route: Mapping[str, Any], name: str) -> LambdaAuthorizer | IamAuthorization | None:
        kind = route.get("AuthorizationType", "NONE")
        if kind not in {"NONE", "AWS_IAM", "CUSTOM"}:
            text = f"The AuthorizationType of {name} is {kind}; a WebSocket API takes NONE, AWS_IAM and CUSTOM."
            raise TemplateError(text, name)
        if kind != "NONE" and route["RouteKey"] != "$connect":
            self.notes.append(f"{name} asks for authorization, which API Gateway does for $connect only.")
            return None
        if kind == "NONE":
            return None
        if kind == "AWS_IAM":
            return IamAuthorization()
        authorizers = self._resources.of_type("AWS::ApiGatewayV2::Authorizer")
        if (which := route.get("AuthorizerId")) not in authorizers:
            raise TemplateError(f"The route {route['RouteKey']} has no authorizer of the template.", name)
        properties = authorizers[which]
        uri, has_role = str(properties["AuthorizerUri"]), bool(properties.get("AuthorizerCredentialsArn"))
        written = properties.get("IdentitySource") or []
        sources = [written] if isinstance(written, str) else written
        if odd := [each for each in sources if not IDENTITY_SOURCE.fullmatch(str(each))]:
            self.notes.append(f"The IdentitySource {odd[0]} of {which} is none of a WebSocket API: nobody gets in.")
        return LambdaAuthorizer(
            self._integrations.function(uri, f"authorizers/{which}", has_role, which), tuple(map(str, sources))
        )

    def _api_keys(self) -> ApiKeys:
        keys = self._resources.of_type("AWS::ApiGateway::ApiKey").values()
        return ApiKeys(frozenset(str(each["Value"]) for each in keys if "Value" in each))

    def _models(self, route: Mapping[str, Any], name: str) -> Models | None:
        chosen = route.get("RequestModels")
        if not chosen or not (selection := route.get("ModelSelectionExpression")):
            return None
        models = self._resources.of_type("AWS::ApiGatewayV2::Model")
        by_name = {each["Name"]: (model, each["Schema"]) for model, each in models.items()}
        if missing := [each for each in chosen.values() if each not in by_name]:
            raise TemplateError(f"The route {route['RouteKey']} has no model {missing[0]} of the template.", name)
        return Models(selection, {key: _schema(*by_name[each]) for key, each in chosen.items()})


def _schema(name: str, written: Any) -> Any:
    try:
        schema = json.loads(written) if isinstance(written, str) else written
        jsonschema.Draft4Validator.check_schema(schema)
    except (jsonschema.SchemaError, ValueError) as error:
        problem = error.message if isinstance(error, jsonschema.SchemaError) else str(error)
        raise TemplateError(f"The Schema of {name} is no JSON schema: {problem}.", name) from error
    return schema
