"""Every event that the gateway builds, compared as a whole. And the files in events/ for its routes are such events."""

import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from local.api import events, selection
from local.api.events import Client, Event
from local.stack.loading import load
from tests.support.paths import ROOT

NOW = 1_795_392_007.124  # 23 November 2026, 00:00:07.124 UTC
ID = re.compile(r"[A-Za-z0-9_-]{14}[AEIMQUYcgkosw048]=")
"""Eleven bytes as URL-safe base64: the last character before the padding carries four bits."""

CLIENT = Client(
    connection_id="Qm9vEeX_ZjMCK-w=",
    connected_at=1_795_392_000_123,
    api_id="localapi00",
    stage="prod",
    domain_name="127.0.0.1:3001",
    source_ip="203.0.113.24",
    user_agent="ExampleClient/4.2",
)


def context(route_key: str, event_type: str, request_id: str, **more: Any) -> Event:
    return {
        "routeKey": route_key,
        "eventType": event_type,
        "extendedRequestId": request_id,
        "requestTime": "23/Nov/2026:00:00:07 +0000",
        "messageDirection": "IN",
        "stage": "prod",
        "connectedAt": 1_795_392_000_123,
        "requestTimeEpoch": 1_795_392_007_124,
        "identity": {"userAgent": "ExampleClient/4.2", "sourceIp": "203.0.113.24"},
        "requestId": request_id,
        "domainName": "127.0.0.1:3001",
        "connectionId": "Qm9vEeX_ZjMCK-w=",
        "apiId": "localapi00",
    } | more


def test_the_event_of_a_handshake() -> None:
    headers = [
        ("host", "localhost:3999"),
        ("Connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-key", "3q2+7wAAAAAAAAAAAAAAAA=="),
        ("Cookie", "a=1"),
        ("Cookie", "b=2"),
    ]
    event = events.connect(CLIENT, NOW, headers, "token=t%2D1&tag=a&tag=b+c&empty=")
    trace = event["headers"].pop("X-Amzn-Trace-Id")
    assert re.fullmatch(r"Root=1-6b038207-[0-9a-f]{24}", trace)
    assert event["multiValueHeaders"].pop("X-Amzn-Trace-Id") == [trace]
    assert event == {
        "headers": {
            "Host": "127.0.0.1:3001",
            "sec-websocket-key": "3q2+7wAAAAAAAAAAAAAAAA==",
            "Cookie": "b=2",
            "X-Forwarded-For": "203.0.113.24",
            "X-Forwarded-Port": "443",
            "X-Forwarded-Proto": "https",
        },
        "multiValueHeaders": {
            "Host": ["127.0.0.1:3001"],
            "sec-websocket-key": ["3q2+7wAAAAAAAAAAAAAAAA=="],
            "Cookie": ["a=1", "b=2"],
            "X-Forwarded-For": ["203.0.113.24"],
            "X-Forwarded-Port": ["443"],
            "X-Forwarded-Proto": ["https"],
        },
        "queryStringParameters": {"token": "t-1", "tag": "b c", "empty": ""},
        "multiValueQueryStringParameters": {"token": ["t-1"], "tag": ["a", "b c"], "empty": [""]},
        "requestContext": context("$connect", "CONNECT", event["requestContext"]["requestId"]),
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param([("Host", "localhost:3999")], id="another-host"),
        pytest.param([("HOST", "127.0.0.1:3001")], id="the-same-host-in-capitals"),
        pytest.param([], id="no-host"),
    ],
)
@pytest.mark.parametrize("build", [events.connect, events.authorize])
def test_the_host_of_a_handshake_is_the_domain_name_of_its_event(build: Any, sent: list[tuple[str, str]]) -> None:
    event = build(CLIENT, NOW, sent, "")
    hosts = {name: value for name, value in event["headers"].items() if name.lower() == "host"}
    assert hosts == {"Host": event["requestContext"]["domainName"]}
    assert event["multiValueHeaders"]["Host"] == ["127.0.0.1:3001"]


def test_the_event_of_a_handshake_without_a_query_has_no_members_for_one() -> None:
    event = events.connect(CLIENT, NOW, [], "")
    assert event.keys() == {"headers", "multiValueHeaders", "requestContext", "isBase64Encoded"}


def test_the_event_of_a_message() -> None:
    event = events.message(CLIENT, NOW, "sendMessage", '{"action":"sendMessage"}')
    request_id, message_id = event["requestContext"]["requestId"], event["requestContext"]["messageId"]
    assert event == {
        "requestContext": context("sendMessage", "MESSAGE", request_id, messageId=message_id),
        "body": '{"action":"sendMessage"}',
        "isBase64Encoded": False,
    }
    assert request_id != message_id


