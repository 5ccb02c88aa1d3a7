"""What a mock integration answers: a request template tells the status, which chooses the response."""

import json
from typing import Any

from local.api.results import NotInvoked
from local.lambdas.process import Result
from local.stack.integration_types import MockIntegration
from local.stack.mocks import choose, response_for, status_of, velocity


def mock(integration: MockIntegration, body: str) -> Result:
    """
    Return what an integration answers to a message.

    Raises:
        NotInvoked: If API Gateway would fail, or if that takes Velocity, which is not evaluated here.

    """
    message = _json(body)
    status = _status(integration, message)
    response = response_for(integration.responses, status)
    if response is None:
        if integration.responses:
            raise NotInvoked(f"No IntegrationResponse of the mock is for the status {status}.")
        return Result({"statusCode": 200, "body": ""})
    reply = choose(response.replies, message, status) or ""
    if found := velocity(reply):
        raise NotInvoked(f"The reply of the mock has {found} in it, and Velocity is not evaluated here.")
    # As observed of HTTP: the status refuses a handshake where a response is for it, and not where $default takes all.
    return Result({"statusCode": 200 if response.key == "$default" else int(status), "body": reply})


def _status(integration: MockIntegration, message: Any) -> str:
    template = choose(integration.requests, message)
    if template is None:
        strict = integration.passthrough == "WHEN_NO_TEMPLATES" and integration.requests.texts
        if strict or integration.passthrough == "NEVER":
            raise NotInvoked("No request template of the mock is for the message, and it may not pass without one.")
        return "200"  # unsure: of a message that passes as it is.
    if (status := status_of(template)) is None:
        raise NotInvoked("The request template of the mock tells no statusCode, or depends on Velocity.")
    return status


def _json(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
