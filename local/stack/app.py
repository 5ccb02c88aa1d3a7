"""What a template declares and a local gateway needs: routes, functions, and what the embedded AWS holds."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.place import HERE, Place
from local.stack.event_source_types import EventSource
from local.stack.integration_types import Integration
from local.stack.policies import Statement

LATEST = "$LATEST"
"""The version of a function's code that is not published."""

MAX_TIMEOUT = 900
"""The longest timeout of a function, in seconds (Lambda's quota)."""


@dataclass(frozen=True)
class Logging:
    """
    A function's LoggingConfig.

    Attributes:
        format: ``Text`` or ``JSON``.
        level: The lowest level of a log line that Lambda keeps. Empty for text: Lambda keeps every line.
        group: The name of the log group. Empty: Lambda's default name.

    """

    format: str = "Text"
    level: str = ""
    group: str = ""


@dataclass(frozen=True)
class Function:
    """
    A Lambda function.

    Attributes:
        name: Its logical id in the template.
        path: The folders and archives where Python looks for modules: the function's own, then those of its layers.
        handler: ``module.function``.
        environment: The variables that the template sets.
        timeout: Seconds.
        memory: MB. The gateway does not limit the memory; it only tells the function this number.
        function_name: The FunctionName in the template. Empty: the function has its logical id as its name.
        inline: The source of the module ``index``, if the template contains the code. Else None.
        policy: What the function's role allows. None: unknown, because the role is not in the template.
        role: The name of its role.
        runtime: For example ``python3.12``. Every function runs on the gateway's own Python.
        logging: Its LoggingConfig.
        aliases: The version of each alias, by the alias's name.
        versions: The numbers of the published versions.

    """

    name: str
    path: tuple[Path, ...]
    handler: str
    environment: dict[str, str]
    timeout: float
    memory: int
    function_name: str = ""
    inline: str | None = None
    policy: tuple[Statement, ...] | None = None
    role: str = ""
    runtime: str = "python3.12"
    logging: Logging = Logging()
    aliases: Mapping[str, str] = field(default_factory=dict)
    versions: frozenset[str] = frozenset()

    @property
    def aws_name(self) -> str:
        """The name of the function on AWS."""
        return self.function_name or self.name

    def version(self, qualifier: str) -> str | None:
        """
        Return the version that a qualifier selects, or None for an unknown alias or version.

        Args:
            qualifier: A version, an alias, or empty for the latest version.

        """
        known = {number: number for number in self.versions} | {"": LATEST, LATEST: LATEST} | dict(self.aliases)
        return known.get(qualifier)


IDENTITY_SOURCE = re.compile(
    r"\$?(route\.request\.(?:multivalue)?header|route\.request\.(?:multivalue)?querystring|stageVariables|context)"
    r"\.([A-Za-z0-9._$-]+)"
)
"""
An identity source of an authorizer: a header or a query parameter of the connect request, a stage variable, or a
variable of the context.

Source of the characters in a name: "Parameter mapping source reference for REST APIs", API Gateway developer guide.

"""

CONTEXT = (
    "accountId apiId connectedAt connectionId domainName eventType extendedRequestId identity.apiKey identity.apiKeyId "
    "identity.sourceIp identity.userAgent messageDirection requestId requestTime requestTimeEpoch routeKey stage"
)
"""The context variables that a connect request has before its authorizer has answered."""


@dataclass(frozen=True)
class LambdaAuthorizer:
    """
    A function that decides whether a client may connect.

    Attributes:
        integration: How API Gateway invokes the function.
        identity_sources: Texts that match ``IDENTITY_SOURCE``. A connect request must have a value for each.

    """

    integration: Integration
    identity_sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class IamAuthorization:
    """A connect request must be signed. The gateway does not check the signature."""


@dataclass(frozen=True)
class ApiKeys:
    """
    A connect request must have an API key.

    Attributes:
        values: The enabled API keys of the template. None: the template gives no key a value, so every key is valid.
        from_authorizer: Whether the key is the ``usageIdentifierKey`` of the authorizer's answer. Else it is a header.

    """

    values: frozenset[str] | None
    from_authorizer: bool = False


@dataclass(frozen=True)
class Models:
    """
    The models that the messages of a route must match.

    Attributes:
        selection: The expression whose value is the key of the model for a message.
        schemas: JSON schemas by key. ``$default`` is for every key without a model.

    """

    selection: str
    schemas: Mapping[str, Any]


@dataclass(frozen=True)
class Throttle:
    """
    A token bucket for requests.

    Attributes:
        rate: Requests a second.
        burst: Requests at once.

    """

    rate: float
    burst: int


@dataclass(frozen=True)
class Route:
    """
    A route of the API.

    Attributes:
        key: The RouteKey.
        integration: What receives the route's events.
        two_way: Whether the integration's answer goes back to the client. This needs both a
            RouteResponseSelectionExpression and a RouteResponse.
        authorizer: Who decides about a connect request. None: every client may connect.
        api_keys: The API keys that a connect request may have. None: it does not need a key.
        models: The models that a message must match. None: every message is valid.
        throttle: The route's own throttle. None: the route shares the stage's throttle.

    """

    key: str
    integration: Integration
    two_way: bool
    authorizer: LambdaAuthorizer | IamAuthorization | None = None
    api_keys: ApiKeys | None = None
    models: Models | None = None
    throttle: Throttle | None = None


@dataclass(frozen=True)
class Store:
    """
    The resources that the embedded AWS holds.

    Each resource is a mapping of its CloudFormation properties, and always has a name.

    Attributes:
        places: The template's file and line for each name.

    """

    tables: tuple[dict[str, Any], ...] = ()
    secrets: tuple[dict[str, Any], ...] = ()
    parameters: tuple[dict[str, Any], ...] = ()
    buckets: tuple[dict[str, Any], ...] = ()
    queues: tuple[dict[str, Any], ...] = ()
    topics: tuple[dict[str, Any], ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class App:
    """
    One WebSocket API of a template, one stage of it, and the template's other resources.

    Attributes:
        api: The API's logical id.
        api_id: The API's id, as in its host name.
        stage: The name of the stage.
        selection: The RouteSelectionExpression, for example ``$request.body.action``.
        routes: The routes by key.
        functions: The functions that the gateway can run, by logical id.
        store: The resources that the embedded AWS holds.
        event_sources: The queues whose messages functions receive.
        stage_variables: The stage's variables by name.
        throttle: The stage's throttle. All routes without their own throttle share it.
        domains: The base path of each custom domain that leads to the stage, by domain name.
        place: The region and the account of the template's resources.
        authentication: The template's output ``Authentication``: a sentence without a full stop that says who may
            connect. Empty: the template has no such output.
        notes: What the user should know about the template before it runs. Each is a place in the template and one
            or more sentences.

    """

    api: str
    api_id: str
    stage: str
    selection: str
    routes: dict[str, Route]
    functions: dict[str, Function]
    store: Store = Store()
    event_sources: tuple[EventSource, ...] = ()
    stage_variables: dict[str, str] = field(default_factory=dict)
    throttle: Throttle | None = None
    domains: dict[str, str] = field(default_factory=dict)
    place: Place = HERE
    authentication: str = ""
    notes: tuple[str, ...] = ()
