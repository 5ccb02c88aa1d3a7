"""What ``python -m local`` is told."""

from dataclasses import dataclass, field
from pathlib import Path

from local.place import HERE, Place

INTEGRATION_TIMEOUT = 29.0
"""Seconds until API Gateway stops waiting for a function (quota, cannot be raised)."""


@dataclass(frozen=True)
class Limits:
    """
    How long connections last, in seconds, as on AWS (quotas, not adjustable there).

    Attributes:
        idle: Without a message in either direction.
        duration: From the handshake, traffic or not.

    """

    idle: float = 600
    duration: float = 7200


@dataclass(frozen=True)
class Options:
    """
    Attributes:
        api: The logical id of the API to serve; None for the first.
        port: Of the sockets, the management API and the page; the next two are those of the same by TLS,
            and of the embedded AWS. 0 takes any three that are free.
        aws_endpoint: URL of another DynamoDB, or None for the embedded one.
        integration_timeout: Seconds that a route waits for its function.
        wss: Whether clients are told of TLS, too.
        debug: Whether ``breakpoint()`` waits for a debugger, and nothing times out.
        runs_disconnect: Whether ``$disconnect`` comes at all.
        place: The region and the account that the template's resources are in.

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
