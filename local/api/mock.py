"""Evaluates a mock integration: its request template gives the status, and the status chooses the response."""

import json
from typing import Any

from local.api.results import NotInvoked
from local.lambdas.process import Result
from local.stack.integration_types import MockIntegration
from local.stack.mocks import choose, response_for, status_of, velocity


def mock(integration: MockIntegration, body: str) -> Result:
    """
    Return the result of a mock integration for a message.

    Raises:
        NotInvoked: If the integration would fail on AWS, or if it needs Velocity, which the gateway does not evaluate.

    """
    message = _json(body)
    status = _status(integration, message)
    response = response_for(integration.responses, status)
    if response is None:
        if integration.responses:
            raise NotInvoked(f"The mock has no IntegrationResponse for the status {status}.")
        return Result({"statusCode": 200, "body": ""})
    reply = choose(response.replies, message, status) or ""
    if expression := velocity(reply):
        raise NotInvoked(f"The reply of the mock contains {expression}, and Velocity is not evaluated.")
    # A status refuses a handshake only if a response names that status. With the response of $default it does not.
    # unsure: this was observed with HTTP requests, not with a WebSocket handshake.
    return Result({"statusCode": 200 if response.key == "$default" else int(status), "body": reply})


def _status(integration: MockIntegration, message: Any) -> str:
    template = choose(integration.requests, message)
    if template is None:
        strict = integration.passthrough == "WHEN_NO_TEMPLATES" and integration.requests.texts
        if strict or integration.passthrough == "NEVER":
            raise NotInvoked(
                "The mock has no request template for the message, and the message may not pass without one."
            )
        return "200"  # unsure: the status of a message that passes without a template
    if (status := status_of(template)) is None:
        raise NotInvoked("The request template of the mock has no statusCode, or depends on Velocity.")
    return status


def _json(body: str) -> Any:
    """Return the value of a message, or None if it is not JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
