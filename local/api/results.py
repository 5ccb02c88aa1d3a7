"""The results of functions that API Gateway accepts, and the frames that API Gateway sends by itself."""

import re
from dataclasses import dataclass
from typing import Any

from local.lambdas.process import Result

RESULT_KEYS = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}
"""The keys that a proxy result may have. If a result has any other key, API Gateway treats it as malformed."""


@dataclass(frozen=True)
class Answer:
    """
    A proxy result that API Gateway accepts.

    Attributes:
        status: None if the function returned no status. Only ``$connect`` has to return one.
        headers: By name in lower case.

    """

    status: int | None
    headers: dict[str, str]
    body: str


class Unusable(Exception):
    """An integration gave no answer. The reason is for the terminal."""


class NotInvoked(Unusable):
    """The integration was not called: API Gateway may not call it, or the gateway cannot imitate it."""


class Malformed(Unusable):
    """The function failed, or returned a result that API Gateway does not accept."""


def read_result(result: Result) -> Answer:
    """
    Read the result of a function.

    Raises:
        Malformed: If the function raised, or did not return a proxy result.

    """
    if result.error:
        raise Malformed(f"{result.error['errorType']}: {result.error['errorMessage']}")
    value = {} if result.value is None else result.value
    if not isinstance(value, dict):
        raise Malformed(f"malformed result: a {type(value).__name__} instead of an object")
    if not value.keys() <= RESULT_KEYS:
        unknown = sorted(value.keys() - RESULT_KEYS)
        raise Malformed(f"malformed result: unknown keys {', '.join(unknown)}")
    body = value.get("body")
    if body is not None and not isinstance(body, str):  # unsure: the rule of REST APIs
        raise Malformed(f"malformed result: the body is a {type(body).__name__} instead of a string")
    # unsure: what isBase64Encoded does to a reply; here the body is sent unchanged.
    return Answer(_status(value["statusCode"]) if "statusCode" in value else None, _headers(value), body or "")


def read_connect_result(result: Result) -> Answer:
    """
    Read the result of the function of ``$connect``, which has to have a status.

    Raises:
        Malformed: As read_result, and if the result has no status (unsure: what AWS does without one), or selects a
            subprotocol that a header cannot have.

    """
    answer = read_result(result)
    if answer.status is None:
        raise Malformed("malformed result: no statusCode, and only a 2xx opens a connection")
    if not re.fullmatch(r"[ -~]*", answer.headers.get("sec-websocket-protocol", "")):
        raise Malformed("malformed result: Sec-WebSocket-Protocol has characters that a header cannot have")
    return answer


def _headers(value: dict[str, Any]) -> dict[str, str]:
    headers, lists = value.get("headers") or {}, value.get("multiValueHeaders") or {}
    if not isinstance(headers, dict) or not isinstance(lists, dict):
        kind = type(lists if isinstance(headers, dict) else headers).__name__
        raise Malformed(f"malformed result: the headers are a {kind} instead of an object")
    if bad := [name for name, values in lists.items() if not isinstance(values, list)]:
        raise Malformed(f"malformed result: {bad[0]} of multiValueHeaders is not a list")
    last = {name: values[-1] for name, values in lists.items() if values}
    # unsure: that a header of null is left out.
    return {name.lower(): str(value) for name, value in (headers | last).items() if value is not None}


def _status(value: object) -> int:
    # unsure: what AWS makes of other numbers; an HTTP response below 200 would not end a handshake.
    if isinstance(value, str) and re.fullmatch("[0-9]{3}", value):
        value = int(value)
    if type(value) is not int or not 200 <= value <= 599:
        raise Malformed(f"malformed result: the statusCode is {value!r}")
    return value


def error_frame(message: str, connection_id: str, request_id: str) -> str:
    """Build the text frame with which API Gateway reports an error. Source of its spacing: captured on AWS."""
    return f'{{"message": "{message}", "connectionId":"{connection_id}", "requestId":"{request_id}"}}'


def bad_request_frame(connection_id: str, message_id: str) -> str:
    """Build the text frame for a message that does not fit its model. Source of its spacing: AWS's documentation."""
    return f'{{"message" : "Bad request body", "connectionId": "{connection_id}", "messageId": "{message_id}"}}'
