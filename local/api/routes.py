"""Which route a message takes, and what its integration's answer sends back."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.lambdas.process import Result
from local.stack.app import Route

RESULT_KEYS = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}
"""What a proxy result may hold. API Gateway takes any other key for a malformed result."""

_VARIABLE = re.compile(r"\$\{request\.body\.([\w.-]+)\}|\$request\.body\.([\w.-]+)")


def select(expression: str, routes: Mapping[str, Route], body: str) -> Route | None:
    """
    Return the route a message takes: an exact match, else ``$default``, else None.

    A message never reaches ``$connect`` or ``$disconnect``, whatever it says. (unsure:
    no capture shows what AWS does; keys that start with $ are reserved.)

    """
    key = _evaluate(expression, body)
    if key in routes and not key.startswith("$"):
        return routes[key]
    return routes.get("$default")


def _evaluate(expression: str, body: str) -> str:
    try:
        document = json.loads(body)
        return _VARIABLE.sub(lambda match: _text(_member(document, match[1] or match[2])), expression)
    except (ValueError, RecursionError):
        return "$default"


def _member(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


@dataclass(frozen=True)
class Answer:
    """A proxy result that API Gateway accepts; ``headers`` in lower case."""

    status: int
    headers: dict[str, str]
    body: str


class Malformed(Exception):
    """The function failed, or returned what API Gateway does not accept. The text is for the terminal."""


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
    if unknown := value.keys() - RESULT_KEYS:
        raise Malformed(f"malformed result: unknown keys {', '.join(sorted(unknown))}")
    body = value.get("body")
    if not isinstance(body, str | None):
        raise Malformed(f"malformed result: the body is a {type(body).__name__} instead of a string")
    headers = value.get("headers") or {}
    if not isinstance(headers, dict):
        raise Malformed(f"malformed result: the headers are a {type(headers).__name__} instead of an object")
    headers = {str(name).lower(): str(each) for name, each in headers.items()}
    return Answer(_status(value.get("statusCode", 200)), headers, body or "")


def _status(value: Any) -> int:
    # unsure: what AWS makes of other numbers; a handshake answered with less than 200 would be none.
    if not isinstance(value, int | str) or not re.fullmatch("[2-5][0-9]{2}", str(value)):
        raise Malformed(f"malformed result: the statusCode is {value!r}")
    return int(value)


def error_frame(text: str, connection_id: str, request_id: str) -> str:
    """Build the frame that API Gateway sends for an error of its own; spacing as captured on AWS."""
    return f'{{"message": "{text}", "connectionId":"{connection_id}", "requestId":"{request_id}"}}'
