"""The integrations of an API: the functions that its routes call, and what is there instead of one."""

import re
from collections.abc import Mapping
from typing import Any

from local.stack.errors import TemplateError
from local.stack.functions import Functions
from local.stack.integration_types import Integration, LambdaIntegration, MockIntegration, Unavailable
from local.stack.intrinsics import text
from local.stack.mocks import Mocks
from local.stack.permissions import may_call
from local.stack.resources import Resources
from local.stack.source import Source

MAX_MILLISECONDS = 29_000
"""Of an integration (quota)."""


class IntegrationReader:
    """Reads those of one API and one stage. What cannot be called is there all the same, and says why it fails."""

    def __init__(
        self, resources: Resources, api_id: str, stage: Mapping[str, Any], found: Functions, source: Source
    ) -> None:
        self._resources = resources
        self._api_id = api_id
        self._stage = stage
        self._found = found
        self._source = source
        self._by_aws_name = {function.aws_name: name for name, function in found.usable.items()}
        self._names = resources.names("AWS::ApiGatewayV2::Integration")
        self._mocks = Mocks(resources)
        self.notes: list[str] = []

    def of_route(self, route: Mapping[str, Any], route_name: str) -> Integration:
        """Return where a route leads. Connections open and close without an integration too."""
        if not route.get("Target") and route["RouteKey"] in {"$connect", "$disconnect"}:
            return MockIntegration()
        kind, _, name = route.get("Target", "").rpartition("/")
        called_by = f"{self._stage['StageName']}/{route['RouteKey']}"
        if name not in self._names or kind != "integrations":
            return self._unavailable(f"The route {called_by} has no integration of the template.", route_name)
        try:
            properties = self._resources.properties(name)
        except TemplateError as error:
            return self._unavailable(str(error), name)
        if properties["ApiId"] != self._api_id:
            return self._unavailable(f"{name} is no integration of the API that {route_name} is a route of.", name)
        kind = properties["IntegrationType"]
        if kind == "MOCK":
            mock, problems = self._mocks.read(name)
            self.notes += [self._source.said(each, which) for which, each in problems]
            return mock
        if kind != "AWS_PROXY":
            return self._unavailable(f"{name} is an integration of type {kind}, which is not imitated here.", name)
        return self._proxy(properties, called_by, name)

    def _proxy(self, properties: Mapping[str, Any], called_by: str, name: str) -> Integration:
        if unused := [key for key in ("RequestTemplates", "TemplateSelectionExpression") if properties.get(key)]:
            self.notes.append(self._source.said(f"{name} is a proxy, and does not apply {' and '.join(unused)}.", name))
        if "IntegrationUri" not in properties:
            return self._unavailable(f"{name} has no IntegrationUri.", name)
        milliseconds = properties.get("TimeoutInMillis", MAX_MILLISECONDS)
        if not re.fullmatch("[0-9]+", text(milliseconds)) or not 50 <= int(milliseconds) <= MAX_MILLISECONDS:
            said = f"The TimeoutInMillis of {name} is {milliseconds}; API Gateway takes 50 to {MAX_MILLISECONDS}."
            return self._unavailable(said, name)
        timeout = int(milliseconds) / 1000 if "TimeoutInMillis" in properties else None
        has_role = bool(properties.get("CredentialsArn"))
        return self.function(properties["IntegrationUri"], called_by, has_role, name, timeout)

    def function(
        self, uri: str, called_by: str, has_role: bool, name: str, timeout: float | None = None
    ) -> Integration:
        """Return the integration that calls the function of a URI, if it is there and may be called."""
        found = re.search(r":function:([^:/]+)(?::([^:/]+))?", self._with_variables(uri))
        called, qualifier = (found[1], found[2] or "") if found else (uri, "")
        if called in self._found.unusable:
            return Unavailable(self._found.unusable[called])
        if called not in self._by_aws_name:
            return self._unavailable(f"The function {called} is not one of the template.", name)
        function = self._by_aws_name[called]
        if self._found.usable[function].version(qualifier) is None:
            return self._unavailable(f"{function} has no alias {qualifier} in the template.", name)
        source = self._resources.place.arn("execute-api", f"{self._api_id}/{called_by}")
        if has_role or may_call(self._resources, self._found.usable[function], source):
            return LambdaIntegration(function, timeout, qualifier)
        text = f"No AWS::Lambda::Permission of the template lets API Gateway call {function}"
        return self._unavailable(f"{text} for {called_by}; on AWS it could not either.", name)

    def _unavailable(self, text: str, name: str) -> Unavailable:
        return Unavailable(self._source.said(text, name))

    def _with_variables(self, uri: str) -> str:
        variables = self._stage.get("StageVariables", {})
        name = r"\$\{stageVariables(?:\.|\[['\"])(\w+)(?:['\"]\])?\}"
        return re.sub(name, lambda match: str(variables.get(match[1], "")), uri)
