"""The integrations of an API: what its routes and authorizers invoke."""

import re
from collections.abc import Mapping
from typing import Any

from local.stack.errors import TemplateError
from local.stack.functions import Functions
from local.stack.integration_types import Integration, LambdaIntegration, MockIntegration, Unavailable
from local.stack.intrinsics import as_text
from local.stack.mocks import MockReader
from local.stack.permissions import may_invoke
from local.stack.resources import Resources
from local.stack.source import Source

MIN_MILLISECONDS, MAX_MILLISECONDS = 50, 29_000
"""The bounds of an integration's timeout (quota)."""


class IntegrationReader:
    """
    Reads the integrations of one API and one stage. An integration that cannot be imitated becomes ``Unavailable``.

    Attributes:
        notes: Notes about what has been read.

    """

    def __init__(
        self, resources: Resources, api_id: str, stage: Mapping[str, Any], functions: Functions, source: Source
    ) -> None:
        self._resources = resources
        self._api_id = api_id
        self._stage = stage
        self._functions = functions
        self._source = source
        self._logical_ids = {function.aws_name: name for name, function in functions.usable.items()}
        self._names = resources.names("AWS::ApiGatewayV2::Integration")
        self._mocks = MockReader(resources)
        self.notes: list[str] = []

    def of_route(self, route: Mapping[str, Any], route_name: str) -> Integration:
        """
        Return the integration of a route. The routes $connect and $disconnect may be without one.

        Args:
            route: The properties of the route.
            route_name: The logical id of the route.

        """
        if not route.get("Target") and route["RouteKey"] in {"$connect", "$disconnect"}:
            return MockIntegration()
        kind, _, name = route.get("Target", "").rpartition("/")
        caller = f"{self._stage['StageName']}/{route['RouteKey']}"
        if name not in self._names or kind != "integrations":
            return self._unavailable(f"The integration of the route {caller} is not in the template.", route_name)
        try:
            properties = self._resources.properties(name)
        except TemplateError as error:
            return self._unavailable(str(error), name)
        if properties["ApiId"] != self._api_id:
            return self._unavailable(f"{name} belongs to another API than the route {route_name}.", name)
        kind = properties["IntegrationType"]
        if kind == "MOCK":
            mock, mock_notes = self._mocks.read(name)
            self.notes += [self._source.note(text, owner) for owner, text in mock_notes]
            return mock
        if kind != "AWS_PROXY":
            text = f"{name} is an integration of the type {kind}, which is not imitated."
            return self._unavailable(text, name)
        return self._proxy(properties, caller, name)

    def _proxy(self, properties: Mapping[str, Any], caller: str, name: str) -> Integration:
        if unused := [key for key in ("RequestTemplates", "TemplateSelectionExpression") if properties.get(key)]:
            text = f"{name} is an AWS_PROXY integration, which does not use {' and '.join(unused)}."
            self.notes.append(self._source.note(text, name))
        if "IntegrationUri" not in properties:
            return self._unavailable(f"{name} has no IntegrationUri.", name)
        written = as_text(properties.get("TimeoutInMillis", MAX_MILLISECONDS))
        if not re.fullmatch("[0-9]+", written) or not MIN_MILLISECONDS <= int(written) <= MAX_MILLISECONDS:
            text = f"The TimeoutInMillis of {name} is {written}"
            return self._unavailable(
                f"{text}; it must be a number from {MIN_MILLISECONDS} to {MAX_MILLISECONDS}.", name
            )
        timeout = int(written) / 1000 if "TimeoutInMillis" in properties else None
        has_role = bool(properties.get("CredentialsArn"))
        return self.of_uri(properties["IntegrationUri"], caller, has_role, name, timeout)

    def of_uri(self, uri: str, caller: str, has_role: bool, name: str, timeout: float | None = None) -> Integration:
        """
        Return the integration that invokes the function of a URI.

        Args:
            uri: An IntegrationUri or an AuthorizerUri.
            caller: The route or the authorizer that invokes the function, as the end of its ARN.
            has_role: Whether API Gateway assumes a role of the template. Else the function needs a permission.
            name: The logical id of the integration or of the authorizer.
            timeout: Seconds. None: API Gateway's default.

        """
        match = re.search(r":function:([^:/]+)(?::([^:/]+))?", self._with_variables(uri))
        aws_name, qualifier = (match[1], match[2] or "") if match else (uri, "")
        if aws_name in self._functions.unusable:
            return Unavailable(self._functions.unusable[aws_name])
        if aws_name not in self._logical_ids:
            return self._unavailable(f"The function {aws_name} is not in the template.", name)
        function = self._logical_ids[aws_name]
        if self._functions.usable[function].version(qualifier) is None:
            return self._unavailable(f"The template has no alias or version {qualifier} of {function}.", name)
        source_arn = self._resources.place.arn("execute-api", f"{self._api_id}/{caller}")
        if has_role or may_invoke(self._resources, self._functions.usable[function], source_arn):
            return LambdaIntegration(function, timeout, qualifier)
        text = f"No AWS::Lambda::Permission of the template lets API Gateway invoke {function}"
        return self._unavailable(f"{text} for {caller}. The call would also fail on AWS.", name)

    def _unavailable(self, text: str, name: str) -> Unavailable:
        return Unavailable(self._source.note(text, name))

    def _with_variables(self, uri: str) -> str:
        """Return a URI with the values of the stage variables in it."""
        variables = self._stage.get("StageVariables", {})
        name = r"\$\{stageVariables(?:\.|\[['\"])(\w+)(?:['\"]\])?\}"
        return re.sub(name, lambda match: str(variables.get(match[1], "")), uri)
