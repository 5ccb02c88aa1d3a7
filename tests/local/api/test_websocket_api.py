"""Handshakes, messages and closes of a WebSocket API whose socket and functions are fakes."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from local.api.handshake import Handshake, Refused
from local.api.websocket_api import MAX_REFUSALS
from local.lambdas.process import Result
from local.stack.app import Route
from local.stack.integration_types import LambdaIntegration, MockIntegration, MockResponse, Templates
from tests.support.fakes import FUNCTION, HANDSHAKE, OfflineApi, hang, late
from tests.support.gateway import PATIENCE

ERROR = {"errorType": "KeyError", "errorMessage": "'x'"}
CONNECT = (Route("$connect", FUNCTION, two_way=False),)


@pytest.mark.parametrize(
    ("answer", "protocol"),
    [
        pytest.param({"statusCode": 200}, None, id="200"),
        pytest.param({"statusCode": 299}, None, id="299"),
        pytest.param(
            {"statusCode": 200, "headers": {"SEC-websocket-PROTOCOL": "hub.v1"}}, "hub.v1", id="a-subprotocol"
        ),
    ],
)
def test_connect_opens_with_any_2xx(answer: Any, protocol: str | None) -> None:
    offline = OfflineApi(Result(answer), CONNECT)
    connection, selected = asyncio.run(offline.connect())
    assert selected == protocol
    assert offline.api.connections == {connection.client.connection_id: connection}
    assert [event["requestContext"]["connectionId"] for event in offline.events] == [connection.client.connection_id]
    assert connection.client.user_agent == "Example/1"


@pytest.mark.parametrize(
    ("offline", "handshake", "status"),
    [
        pytest.param(OfflineApi(Result({"statusCode": 300}), CONNECT), HANDSHAKE, 300, id="300"),
        pytest.param(OfflineApi(Result({"statusCode": 401}), CONNECT), HANDSHAKE, 401, id="401"),
        pytest.param(OfflineApi(Result({"statusCode": 500}), CONNECT), HANDSHAKE, 500, id="500"),
        pytest.param(OfflineApi(Result(error=ERROR), CONNECT), HANDSHAKE, 502, id="raises"),
        pytest.param(OfflineApi(Result({"data": 1}), CONNECT), HANDSHAKE, 502, id="malformed"),
        pytest.param(OfflineApi(Result(None), CONNECT), HANDSHAKE, 502, id="nothing"),
        pytest.param(OfflineApi(Result({"body": "b"}), CONNECT), HANDSHAKE, 502, id="no-status"),
        pytest.param(OfflineApi(hang, CONNECT, integration_timeout=0.01), HANDSHAKE, 504, id="takes-too-long"),
        pytest.param(OfflineApi(Result(), CONNECT), replace(HANDSHAKE, path="/dev"), 403, id="another-stage"),
        pytest.param(OfflineApi(Result(), CONNECT), replace(HANDSHAKE, path="/prod/more"), 403, id="a-longer-path"),
    ],
)
def test_connect_refuses_with_a_status(offline: OfflineApi, handshake: Handshake, status: int) -> None:
    with pytest.raises(Refused) as refused:
        asyncio.run(offline.connect(handshake))
    assert refused.value.status == status
    assert offline.api.connections == {}
    assert offline.api.refusals == {handshake.target: refused.value}


def test_without_a_connect_route_every_handshake_opens_also_with_a_slash_at_the_end() -> None:
    offline = OfflineApi(Result({"statusCode": 403}), ())
    asyncio.run(offline.connect(replace(HANDSHAKE, path="/prod/")))
    assert len(offline.api.connections) == 1
    assert offline.events == []


def test_only_the_last_refusals_are_remembered() -> None:
    offline = OfflineApi(Result({"statusCode": 400, "body": "why"}), CONNECT)
    for number in range(MAX_REFUSALS + 2):
        with pytest.raises(Refused):
            asyncio.run(offline.connect(replace(HANDSHAKE, query=str(number))))
    assert list(offline.api.refusals) == [f"/prod?{number}" for number in range(2, MAX_REFUSALS + 2)]
    assert {refused.explanation for refused in offline.api.refusals.values()} == {"why"}


def replies(offline: OfflineApi, *texts: str) -> list[str]:
    """Connect, send messages one after another, and return the frames that the client gets."""

    async def main() -> None:
        connection, _ = await offline.connect()
        async with asyncio.timeout(PATIENCE):
            for text in texts:
                finished = asyncio.Event()
                offline.api.receive(connection, text, finished.set)
                await finished.wait()

    asyncio.run(main())
    return offline.socket.sent


ONE_WAY = (Route("$default", FUNCTION, two_way=False),)
TWO_WAY = (Route("$default", FUNCTION, two_way=True),)
PONG = MockResponse("$default", Templates({"$default": '{"type":"pong"}'}))
MOCK = (Route("ping", MockIntegration(responses=(PONG,)), two_way=True),)


@pytest.mark.parametrize(
    ("offline", "sent"),
    [
        pytest.param(OfflineApi(Result({"statusCode": 200, "body": "b"}), TWO_WAY), ["b", "b"], id="two-way"),
        pytest.param(
            OfflineApi(Result({"statusCode": 500, "body": "b"}), TWO_WAY), ["b", "b"], id="whatever-the-status"
        ),
        pytest.param(OfflineApi(Result({"statusCode": 200}), TWO_WAY), ["", ""], id="without-a-body-an-empty-frame"),
        pytest.param(OfflineApi(Result({"statusCode": 200, "body": "b"}), ONE_WAY), [], id="one-way"),
        pytest.param(
            OfflineApi(Result({"statusCode": 500, "body": "b"}), ONE_WAY), [], id="one-way-whatever-the-status"
        ),
        pytest.param(OfflineApi(Result(), MOCK), ['{"type":"pong"}', '{"type":"pong"}'], id="mock"),
    ],
)
def test_a_route_replies_if_it_is_two_way(offline: OfflineApi, sent: list[str]) -> None:
    assert replies(offline, '{"action":"ping"}', '{"action":"ping"}') == sent


@pytest.mark.parametrize(
    ("offline", "message"),
    [
        pytest.param(OfflineApi(Result(error=ERROR), TWO_WAY), "Internal server error", id="raises"),
        pytest.param(OfflineApi(Result(error=ERROR), ONE_WAY), "Internal server error", id="raises-on-a-one-way-route"),
        pytest.param(OfflineApi(Result({"data": 1}), ONE_WAY), "Internal server error", id="malformed"),
        pytest.param(
            OfflineApi(late, TWO_WAY, integration_timeout=0.01), "Endpoint request timed out", id="takes-too-long"
        ),
        pytest.param(
            OfflineApi(late, (Route("$default", LambdaIntegration("MyFunction", 0.01), two_way=False),)),
            "Endpoint request timed out",
            id="takes-longer-than-the-route-allows",
        ),
        pytest.param(OfflineApi(Result(), MOCK), "Forbidden", id="no-route"),
    ],
)
def test_each_failure_is_one_error_frame_and_the_connection_stays_open(offline: OfflineApi, message: str) -> None:
    sent = [json.loads(frame) for frame in replies(offline, "first", "second")]
    (connection_id,) = offline.api.connections
    assert [frame | {"requestId": None} for frame in sent] == [
        {"message": message, "connectionId": connection_id, "requestId": None}
    ] * 2
    ids = [event["requestContext"]["requestId"] for event in offline.events]
    assert not ids or ids == [frame["requestId"] for frame in sent]
    assert offline.socket.closed == []


@pytest.mark.parametrize(
    ("closed_by_us", "seen"),
    [
        pytest.param(None, (1005, "Client-side close frame status not set"), id="by-the-client"),
        pytest.param((1001, "Going away"), (1001, "Going away"), id="by-the-gateway"),
    ],
)
@pytest.mark.parametrize(
    "answers",
    [pytest.param(Result(), id="works"), pytest.param(Result(error=ERROR), id="fails"), pytest.param(hang, id="hangs")],
)
def test_disconnect_runs_for_each_close_with_its_code_and_reason(
    answers: Any, closed_by_us: tuple[int, str] | None, seen: tuple[int, str]
) -> None:
    offline = OfflineApi(answers, (Route("$disconnect", FUNCTION, two_way=False),), integration_timeout=0.01)

    async def main() -> None:
        connection, _ = await offline.connect()
        if closed_by_us:
            connection.close(*closed_by_us)
            connection.close(1000, "too late")
        await offline.api.disconnect(connection, 1005, "Client-side close frame status not set")

    asyncio.run(main())
    (event,) = offline.events
    request = event["requestContext"]
    assert (request["disconnectStatusCode"], request["disconnectReason"]) == seen
    assert offline.api.connections == {}
    assert offline.socket.closed == ([closed_by_us] if closed_by_us else [])


@pytest.mark.parametrize(
    ("sent", "path", "name"),
    [
        pytest.param("WS.example.com:3999", "/chat", "ws.example.com", id="a-custom-domain"),
        pytest.param("WS.example.com.:3999", "/chat", "ws.example.com", id="a-custom-domain-with-a-dot-at-the-end"),
        pytest.param("a.Example.com", "/wild", "a.example.com", id="a-wildcard-domain"),
        pytest.param("a.b.example.com", "/prod", "127.0.0.1:3002", id="two-labels-for-a-wildcard"),
        pytest.param("own.example.org", "/org", "own.example.org", id="a-custom-domain-with-capital-letters"),
        pytest.param("localhost:3999", "/prod", "127.0.0.1:3002", id="the-api-s-own-domain"),
    ],
)
def test_every_event_with_headers_has_one_host_which_is_its_domain_name(sent: str, path: str, name: str) -> None:
    routes = (*CONNECT, Route("$disconnect", FUNCTION, two_way=False))
    domains = {"*.example.com": "wild", "ws.example.com": "chat", "Own.Example.org": "org"}
    offline = OfflineApi(Result({"statusCode": 200}), routes, app={"domains": domains})

    async def main() -> None:
        connection, _ = await offline.connect(replace(HANDSHAKE, path=path, headers=[("Host", sent)]))
        await offline.api.disconnect(connection, 1000, "")

    asyncio.run(main())
    assert [event["requestContext"]["domainName"] for event in offline.events] == [name] * 2
    assert [event["multiValueHeaders"]["Host"] for event in offline.events] == [[name]] * 2
    assert [event["headers"]["Host"] for event in offline.events] == [name] * 2
