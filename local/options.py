"""The options of the gateway, and their defaults."""

from dataclasses import dataclass, field
from pathlib import Path

from local.place import HERE, Place

INTEGRATION_TIMEOUT = 29.0
"""Seconds that API Gateway waits for a function: a quota that cannot be raised."""


@dataclass(frozen=True)
class Limits:
    """
    How long connections last, in seconds. The defaults are API Gateway's quotas, which cannot be raised.

    Attributes:
        idle: The time without a message in either direction after which a connection is closed.
        duration: The time after the handshake at which a connection is closed in any case.

    """

    idle: float = 600
    duration: float = 7200


@dataclass(frozen=True)
class Options:
    """
    Attributes:
        template: Path of the SAM or CloudFormation template.
        api: The logical id of the API to serve; None for the first one in the template.
        host: The address to listen on.
        port: The port of WebSockets, the management API and the page. The next port serves them over TLS, and the
            one after it the embedded AWS. 0 for any three free ports.
        parameters: Values of the template's parameters.
        aws_endpoint: URL of a DynamoDB to use instead of the embedded one, or None.
        integration_timeout: Seconds that a route waits for its function.
        wss: Whether the gateway prints its ``wss://`` address too.
        debug: Whether ``breakpoint()`` waits for a debugger, and nothing times out.
        runs_disconnect: Whether ``$disconnect`` runs when a connection ends.
        place: The region and the account of the template's resources.

    """

    template: Path = Path("template.yaml")
    api: str | None = None
    host: str = "127.0.0.1"
    port: int = 3001
    parameters: dict[str, str] = field(default_factory=dict)
    aws_endpoint: str | None = None
    limits: Limits = field(default_factory=Limits)
    integration_timeout: float = INTEGRATION_TIMEOUT
    wss: bool = False
    debug: bool = False
    runs_disconnect: bool = True
    place: Place = HERE
