"""The routes of an API: the integration, the authorization, the models and the throttle of each."""

from collections.abc import Iterator, Mapping
from typing import Any

from local.stack.app import Route, Throttle
from local.stack.authorization import AuthorizationReader
from local.stack.errors import OnlyOnAws, TemplateError
from local.stack.expressions import parse
from local.stack.functions import Functions
from local.stack.integrations import IntegrationReader
from local.stack.models import read_models
from local.stack.properties import not_imitated
from local.stack.resources import Resources
from local.stack.source import Source

ACCOUNT_RATE, ACCOUNT_BURST = 10_000, 5_000
"""Requests a second, and requests at once, of an account (quotas). A throttle that sets one of the two limits gets the
other one from here."""


def throttle(settings: Mapping[str, Any]) -> Throttle | None:
    """
    Return the throttle of a stage's DefaultRouteSettings, or of one of its RouteSettings. None: they do not set one.

    Raises:
        TemplateError: If a limit is not a number.

    """
    rate, burst = settings.get("ThrottlingRateLimit"), settings.get("ThrottlingBurstLimit")
    if rate is None and burst is None:
        return None
    try:
        return Throttle(float(ACCOUNT_RATE if rate is None else rate), int(ACCOUNT_BURST if burst is None else burst))
    except (TypeError, ValueError) as error:
        text = f"The stage has the ThrottlingRateLimit {rate!r} and the ThrottlingBurstLimit {burst!r}"
        raise TemplateError(f"{text}; both must be numbers.") from error


class RouteReader:
    """Reads the routes of one API and one stage."""

    def __init__(
        self, resources: Resources, api: str, stage: Mapping[str, Any], functions: Functions, source: Source
    ) -> None:
        self._resources = resources
        self._api = api
        self.api_id: str = resources.ref(api)
        self._stage = stage
        self._source = source
        self._integrations = IntegrationReader(resources, self.api_id, stage, functions, source)
        self._authorization = AuthorizationReader(resources, api, stage, self._integrations, source)
        self._notes: list[str] = []
        self._response_keys = {
            response["RouteId"]: response.get("RouteResponseKey", "$default")
            for response in resources.of_type("AWS::ApiGatewayV2::RouteResponse").values()
        }

    @property
    def notes(self) -> list[str]:
        """Notes about the routes. They are complete after ``read``."""
        properties = not_imitated(self._resources, self.api_id, self._source)
        return [*self._notes, *self._authorization.notes, *dict.fromkeys((*self._integrations.notes, *properties))]

    def read(self) -> dict[str, Route]:
        """
        Return the routes by key.

        Raises:
            TemplateError: If two routes have one key, or if a route cannot be read.

        """
        routes: dict[str, Route] = {}
        names: dict[str, str] = {}
        for name, properties in self._of_api():
            key = str(properties["RouteKey"])
            if key in routes:
                raise TemplateError(f"{name} and {names[key]} have the same RouteKey, {key}.", name)
            routes[key], names[key] = self._route(name, properties), name
        if unknown := [str(key) for key in self._stage.get("RouteSettings", {}) if key not in routes]:
            text = f"The RouteSettings of the stage are for {', '.join(unknown)}, but the API has no such route."
            self._notes.append(self._source.note(text))
        self._check_selection(routes)
        return routes

    def _of_api(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the logical id and the properties of each route of the API."""
        apis = {self._resources.ref(name) for name in self._resources.names("AWS::ApiGatewayV2::Api")}
        for name in self._resources.names("AWS::ApiGatewayV2::Route"):
            try:
                route = self._resources.properties(name)
            except OnlyOnAws as error:
                self._note(f"{error} {name} is left out.", name)
                continue
            if route["ApiId"] not in apis:
                self._note(f"The API of {name} is not in the template. {name} is left out.", name)
            if route["ApiId"] == self.api_id:
                yield name, route

    def _check_selection(self, routes: Mapping[str, Route]) -> None:
        """Add notes about a RouteSelectionExpression that cannot be evaluated, or that always has the same value."""
        expression = self._resources.properties(self._api).get("RouteSelectionExpression", "")
        selection = parse(expression)
        for text in selection.notes(f"the RouteSelectionExpression of {self._api}"):
            self._note(text, self._api)
        if selection.static is not None:
            target = selection.static if selection.static in routes else "$default"
            text = f"The RouteSelectionExpression of {self._api} is {expression or 'missing'}, without a variable"
            self._note(f"{text}: every JSON message goes to {target}.", self._api)

    def domains(self) -> dict[str, str]:
        """Return the base path of each custom domain that is mapped to the stage."""
        return {
            mapping["DomainName"]: str(mapping.get("ApiMappingKey") or "").strip("/")
            for mapping in self._resources.of_type("AWS::ApiGatewayV2::ApiMapping").values()
            if mapping.get("ApiId") == self.api_id and mapping.get("Stage") in {self._stage["StageName"], None}
        }

    def _route(self, name: str, properties: Mapping[str, Any]) -> Route:
        key = str(properties["RouteKey"])
        models, model_notes = read_models(self._resources, self._api, properties, name, self._source)
        self._notes += model_notes
        return Route(
            key=key,
            integration=self._integrations.of_route(properties, name),
            two_way=self._is_two_way(properties, name),
            authorizer=self._authorization.authorizer(properties, name),
            api_keys=self._authorization.api_keys(properties, name),
            models=models,
            throttle=throttle(self._stage.get("RouteSettings", {}).get(key, {})),
        )

    def _is_two_way(self, properties: Mapping[str, Any], name: str) -> bool:
        keys = [properties.get("RouteResponseSelectionExpression"), self._response_keys.get(name)]
        if unknown := [key for key in keys if key not in (None, "$default", r"\$default")]:
            text = f"{name} has a response for {unknown[0]}, but API Gateway has responses for $default only"
            self._note(f"{text}: the route is one-way.", name)
        return None not in keys and not unknown

    def _note(self, text: str, name: str) -> None:
        self._notes.append(self._source.note(text, name))
