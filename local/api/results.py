"""What a function returned, and the frames of API Gateway's own."""

import re
from dataclasses import dataclass
from typing import Any

from local.lambdas.process import Result

RESULT_KEYS = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}
"""What a proxy result may hold. API Gateway takes any other key for a malformed result."""


@dataclass(frozen=True)
class Answer:
    """
    A proxy result that API Gateway accepts.

    Attributes:
        status: None if the function gave none, which only messages may.
        headers: Names in lower case.

    """

    status: int | None
    headers: dict[str, str]
    body: str


class Unusable(Exception):
    """An integration did not do what it is there for. The text is for the terminal."""


class NotInvoked(Unusable):
    """The function was not called: API Gateway may not, or nothing here can run it."""


class Malformed(Unusable):
    """The function failed, or returned what API Gateway does not accept."""


def read_result(result: Result) -> Answer:
    """
    Read what a function answered.

    Raises:
        Malformed: If it raised, or returned no proxy result.

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
    if body is not None and not isinstance(body, str):  # unsure: REST APIs' rule
        raise Malformed(f"malformed result: the body is a {type(body).__name__} instead of a string")
    # unsure: what isBase64Encoded does to an answer; the body goes out as it stands.
    return Answer(_status(value["statusCode"]) if "statusCode" in value else None, _headers(value), body or "")


def _headers(value: dict[str, Any]) -> dict[str, str]:
    if "headers" not in value and "multiValueHeaders" not in value:
        return {}
    headers, many = value.get("headers") or {}, value.get("multiValueHeaders") or {}
    if not isinstance(headers, dict) or not isinstance(many, dict):
        kind = type(many if isinstance(headers, dict) else headers).__name__
        raise Malformed(f"malformed result: the headers are a {kind} instead of an object")
    if bad := [name for name, each in many.items() if not isinstance(each, list)]:
        raise Malformed(f"malformed result: {bad[0]} of multiValueHeaders is no list")
    last = {name: each[-1] for name, each in many.items() if each}
    # unsure: a header that is null is none, as what a client did not offer; str() would say None of it.
    return {name.lower(): str(each) for name, each in (headers | last).items() if each is not None}


def read_handshake(result: Result) -> Answer:
    """Read what ``$connect`` answered, which has to have a status. (unsure: what AWS does without one.)"""
    answer = read_result(result)
    if answer.status is None:
        raise Malformed("malformed result: no statusCode, and only a 2xx opens a connection")
    if not re.fullmatch(r"[ -~]*", answer.headers.get("sec-websocket-protocol", "")):
        raise Malformed("malformed result: Sec-WebSocket-Protocol has characters that a header cannot have")
    return answer


def _status(value: object) -> int:
    # unsure: what AWS makes of other numbers; a handshake answered with less than 200 would be none.
    if isinstance(value, str) and re.fullmatch("[0-9]{3}", value):
        value = int(value)
    if type(value) is not int or not 200 <= value <= 599:
        raise Malformed(f"malformed result: the statusCode is {value!r}")
    return value


def error_frame(text: str, connection_id: str, request_id: str) -> str:
    """Build the frame that API Gateway sends for an error of its own; spacing as captured on AWS."""
    return f'{{"message": "{text}", "connectionId":"{connection_id}", "requestId":"{request_id}"}}'


def bad_request_frame(connection_id: str, message_id: str) -> str:
    """Build the frame for a message that fits no model; spacing as documented."""
    return f'{{"message" : "Bad request body", "connectionId": "{connection_id}", "messageId": "{message_id}"}}'
