"""
The events that API Gateway sends to functions.

Each event has the members of a real one, in the same order. Source: events captured on AWS.

"""

import base64
import functools
import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from local.place import HERE, Place

Event: TypeAlias = dict[str, Any]
Pairs: TypeAlias = Sequence[tuple[str, str]]

NOT_FORWARDED = {"connection", "upgrade"}
"""Headers of the handshake that the event of the authorizer has, and the event of ``$connect`` does not have."""


@dataclass(frozen=True)
class Client:
    """
    What API Gateway remembers of a connection and repeats in each of its events.

    Attributes:
        connected_at: Epoch milliseconds.
        domain_name: The ``domainName`` of events: host, and port if it is not the default port of HTTPS.
        user_agent: None if the client sent no User-Agent; its events then have no ``userAgent``.
        authorizer: The authorizer's principalId and context, as strings. Empty if the route has no authorizer.
        caller: Members of the events' ``identity`` that come from a signature (AWS_IAM) or an API key.
        place: The region and the account of the API.

    """

    connection_id: str
    connected_at: int
    api_id: str
    stage: str
    domain_name: str
    source_ip: str
    user_agent: str | None
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    authorizer: Mapping[str, str] = field(default_factory=dict)
    caller: Mapping[str, str] = field(default_factory=dict)
    place: Place = HERE

    @functools.cached_property
    def identity(self) -> dict[str, str]:
        agent = {"userAgent": self.user_agent} if self.user_agent is not None else {}
        return {**self.caller, **agent, "sourceIp": self.source_ip}


def new_id() -> str:
    """Return an id of API Gateway's form: 11 bytes as URL-safe base64, ``L0SM9cOFvHcCIhw=``."""
    return _as_id(os.urandom(11))


def _short_lived_id() -> str:
    """Return an id for a message or an event. It need not be hard to guess, so this saves a system call."""
    return _as_id(random.randbytes(11))  # noqa: S311 - no secret


def _as_id(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


def values_of(query: str) -> Pairs:
    """Return the parameters of a query string, in order, decoded."""
    return parse_qsl(query, keep_blank_values=True)


def connect(client: Client, now: float, headers: Pairs, query: str) -> Event:
    """
    Build the event of a handshake, for the function of ``$connect``.

    Args:
        now: Epoch seconds.
        headers: As the client wrote them, in order.
        query: The part of the target after the question mark, not decoded; empty if the target has no query.

    """
    passed = [(name, value) for name, value in headers if name.lower() not in NOT_FORWARDED]
    event = _with_values("headers", "multiValueHeaders", _from_gateway(client, now, passed))
    if query:
        event |= _with_values("queryStringParameters", "multiValueQueryStringParameters", values_of(query))
    return _event(client, event, _context(client, "$connect", "CONNECT", now))


def authorize(client: Client, now: float, headers: Pairs, query: str) -> Event:
    """Build the event of a handshake for the authorizer, which runs before ``$connect``. Arguments as for connect."""
    passed = _from_gateway(client, now, [*headers, ("content-length", "0")])
    return {
        "type": "REQUEST",
        "methodArn": client.place.arn("execute-api", f"{client.api_id}/{client.stage}/$connect"),
        **_with_values("headers", "multiValueHeaders", passed),
        **_with_values("queryStringParameters", "multiValueQueryStringParameters", values_of(query)),
        "stageVariables": dict(client.stage_variables),
        "requestContext": _context(client, "$connect", "CONNECT", now),
    }


def message(client: Client, now: float, route_key: str, body: str) -> Event:
    """Build the event of a message. Only events of handshakes have headers and a query."""
    context = _context(client, route_key, "MESSAGE", now, messageId=_short_lived_id())
    return _event(client, {}, context, body=body)


def disconnect(client: Client, now: float, code: int, reason: str) -> Event:
    """Build the event of a close. ``code`` and ``reason`` are those of RFC 6455."""
    headers = [("Host", client.domain_name), ("x-api-key", ""), ("X-Forwarded-For", ""), ("x-restapi", "")]
    context = _context(client, "$disconnect", "DISCONNECT", now, disconnectStatusCode=code, disconnectReason=reason)
    return _event(client, _with_values("headers", "multiValueHeaders", headers), context)


def _event(client: Client, head: Event, context: Event, **tail: Any) -> Event:
    # unsure: no captured event has stage variables. The published types of Lambda events place them here.
    variables = {"stageVariables": dict(client.stage_variables)} if client.stage_variables else {}
    return {**head, **variables, "requestContext": context, **tail, "isBase64Encoded": False}


def _from_gateway(client: Client, now: float, headers: Pairs) -> Pairs:
    """
    Add the headers that API Gateway adds, and sort all headers by name as it does.

    On AWS every client connects by TLS, on port 443, to the host that ``domainName`` names.

    """
    added = [
        ("Host", client.domain_name),
        ("X-Amzn-Trace-Id", f"Root=1-{int(now):08x}-{os.urandom(12).hex()}"),
        ("X-Forwarded-For", client.source_ip),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Proto", "https"),
    ]
    passed = [pair for pair in headers if pair[0].lower() != "host"]
    return sorted([*passed, *added], key=lambda pair: pair[0].lower())


def _context(client: Client, route_key: str, event_type: str, now: float, **own: Any) -> Event:
    request_id = _short_lived_id()
    return {
        "routeKey": route_key,
        **own,
        "eventType": event_type,
        "extendedRequestId": request_id,
        "requestTime": _request_time(int(now)),
        "messageDirection": "IN",
        "stage": client.stage,
        "connectedAt": client.connected_at,
        "requestTimeEpoch": int(now * 1000),
        "identity": client.identity,
        **({"authorizer": dict(client.authorizer)} if client.authorizer else {}),
        "requestId": request_id,
        "domainName": client.domain_name,
        "connectionId": client.connection_id,
        "apiId": client.api_id,
    }


@functools.lru_cache(maxsize=1)
def _request_time(second: int) -> str:
    """Write a time in the common log format. The %b of strftime is not used: it depends on the locale."""
    moment = datetime.fromtimestamp(second, UTC)
    return f"{moment:%d}/{_MONTHS[moment.month]}/{moment:%Y:%H:%M:%S} +0000"


_MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _with_values(single: str, multiple: str, pairs: Pairs) -> Event:
    """Return two members of an event: one has the last value of each name, the other all values."""
    values_by_name: dict[str, list[str]] = {}
    for name, value in pairs:
        values_by_name.setdefault(name, []).append(value)
    # unsure: that the last value counts is the rule of REST APIs.
    return {single: {name: values[-1] for name, values in values_by_name.items()}, multiple: values_by_name}