def test_the_event_of_a_close() -> None:
    event = events.disconnect(CLIENT, NOW, 1001, "Going away")
    headers = {"Host": "127.0.0.1:3001", "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""}
    closed = {"disconnectStatusCode": 1001, "disconnectReason": "Going away"}
    assert event == {
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "requestContext": context("$disconnect", "DISCONNECT", event["requestContext"]["requestId"], **closed),
        "isBase64Encoded": False,
    }


def test_a_client_without_a_user_agent_has_none_in_any_event() -> None:
    silent = Client("Qm9vEeX_ZjMCK-w=", 0, "localapi00", "prod", "127.0.0.1:3001", "203.0.113.24", user_agent=None)
    for event in (
        events.connect(silent, NOW, [], ""),
        events.message(silent, NOW, "$default", ""),
        events.disconnect(silent, NOW, 1005, ""),
    ):
        assert event["requestContext"]["identity"] == {"sourceIp": "203.0.113.24"}


@pytest.mark.parametrize(
    ("now", "written"),
    [
        pytest.param(0.0, "01/Jan/1970:00:00:00 +0000", id="padded-with-zeros"),
        pytest.param(1_775_380_023.999, "05/Apr/2026:09:07:03 +0000", id="not-rounded-up"),
        pytest.param(1_798_761_599.0, "31/Dec/2026:23:59:59 +0000", id="the-last-second-of-a-year"),
    ],
)
def test_request_times_are_in_the_common_log_format(now: float, written: str) -> None:
    request = events.message(CLIENT, now, "ping", "")["requestContext"]
    assert (request["requestTime"], request["requestTimeEpoch"]) == (written, int(now * 1000))


def test_ids_are_new_each_time_and_have_api_gateway_s_form() -> None:
    ids = [events.new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert [new_id for new_id in ids if not ID.fullmatch(new_id)] == []


FILES = sorted(path for path in (ROOT / "events").glob("*.json") if "requestContext" in json.loads(path.read_text()))


ADDED = ("X-Amzn-Trace-Id", "X-Forwarded-")
"""How the names of the headers begin that the gateway adds to those of the client."""


def rebuilt(event: Event) -> Event:
    """Build the gateway's event for the same handshake, message or close, with the same ids."""
    request = event["requestContext"]
    client = Client(
        request["connectionId"],
        request["connectedAt"],
        request["apiId"],
        request["stage"],
        request["domainName"],
        request["identity"]["sourceIp"],
        request["identity"].get("userAgent"),
    )
    now = request["requestTimeEpoch"] / 1000
    if request["eventType"] == "MESSAGE":
        built = events.message(client, now, request["routeKey"], event["body"])
    elif request["eventType"] == "DISCONNECT":
        built = events.disconnect(client, now, request["disconnectStatusCode"], request["disconnectReason"])
    else:
        sent = {name: values for name, values in event["multiValueHeaders"].items() if not name.startswith(ADDED)}
        pairs = [(name, value) for name, values in sent.items() for value in values]
        query = urlencode(event.get("multiValueQueryStringParameters", {}), doseq=True)
        built = events.connect(client, now, pairs, query)
        for every in ("headers", "multiValueHeaders"):
            built[every] = {
                name: event[every][name] if name.startswith(ADDED) else value for name, value in built[every].items()
            }
    for name in {"requestId", "extendedRequestId", "messageId"} & request.keys():
        built["requestContext"][name] = request[name]
    return built


@pytest.mark.parametrize("event", [pytest.param(json.loads(path.read_text()), id=path.stem) for path in FILES])
def test_every_file_in_events_for_a_route_is_an_event_of_the_gateway(event: Event) -> None:
    assert event == rebuilt(event)
    request = event["requestContext"]
    assert request["requestId"] == request["extendedRequestId"]
    assert request["connectedAt"] <= request["requestTimeEpoch"]
    for name in {"requestId", "messageId", "connectionId"} & request.keys():
        assert ID.fullmatch(request[name])
    moment = datetime.fromtimestamp(request["requestTimeEpoch"] / 1000, UTC)
    assert datetime.strptime(request["requestTime"], "%d/%b/%Y:%H:%M:%S %z") == moment.replace(microsecond=0)
    if request["eventType"] == "MESSAGE":
        app = load(ROOT / "template.yaml", {})
        route = selection.select(app.selection, app.routes, event["body"])
        assert route
        assert route.key == request["routeKey"]
    else:
        assert event["headers"]["Host"] == request["domainName"]


def test_events_holds_an_event_for_each_route() -> None:
    kinds = {json.loads(path.read_text())["requestContext"]["routeKey"] for path in FILES}
    assert kinds == set(load(ROOT / "template.yaml", {}).routes)
