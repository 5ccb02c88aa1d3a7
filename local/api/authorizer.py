"""The Lambda authorizer of ``$connect``: the identity sources that it requires, and the policy that it returns."""

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
"""The largest result of an authorizer, in bytes (quota)."""


def has_identity(sources: Sequence[str], client: Client, headers: events.Pairs, query: str) -> bool:
    """Return whether every identity source has a value. Otherwise the gateway does not call the authorizer."""
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
    An authorizer's permission to connect.

    Attributes:
        values: ``principalId`` and the authorizer's context, all as strings: every event of the client has them.
        status: The word that the terminal shows for this call.
        usage_key: The API key that the authorizer returned for the client, if any.

    """

    values: dict[str, str]
    status: str = "allowed"
    usage_key: str | None = None


class NotAuthorized(Unusable):
    """
    The authorizer did not let the client connect.

    Attributes:
        status: The HTTP status that the client gets: 401 if the authorizer raised "Unauthorized", 403 if its
            policy does not allow the handshake, 500 if it failed or did not return a policy.

    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def read_policy(result: Result, event: Event) -> Authorization:
    """
    Read an authorizer's result, and check that its policy allows the handshake.

    The resource ``…/stage/*/*``, which fits REST APIs, does not match ``…/stage/$connect``.

    Args:
        result: Of the authorizer.
        event: The event that the authorizer got. Its ``methodArn`` is what the policy has to allow.

    Raises:
        NotAuthorized: If the client may not connect.

    """
    if result.error:
        if result.error["errorMessage"] == "Unauthorized":
            raise NotAuthorized(401, "Unauthorized")
        raise NotAuthorized(500, f"{result.error['errorType']}: {result.error['errorMessage']}")
    try:
        answer = _checked(result.value)
        policy = statements(answer.get("policyDocument"))
    except ValueError as error:
        raise NotAuthorized(500, f"malformed result: {error}") from error
    if not allows(policy, "execute-api:Invoke", event["methodArn"]):
        raise NotAuthorized(403, f"the policy does not allow {event['methodArn']}")
    context = {name: _as_string(value) for name, value in (answer.get("context") or {}).items() if value is not None}
    # unsure: AWS documents the key as a sibling of the context; the CDK's documentation puts it into the context.
    key = answer.get("usageIdentifierKey") or context.get("usageIdentifierKey")
    return Authorization({"principalId": answer["principalId"], **context}, usage_key=None if key is None else str(key))


def _checked(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict) or not isinstance(answer.get("principalId"), str):
        raise ValueError("not an object with a principalId")
    context = answer.get("context") or {}
    if not isinstance(context, dict) or any(isinstance(value, dict | list) for value in context.values()):
        raise ValueError("the context is not an object of strings, numbers and booleans")
    if (size := len(json.dumps(answer))) > MAX_RESULT:
        raise ValueError(f"{size} bytes; at most {MAX_RESULT} are allowed")
    return answer


def _as_string(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
