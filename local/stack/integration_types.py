"""Where a route leads: the kinds of integrations, and the templates of a mock."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class LambdaIntegration:
    """
    Attributes:
        timeout: Seconds until API Gateway stops waiting, or None for its own 29.
        qualifier: The alias or the version that is called; empty for neither.

    """

    function: str
    timeout: float | None
    qualifier: str = ""


@dataclass(frozen=True)
class Templates:
    """
    Mapping templates, of which a message chooses one.

    Attributes:
        texts: By key. ``$default`` is for all other keys.
        selection: The expression whose value is the key; empty without one.

    """

    texts: Mapping[str, str] = field(default_factory=dict)
    selection: str = ""


@dataclass(frozen=True)
class MockResponse:
    """
    What a mock integration answers.

    Attributes:
        key: The status it is for, or a pattern between slashes; ``$default`` for all others.

    """

    key: str
    replies: Templates


@dataclass(frozen=True)
class MockIntegration:
    """
    An integration without a backend.

    Attributes:
        requests: Each tells the status, which chooses the response.
        responses: In the template's order.
        passthrough: What becomes of a message that no template is for: WHEN_NO_MATCH, WHEN_NO_TEMPLATES or NEVER.

    """

    requests: Templates = Templates()
    responses: tuple[MockResponse, ...] = ()
    passthrough: str = "WHEN_NO_MATCH"


@dataclass(frozen=True)
class Unavailable:
    """An integration that always fails: API Gateway may not call it, or nothing here can imitate it."""

    reason: str


Integration = LambdaIntegration | MockIntegration | Unavailable
