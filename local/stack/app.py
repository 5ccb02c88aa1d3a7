"""What a template declares, as far as a local gateway needs it: routes, functions, tables, secrets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.place import HERE, Place
from local.stack.integration_types import Integration
from local.stack.policies import Statement

LATEST = "$LATEST"
"""The version of a function that nobody has published."""


@dataclass(frozen=True)
class Logging:
    """
    A function's LoggingConfig.

    Attributes:
        format: ``Text`` or ``JSON``.
        level: The least level of a line that Lambda keeps; empty for text, of which Lambda keeps all.
        group: The log group's name; empty for Lambda's own.

    """

    format: str = "Text"
    level: str = ""
    group: str = ""


@dataclass(frozen=True)
class Function:
    """
    Attributes:
        name: Its logical id in the template.
        path: Folders that Python looks for modules in: the function's own, then its layers'.
        handler: ``module.function``.
        timeout: Seconds.
        memory: MB. Nothing limits it here; the function may ask how much it has.
        called: What AWS knows it by, where the template says so; else its logical id.
        inline: The source of the module ``index``, for a function that is written in the template.
        policy: What its role may do, or None if nobody here can tell.
        role: The name of its role.
        runtime: Such as ``python3.12``. Every function runs on the gateway's own Python all the same.
        logging: Its LoggingConfig.
        aliases: The version that each alias of the template leads to, by the alias's name.

    """

    name: str
    path: tuple[Path, ...]
    handler: str
    environment: dict[str, str]
    timeout: float
    memory: int
    called: str = ""
    inline: str | None = None
    policy: tuple[Statement, ...] | None = None
    role: str = ""
    runtime: str = "python3.12"
    logging: Logging = Logging()
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def aws_name(self) -> str:
        return self.called or self.name

    def version(self, qualifier: str) -> str | None:
        """Return the version that a qualifier names: none, an alias or a version. None for an unknown alias."""
        return qualifier if qualifier.isdecimal() else {"": LATEST, LATEST: LATEST, **self.aliases}.get(qualifier)


IDENTITY_SOURCE = re.compile(
    r"\$?(route\.request\.(?:multivalue)?header|route\.request\.(?:multivalue)?querystring|stageVariables|context)\.(.+)"
)
"""Where an authorizer's identity may be: a header or a parameter of the handshake, a stage variable, the context."""

CONTEXT = (
    "accountId apiId connectedAt connectionId domainName eventType extendedRequestId identity.apiKey identity.apiKeyId "
    "identity.sourceIp identity.userAgent messageDirection requestId requestTime requestTimeEpoch routeKey stage"
)
"""The variables of the context that a handshake can have before its authorizer has answered."""

MAX_TIMEOUT = 900
"""Seconds that a function may run at most (Lambda's quota)."""


@dataclass(frozen=True)
class LambdaAuthorizer:
    """
    Attributes:
        identity_sources: Of the form of ``IDENTITY_SOURCE``; each must be there.

    """

    integration: Integration
    identity_sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class IamAuthorization:
    """A handshake has to be signed. Whether the signature is right is not looked at here."""


@dataclass(frozen=True)
class ApiKeys:
    """
    A handshake has to carry an API key.

    Attributes:
        values: Of the enabled keys of the template. None if it has no key with a value: then every key is good.
        from_authorizer: Whether the authorizer's answer has the key, as ``usageIdentifierKey``, and not the header.

    """

    values: frozenset[str] | None
    from_authorizer: bool = False


@dataclass(frozen=True)
class Models:
    """
    What a message must look like.

    Attributes:
        selection: The expression whose value names the model of a message.
        schemas: JSON schemas by that name; ``$default`` for all others.

    """

    selection: str
    schemas: Mapping[str, Any]


@dataclass(frozen=True)
class Throttle:
    """A token bucket: requests a second, and at once."""

    rate: float
    burst: int


@dataclass(frozen=True)
class Route:
    """
    Attributes:
        two_way: Whether the integration's answer goes back to the client. Needs both
            a selection expression and a RouteResponse.
        throttle: Its own; without one, it shares the stage's.

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
    What the embedded AWS has to hold, each with its name filled in: properties as CloudFormation has them.

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
    Attributes:
        api: The API's logical id.
        selection: The route selection expression, such as ``$request.body.action``.
        throttle: Of the stage, shared by all routes without one of their own.
        domains: Base path of each custom domain that leads to the stage.
        place: The region and the account that the template's resources are in.
        notes: What a user should know of the template before it runs, each a sentence.

    """

    api: str
    api_id: str
    stage: str
    selection: str
    routes: dict[str, Route]
    functions: dict[str, Function]
    store: Store = Store()
    stage_variables: dict[str, str] = field(default_factory=dict)
    throttle: Throttle | None = None
    domains: dict[str, str] = field(default_factory=dict)
    place: Place = HERE
    notes: tuple[str, ...] = ()
