"""
Makes a request's ARNs name the region and the account of the template's resources.

Only ARNs that name a resource change. Items of tables, messages and tags keep their text.

"""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

ARN = re.compile(r"arn:[a-z-]+:([a-z0-9-]+):[a-z0-9-]+:\d{12}:(.+)", re.DOTALL)
"""An ARN of a resource that belongs to a region and an account: the service, and the resource."""

NAMING = re.compile(r"(?<!messagegroup)(?<!messagededuplication)(arn|id|name|endpoint)(s|list)?$", re.IGNORECASE)
"""Members whose value, or each element of it, names a resource. The exceptions are texts of a message's sender."""

NUMBER = re.compile(r"(\.member)?\.\d+$")
"""The end of a form's name for one element of a list."""

IN_PARTIQL = re.compile(r"""('(?:[^']|'')*')|"arn:[a-z-]+:dynamodb:[a-z0-9-]+:\d{12}:table/([^"]+)\"""")
"""A string, which stays, or a table's ARN. moto's PartiQL takes names of tables alone."""

Localised = Callable[[str, str], str]
"""Returns the ARN here of a service and a resource."""


def in_json(body: bytes, localised: Localised) -> bytes:
    """Return a JSON body with localised ARNs. A body that is not JSON, or has no such ARN, stays as it is."""
    if b"arn:" not in body:
        return body  # nearly all requests: they are not parsed twice
    try:
        content = json.loads(body)
        changed = _in_value(content, "", localised)
    except (ValueError, RecursionError):
        return body
    return body if changed == content else json.dumps(changed).encode()


def as_asked(answer: bytes, request: bytes, localised: Localised) -> bytes:
    """Return the answer to a batch of DynamoDB with the keys of the request. DynamoDB repeats the ARNs of a caller."""
    for key in json.loads(request)["RequestItems"]:
        answer = answer.replace(f'"{_localised(key, localised)}":'.encode(), f'"{key}":'.encode())
    return answer


def in_form(body: bytes, localised: Localised) -> bytes:
    """Return the body of a form with localised ARNs."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True)
    except ValueError:
        return body
    changed = [(name, _in_value(value, NUMBER.sub("", name), localised)) for name, value in pairs]
    return body if changed == pairs else urlencode(changed).encode()


def _in_value(value: Any, name: str, localised: Localised) -> Any:
    """Return the value of a member of this name, with localised ARNs."""
    if isinstance(value, dict) and name.lower() != "tags":
        return {
            _localised(key, localised) if name == "RequestItems" else key: _in_value(member, key, localised)
            for key, member in value.items()
        }
    if isinstance(value, list):
        return [_in_value(element, name, localised) for element in value]
    if not isinstance(value, str):
        return value
    if name == "Statement":
        return IN_PARTIQL.sub(lambda found: found[1] or f'"{found[2]}"', value)
    return _localised(value, localised) if NAMING.search(name) else value


def _localised(value: str, localised: Localised) -> str:
    arn = ARN.fullmatch(value)
    return localised(arn[1], arn[2]) if arn else value
