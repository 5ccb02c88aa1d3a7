"""
The events that API Gateway sends to functions, member for member.

Shapes as captured on AWS; order of keys included, for the reader's sake.

"""

import base64
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from local.stack.template import API_ID

Event: TypeAlias = dict[str, Any]

NOT_FORWARDED = {"connection", "upgrade"}
"""Headers of the handshake that ``$connect`` does not get."""


@dataclass(frozen=True)
class Client:
    """
    What API Gateway remembers of a connection and repeats in each of its events.

    Attributes:
        connected_at: Epoch milliseconds.
        domain_name: Host, and port where it is not the scheme's own, that functions see.
        user_agent: None if the client sent none; the events then have no such key.

    """

    connection_id: str
    connected_at: int
    stage: str
    domain_name: str
    source_ip: str
    user_agent: str | None

    @property
    def identity(self) -> dict[str, str]:
        return ({"userAgent": self.user_agent} if self.user_agent is not None else {}) | {"sourceIp": self.source_ip}


def new_id() -> str:
    """Return an id of API Gateway's form: 11 bytes as URL-safe base64, ``L0SM9cOFvHcCIhw=``."""
    return base64.urlsafe_b64encode(os.urandom(11)).decode()


def connect(client: Client, now: float, headers: Sequence[tuple[str, str]], query: str) -> Event:
    """
    Build the event of a handshake.

    Args:
        headers: As the client wrote them, in order.
        query: What follows the question mark, undecoded; empty without one.

    """
    passed = [(name, value) for name, value in headers if name.lower() not in NOT_FORWARDED]
    passed += [
        ("X-Forwarded-For", client.source_ip),
        ("X-Forwarded-Port", client.domain_name.rpartition(":")[2]),
        ("X-Forwarded-Proto", "http"),
    ]
    event = _with_values("headers", "multiValueHeaders", passed)
    if query:
        pairs = parse_qsl(query, keep_blank_values=True)
        event |= _with_values("queryStringParameters", "multiValueQueryStringParameters", pairs)
    context = _context(client, "$connect", "CONNECT", now)
    return event | {"requestContext": context, "isBase64Encoded": False}


def message(client: Client, now: float, route_key: str, body: str) -> Event:
    """Build the event of a message. It has neither headers nor query: those came with the handshake."""
    context = _context(client, route_key, "MESSAGE", now) | {"messageId": new_id()}
    return {"requestContext": context, "body": body, "isBase64Encoded": False}


def disconnect(client: Client, now: float, code: int, reason: str) -> Event:
    """Build the event of a close; ``code`` and ``reason`` as RFC 6455 has them."""
    headers = [("Host", client.domain_name), ("x-api-key", ""), ("X-Forwarded-For", ""), ("x-restapi", "")]
    context = _context(client, "$disconnect", "DISCONNECT", now)
    context |= {"disconnectStatusCode": code, "disconnectReason": reason}
    return _with_values("headers", "multiValueHeaders", headers) | {
        "requestContext": context,
        "isBase64Encoded": False,
    }


def _context(client: Client, route_key: str, event_type: str, now: float) -> Event:
    request_id = new_id()
    moment = datetime.fromtimestamp(now, UTC)
    return {
        "routeKey": route_key,
        "eventType": event_type,
        "extendedRequestId": request_id,
        # The common log format. strftime's %b would follow the locale.
        "requestTime": f"{moment:%d}/{_MONTHS[moment.month]}/{moment:%Y:%H:%M:%S} +0000",
        "messageDirection": "IN",
        "stage": client.stage,
        "connectedAt": client.connected_at,
        "requestTimeEpoch": int(now * 1000),
        "identity": client.identity,
        "requestId": request_id,
        "domainName": client.domain_name,
        "connectionId": client.connection_id,
        "apiId": API_ID,
    }


_MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _with_values(last: str, every: str, pairs: Sequence[tuple[str, str]]) -> Event:
    many: dict[str, list[str]] = {}
    for name, value in pairs:
        many.setdefault(name, []).append(value)
    return {last: {name: values[-1] for name, values in many.items()}, every: many}
