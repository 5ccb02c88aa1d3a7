"""The authorizers and API keys of a template: who may connect."""

from collections.abc import Mapping
from typing import Any

from local.stack.app import CONTEXT, IDENTITY_SOURCE, ApiKeys, IamAuthorization, LambdaAuthorizer
from local.stack.errors import TemplateError
from local.stack.integration_types import Integration, Unavailable
from local.stack.integrations import IntegrationReader
from local.stack.resources import TRUE, Resources
from local.stack.source import Source

KEY_FROM_HEADER, KEY_FROM_AUTHORIZER = "request.header.x-api-key", "context.authorizer.usageIdentifierKey"
"""The two variables that ApiKeySelectionExpression may name: where API Gateway finds a client's API key."""


class AuthorizationReader:
    """
    Reads the authorizers and API keys of the routes of one API and one stage.

    Attributes:
        notes: Notes about what has been read.

    """

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
        """
        Return who decides about connect requests. None: the route is open to every client.

        Args:
            route: The properties of the route.
            name: The logical id of the route.

        Raises:
            TemplateError: If WebSocket APIs do not have the route's AuthorizationType.

        """
        kind = route.get("AuthorizationType", "NONE")
        if kind not in {"NONE", "AWS_IAM", "CUSTOM"}:
            text = f"The AuthorizationType of {name} is {kind}; it must be NONE, AWS_IAM or CUSTOM."
            raise TemplateError(text, name)
        if kind != "NONE" and route["RouteKey"] != "$connect":
            self._note(f"{name} has an AuthorizationType, which API Gateway uses for $connect only.", name)
            return None
        if kind == "NONE":
            if "AuthorizerId" in route:
                self._note(
                    f"{name} has an AuthorizerId, but its AuthorizationType is NONE: the authorizer is not called.",
                    name,
                )
            return None
        return IamAuthorization() if kind == "AWS_IAM" else self._lambda_authorizer(route, name)

    def api_keys(self, route: Mapping[str, Any], name: str) -> ApiKeys | None:
        """
        Return the API keys that a connect request may have. None: the route does not require a key.

        Args:
            route: The properties of the route.
            name: The logical id of the route.

        """
        if route.get("ApiKeyRequired") not in TRUE:
            return None
        if route["RouteKey"] != "$connect":
            self._note(f"{name} has ApiKeyRequired, which API Gateway uses for $connect only.", name)
            return None
        expression = self._resources.properties(self._api).get("ApiKeySelectionExpression", f"${KEY_FROM_HEADER}")
        variable = expression.strip().removeprefix("$").removeprefix("{").removesuffix("}")
        from_authorizer = variable == KEY_FROM_AUTHORIZER
        if not from_authorizer and variable.lower() != KEY_FROM_HEADER:
            text = f"The ApiKeySelectionExpression of {self._api} is {expression.strip()}, which API Gateway refuses"
            self._note(f"{text}: the local gateway reads the API key from the header x-api-key.", self._api)
        if from_authorizer and route.get("AuthorizationType") != "CUSTOM":
            text = f"The API key of {name} comes from an authorizer, but {name} does not have one"
            self._note(f"{text}: no client can connect.", name)
        return ApiKeys(self._enabled_keys(), from_authorizer)

    def _enabled_keys(self) -> frozenset[str] | None:
        api_keys = self._resources.of_type("AWS::ApiGateway::ApiKey")
        for name in [name for name, key in api_keys.items() if "Enabled" not in key]:
            # unsure: API Gateway's API makes a disabled key if Enabled is missing.
            text = f"{name} does not set Enabled: the local gateway accepts the key, but API Gateway may refuse it."
            self._note(text, name)
        with_value = [key for key in api_keys.values() if key.get("Value") is not None]
        enabled = frozenset(str(key["Value"]) for key in with_value if key.get("Enabled", True) in TRUE)
        return enabled if with_value else None

    def _lambda_authorizer(self, route: Mapping[str, Any], route_name: str) -> LambdaAuthorizer:
        name = route.get("AuthorizerId")
        if name not in self._resources.names("AWS::ApiGatewayV2::Authorizer"):
            text = f"The authorizer of {route_name} is not in the template."
            return LambdaAuthorizer(self._unavailable(text, route_name))
        properties = self._resources.properties(str(name))
        if (kind := properties.get("AuthorizerType", "REQUEST")) != "REQUEST":
            text = f"The AuthorizerType of {name} is {kind}; it must be REQUEST."
            return LambdaAuthorizer(self._unavailable(text, name))
        if "AuthorizerUri" not in properties:
            return LambdaAuthorizer(self._unavailable(f"{name} has no AuthorizerUri.", name))
        uri, has_role = str(properties["AuthorizerUri"]), bool(properties.get("AuthorizerCredentialsArn"))
        integration = self._integrations.of_uri(uri, f"authorizers/{name}", has_role, str(name))
        return LambdaAuthorizer(integration, self._identity_sources(properties, str(name)))

    def _identity_sources(self, properties: Mapping[str, Any], authorizer: str) -> tuple[str, ...]:
        written = properties.get("IdentitySource") or []
        texts = [written] if isinstance(written, str) else written
        sources = [source.strip() for text in texts for source in str(text).split(",") if source.strip()]
        return tuple(source for source in sources if self._is_imitated(source, authorizer))

    def _is_imitated(self, source: str, authorizer: str) -> bool:
        """Return whether the gateway can check an identity source. A note says that it cannot."""
        match = IDENTITY_SOURCE.fullmatch(source)
        text = f"The IdentitySource {source} of {authorizer} is"
        if not match or (match[1] == "context" and match[2] not in CONTEXT.split()):
            self._note(f"{text} not imitated: the gateway calls the authorizer without checking it.", authorizer)
            return False
        if match[1] == "stageVariables" and match[2] not in self._variables:
            self._note(f"{text} a variable that the stage does not have: no client can connect.", authorizer)
        return True

    def _unavailable(self, text: str, name: Any) -> Integration:
        return Unavailable(self._source.note(text, str(name)))

    def _note(self, text: str, name: str) -> None:
        self.notes.append(self._source.note(text, name))
