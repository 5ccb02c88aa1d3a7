"""What an authorizer of ``$connect`` has to be told, and what its answer means."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.api import events
from local.api.events import Client, Event
from local.api.results import Unusable
from local.lambdas.process import Result
from local.stack.app import IDENTITY_SOURCE
from local.stack.policies import allows, statements

MAX_RESULT = 8 * 1024
"""Bytes of an authorizer's result (quota)."""


def has_identity(sources: Sequence[str], client: Client, headers: events.Pairs, query: str) -> bool:
    """Return whether each identity source has a value. Without one of them, the authorizer is not asked."""
    context: dict[str, Any] = events.connect(client, 0, headers, query)["requestContext"]
    identity = {f"identity.{name}": value for name, value in context["identity"].items()}
    values: dict[str, Mapping[str, Any]] = {
        "header": {name.lower(): value for name, value in headers},
        "querystring": dict(events.values_of(query)),
        "stageVariables": client.stage_variables,
        "context": {**context, **identity, "accountId": client.place.account},
    }

    def value(source: str) -> Any:
        if not (match := IDENTITY_SOURCE.fullmatch(source)):
            return None
        place = match[1].removeprefix("route.request.").removeprefix("multivalue")
        return values[place].get(match[2].lower() if place == "header" else match[2])

    return all(value(source) not in (None, "") for source in sources)


@dataclass(frozen=True)
class Authorization:
    """
    Who a client is.

    Attributes:
        values: What its events say of it from now on, all as text.
        usage_key: The API key that the authorizer found for it.

    """

    values: dict[str, str]
    status: str = "allowed"
    usage_key: str | None = None


class NotAuthorized(Unusable):
    """
    The handshake is refused.

    Attributes:
        status: What the client sees: 401 if the authorizer raised "Unauthorized", 403 if its
            policy says so, 500 if it failed or returned what is no policy.

    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def read_policy(result: Result, event: Event) -> Authorization:
    """
    Read what an authorizer answered to an event.

    A policy that allows ``…/stage/*/*`` does not allow ``…/stage/$connect``.

    Raises:
        NotAuthorized: If the client may not connect.

    """
    if result.error:
        if result.error["errorMessage"] == "Unauthorized":
            raise NotAuthorized(401, "Unauthorized")
        raise NotAuthorized(500, f"{result.error['errorType']}: {result.error['errorMessage']}")
    try:
        value = _checked(result.value)
        policy = statements(value.get("policyDocument"))
    except ValueError as error:
        raise NotAuthorized(500, f"malformed result: {error}") from error
    if not allows(policy, "execute-api:Invoke", event["methodArn"]):
        raise NotAuthorized(403, f"the policy does not allow {event['methodArn']}")
    context = {name: _text(each) for name, each in (value.get("context") or {}).items() if each is not None}
    # unsure: AWS documents the key beside the context; the CDK says that it is in the context.
    key = value.get("usageIdentifierKey") or context.get("usageIdentifierKey")
    return Authorization({"principalId": value["principalId"], **context}, usage_key=None if key is None else str(key))


def _checked(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not isinstance(value.get("principalId"), str):
        raise ValueError("not an object with a principalId")
    context = value.get("context") or {}
    if not isinstance(context, dict) or any(isinstance(each, dict | list) for each in context.values()):
        raise ValueError("the context is not an object of text, numbers and booleans")
    if (size := len(json.dumps(value))) > MAX_RESULT:
        raise ValueError(f"{size} bytes, and {MAX_RESULT} are the most")
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
