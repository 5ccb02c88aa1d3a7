"""Who may take ``$connect``: the authorizers and API keys of a template."""

from collections.abc import Mapping
from typing import Any

from local.stack.app import CONTEXT, IDENTITY_SOURCE, ApiKeys, IamAuthorization, LambdaAuthorizer
from local.stack.errors import TemplateError
from local.stack.integration_types import Integration, Unavailable
from local.stack.integrations import IntegrationReader
from local.stack.resources import TRUE, Resources
from local.stack.source import Source

KEY_FROM_HEADER, KEY_FROM_AUTHORIZER = "request.header.x-api-key", "context.authorizer.usageIdentifierKey"
"""Where API Gateway finds a client's API key: the two variables that ApiKeySelectionExpression takes."""


class Authorization:
    """Reads what guards the routes of one API and one stage."""

    def __init__(
        self, resources: Resources, api: str, stage: Mapping[str, Any], integrations: IntegrationReader, source: Source
    ) -> None:
        self._resources = resources
        self._api = api
        self._variables = stage.get("StageVariables", {})
        self._integrations = integrations
        self._source = source
        self.notes: list[str] = []

    def authorizer(self, route: Mapping[str, Any], name: str) -> LambdaAuthorizer | IamAuthorization | None:
        """Return what a handshake is asked for; None of a route that anybody may take."""
        kind = route.get("AuthorizationType", "NONE")
        if kind not in {"NONE", "AWS_IAM", "CUSTOM"}:
            text = f"The AuthorizationType of {name} is {kind}; a WebSocket API takes NONE, AWS_IAM and CUSTOM."
            raise TemplateError(text, name)
        if kind != "NONE" and route["RouteKey"] != "$connect":
            self._note(f"{name} asks for authorization, which API Gateway does for $connect only.", name)
            return None
        if kind == "NONE":
            if "AuthorizerId" in route:
                self._note(f"{name} has an AuthorizerId and the AuthorizationType NONE: nobody is asked.", name)
            return None
        return IamAuthorization() if kind == "AWS_IAM" else self._lambda(route, name)

    def api_keys(self, route: Mapping[str, Any], name: str) -> ApiKeys | None:
        """Return the keys that a handshake may have; None of a route that wants none."""
        if route.get("ApiKeyRequired") not in TRUE:
            return None
        if route["RouteKey"] != "$connect":
            self._note(f"{name} asks for an API key, which API Gateway does for $connect only.", name)
            return None
        api = self._resources.properties(self._api)
        selection = api.get("ApiKeySelectionExpression", f"${KEY_FROM_HEADER}").strip()
        variable = selection.removeprefix("$").removeprefix("{").removesuffix("}")
        from_authorizer = variable == KEY_FROM_AUTHORIZER
        if not from_authorizer and variable.lower() != KEY_FROM_HEADER:
            text = f"The ApiKeySelectionExpression of {self._api} is {selection}, which API Gateway does not take"
            self._note(f"{text}: the key is the header's.", self._api)
        if from_authorizer and route.get("AuthorizationType") != "CUSTOM":
            self._note(f"{name} takes the API key from an authorizer, and has none: nobody gets in.", name)
        return ApiKeys(self._enabled_keys(), from_authorizer)

    def _enabled_keys(self) -> frozenset[str] | None:
        every = self._resources.of_type("AWS::ApiGateway::ApiKey")
        for name in [name for name, each in every.items() if "Enabled" not in each]:
            # unsure: the API makes a key disabled unless it is told otherwise.
            self._note(f"{name} does not say Enabled: it counts here, and API Gateway may refuse it.", name)
        keys = [each for each in every.values() if each.get("Value") is not None]
        enabled = frozenset(str(each["Value"]) for each in keys if each.get("Enabled", True) in TRUE)
        return enabled if keys else None

    def _lambda(self, route: Mapping[str, Any], name: str) -> LambdaAuthorizer:
        if (which := route.get("AuthorizerId")) not in self._resources.names("AWS::ApiGatewayV2::Authorizer"):
            return LambdaAuthorizer(self._unavailable(f"{name} has no authorizer of the template.", name))
        properties = self._resources.properties(str(which))
        if (kind := properties.get("AuthorizerType", "REQUEST")) != "REQUEST":
            return LambdaAuthorizer(
                self._unavailable(f"{which} is of the type {kind}; a WebSocket API takes REQUEST.", which)
            )
        if "AuthorizerUri" not in properties:
            return LambdaAuthorizer(self._unavailable(f"{which} has no AuthorizerUri.", which))
        uri, has_role = str(properties["AuthorizerUri"]), bool(properties.get("AuthorizerCredentialsArn"))
        integration = self._integrations.function(uri, f"authorizers/{which}", has_role, str(which))
        return LambdaAuthorizer(integration, self._identity_sources(properties, str(which)))

    def _identity_sources(self, properties: Mapping[str, Any], name: str) -> tuple[str, ...]:
        written = properties.get("IdentitySource") or []
        texts = [written] if isinstance(written, str) else written
        sources = [each.strip() for text in texts for each in str(text).split(",") if each.strip()]
        return tuple(each for each in sources if self._is_known(each, name))

    def _is_known(self, source: str, authorizer: str) -> bool:
        """Return whether it can be looked at here. The authorizer decides without one that cannot."""
        found = IDENTITY_SOURCE.fullmatch(source)
        if not found or (found[1] == "context" and found[2] not in CONTEXT.split()):
            text = f"The IdentitySource {source} of {authorizer} is not known here"
            self._note(f"{text}: the authorizer is asked without it.", authorizer)
            return False
        if found[1] == "stageVariables" and found[2] not in self._variables:
            text = f"The IdentitySource {source} of {authorizer} is a variable that the stage does not have"
            self._note(f"{text}: nobody gets in.", authorizer)
        return True

    def _unavailable(self, text: str, name: Any) -> Integration:
        return Unavailable(self._source.said(text, str(name)))

    def _note(self, text: str, name: str) -> None:
        self.notes.append(self._source.said(text, name))
