"""The routes of an API: where each leads, who may take it, what fits it, and its limits."""

from collections.abc import Iterator, Mapping
from typing import Any

from local.stack.app import Route, Throttle
from local.stack.authorization import Authorization
from local.stack.errors import Elsewhere, TemplateError
from local.stack.expressions import parse
from local.stack.functions import Functions
from local.stack.integrations import IntegrationReader
from local.stack.models import read_models
from local.stack.properties import unread
from local.stack.resources import Resources
from local.stack.source import Source

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
        self._source = source
        self._integrations = IntegrationReader(resources, self.api_id, stage, found, source)
        self._authorization = Authorization(resources, api, stage, self._integrations, source)
        self._notes: list[str] = []
        self._answering = {
            each["RouteId"]: each.get("RouteResponseKey", "$default")
            for each in resources.of_type("AWS::ApiGatewayV2::RouteResponse").values()
        }

    @property
    def notes(self) -> list[str]:
        """What is to be said once the routes have been read."""
        unused = unread(self._resources, self.api_id, self._source)
        return [*self._notes, *self._authorization.notes, *dict.fromkeys((*self._integrations.notes, *unused))]

    def read(self) -> dict[str, Route]:
        """Return the routes by their keys."""
        found: dict[str, Route] = {}
        whose: dict[str, str] = {}
        for name, route in self._of_api():
            key = str(route["RouteKey"])
            if key in found:
                raise TemplateError(f"{name} and {whose[key]} have the same RouteKey, {key}.", name)
            found[key], whose[key] = self._route(name, route), name
        if odd := [key for key in self._stage.get("RouteSettings", {}) if key not in found]:
            self._notes.append(f"The stage has RouteSettings of {', '.join(map(str, odd))}, and the API no such route.")
        self._check_selection(found)
        return found

    def _of_api(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield logical id and properties of each route of the API, and say which others are left out."""
        apis = {self._resources.ref(name) for name in self._resources.names("AWS::ApiGatewayV2::Api")}
        for name in self._resources.names("AWS::ApiGatewayV2::Route"):
            try:
                route = self._resources.properties(name)
            except Elsewhere as error:
                self._note(f"{error} {name} is left out.", name)
                continue
            if route["ApiId"] not in apis:
                self._note(f"{name} is a route of no API of the template.", name)
            if route["ApiId"] == self.api_id:
                yield name, route

    def _check_selection(self, routes: Mapping[str, Route]) -> None:
        """Say what of the RouteSelectionExpression has no value here, or always the same."""
        expression = self._resources.properties(self._api).get("RouteSelectionExpression", "")
        selection = parse(expression)
        for each in selection.problems:
            self._note(f"In the RouteSelectionExpression of {self._api}, {each}.", self._api)
        if selection.static is not None:
            target = selection.static if selection.static in routes else "$default"
            text = f"The RouteSelectionExpression of {self._api} is {expression or 'missing'}, without a variable"
            self._note(f"{text}: every message that is JSON goes to {target}.", self._api)

    def domains(self) -> dict[str, str]:
        """Return the base path of each custom domain that is mapped to the stage."""
        return {
            each["DomainName"]: str(each.get("ApiMappingKey") or "").strip("/")
            for each in self._resources.of_type("AWS::ApiGatewayV2::ApiMapping").values()
            if each.get("ApiId") == self.api_id and each.get("Stage") in {self._stage["StageName"], None}
        }

    def _route(self, name: str, route: Mapping[str, Any]) -> Route:
        key = str(route["RouteKey"])
        models, said = read_models(self._resources, self._api, route, name, self._source)
        self._notes += said
        return Route(
            key=key,
            integration=self._integrations.of_route(route, name),
            two_way=self._is_two_way(route, name),
            authorizer=self._authorization.authorizer(route, name),
            api_keys=self._authorization.api_keys(route, name),
            models=models,
            throttle=throttle(self._stage.get("RouteSettings", {}).get(key, {})),
        )

    def _is_two_way(self, route: Mapping[str, Any], name: str) -> bool:
        keys = [route.get("RouteResponseSelectionExpression"), self._answering.get(name)]
        if odd := [each for each in keys if each not in (None, "$default", r"\$default")]:
            text = f"{name} has a response for {odd[0]}, and API Gateway knows $default only"
            self._note(f"{text}: the route is one-way.", name)
        return None not in keys and not odd

    def _note(self, text: str, name: str) -> None:
        self._notes.append(self._source.said(text, name))
