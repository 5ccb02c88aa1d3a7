"""The kinds of integrations that a route may have."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class LambdaIntegration:
    """
    An integration that invokes a function.

    Attributes:
        function: The logical id of the function.
        timeout: Seconds until API Gateway stops waiting. None: API Gateway's default, 29.
        qualifier: The alias or the version to invoke. Empty: neither is given.

    """

    function: str
    timeout: float | None
    qualifier: str = ""


@dataclass(frozen=True)
class Templates:
    """
    Mapping templates. Each message selects one of them.

    Attributes:
        texts: The templates by key. ``$default`` is for every key without a template.
        selection: The expression whose value is the key. Empty if there is none.

    """

    texts: Mapping[str, str] = field(default_factory=dict)
    selection: str = ""


@dataclass(frozen=True)
class MockResponse:
    """
    A response of a mock integration.

    Attributes:
        key: The status that the response is for, or a pattern between slashes. ``$default`` is for every other status.
        replies: The templates of the reply to the client.

    """

    key: str
    replies: Templates


@dataclass(frozen=True)
class MockIntegration:
    """
    An integration without a backend.

    Attributes:
        requests: Request templates. The one that a message selects has a status, and the status selects the response.
        responses: The responses in the template's order.
        passthrough: What happens to a message that selects no request template: WHEN_NO_MATCH, WHEN_NO_TEMPLATES
            or NEVER.

    """

    requests: Templates = Templates()
    responses: tuple[MockResponse, ...] = ()
    passthrough: str = "WHEN_NO_MATCH"


@dataclass(frozen=True)
class Unavailable:
    """
    An integration that always fails, because API Gateway may not invoke it or because the gateway cannot imitate it.

    Attributes:
        reason: A sentence, with its place in the template.

    """

    reason: str


Integration = LambdaIntegration | MockIntegration | Unavailable
