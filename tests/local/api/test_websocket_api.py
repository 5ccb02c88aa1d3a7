"""What the gateway decides about a connection, without sockets and without functions."""

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
from tests.support.fakes import FUNCTION, HANDSHAKE, World, hang, late
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
    world = World(Result(answer), CONNECT)
    connection, selected = asyncio.run(world.connect())
    assert selected == protocol
    assert world.gateway.connections == {connection.client.connection_id: connection}
    assert [event["requestContext"]["connectionId"] for event in world.events] == [connection.client.connection_id]
    assert connection.client.user_agent == "Example/1"


@pytest.mark.parametrize(
    ("world", "handshake", "status"),
    [
        pytest.param(World(Result({"statusCode": 300}), CONNECT), HANDSHAKE, 300, id="300"),
        pytest.param(World(Result({"statusCode": 401}), CONNECT), HANDSHAKE, 401, id="401"),
        pytest.param(World(Result({"statusCode": 500}), CONNECT), HANDSHAKE, 500, id="500"),
        pytest.param(World(Result(error=ERROR), CONNECT), HANDSHAKE, 502, id="raises"),
        pytest.param(World(Result({"data": 1}), CONNECT), HANDSHAKE, 502, id="malformed"),
        pytest.param(World(Result(None), CONNECT), HANDSHAKE, 502, id="nothing"),
        pytest.param(World(Result({"body": "b"}), CONNECT), HANDSHAKE, 502, id="no-status"),
        pytest.param(World(hang, CONNECT, integration_timeout=0.01), HANDSHAKE, 504, id="takes-too-long"),
        pytest.param(World(Result(), CONNECT), replace(HANDSHAKE, path="/dev"), 403, id="another-stage"),
        pytest.param(World(Result(), CONNECT), replace(HANDSHAKE, path="/prod/more"), 403, id="a-longer-path"),
    ],
)
def test_connect_refuses_with_a_status(world: World, handshake: Handshake, status: int) -> None:
    with pytest.raises(Refused) as refused:
        asyncio.run(world.connect(handshake))
    assert refused.value.status == status
    assert world.gateway.connections == {}
    assert world.gateway.refusals == {handshake.target: refused.value}


def test_without_a_connect_route_every_handshake_opens_and_a_slash_at_the_end_is_fine() -> None:
    world = World(Result({"statusCode": 403}), ())
    asyncio.run(world.connect(replace(HANDSHAKE, path="/prod/")))
    assert len(world.gateway.connections) == 1
    assert world.events == []


def test_only_the_last_refusals_are_remembered() -> None:
    world = World(Result({"statusCode": 400, "body": "why"}), CONNECT)
    for number in range(MAX_REFUSALS + 2):
        with pytest.raises(Refused):
            asyncio.run(world.connect(replace(HANDSHAKE, query=str(number))))
    assert list(world.gateway.refusals) == [f"/prod?{number}" for number in range(2, MAX_REFUSALS + 2)]
    assert {refused.explanation for refused in world.gateway.refusals.values()} == {"why"}


def frames(world: World, *texts: str) -> list[str]:
    """Connect, receive messages, and return what was sent back."""

    async def main() -> None:
        connection, _ = await world.connect()
        async with asyncio.timeout(PATIENCE):
            for text in texts:
                done = asyncio.Event()
                world.gateway.receive(connection, text, done.set)
                await done.wait()

    asyncio.run(main())
    return world.socket.sent


ONE_WAY = (Route("$default", FUNCTION, two_way=False),)
TWO_WAY = (Route("$default", FUNCTION, two_way=True),)
PONG = MockResponse("$default", Templates({"$default": '{"type":"pong"}'}))
MOCK = (Route("ping", MockIntegration(responses=(PONG,)), two_way=True),)


@pytest.mark.parametrize(
    ("world", "sent"),
    [
        pytest.param(World(Result({"statusCode": 200, "body": "b"}), TWO_WAY), ["b", "b"], id="two-way"),
        pytest.param(World(Result({"statusCode": 500, "body": "b"}), TWO_WAY), ["b", "b"], id="whatever-the-status"),
        pytest.param(World(Result({"statusCode": 200}), TWO_WAY), ["", ""], id="without-a-body-an-empty-text"),
        pytest.param(World(Result({"statusCode": 200, "body": "b"}), ONE_WAY), [], id="one-way"),
        pytest.param(World(Result({"statusCode": 500, "body": "b"}), ONE_WAY), [], id="one-way-whatever-the-status"),
        pytest.param(World(Result(), MOCK), ['{"type":"pong"}', '{"type":"pong"}'], id="mock"),
    ],
)
def test_what_a_route_sends_back(world: World, sent: list[str]) -> None:
    assert frames(world, '{"action":"ping"}', '{"action":"ping"}') == sent


@pytest.mark.parametrize(
    ("world", "message"),
    [
        pytest.param(World(Result(error=ERROR), TWO_WAY), "Internal server error", id="raises"),
        pytest.param(World(Result(error=ERROR), ONE_WAY), "Internal server error", id="raises-on-a-one-way-route"),
        pytest.param(World(Result({"data": 1}), ONE_WAY), "Internal server error", id="malformed"),
        pytest.param(World(late, TWO_WAY, integration_timeout=0.01), "Endpoint request timed out", id="takes-too-long"),
        pytest.param(
            World(late, (Route("$default", LambdaIntegration("MyFunction", 0.01), two_way=False),)),
            "Endpoint request timed out",
            id="takes-longer-than-the-route-allows",
        ),
        pytest.param(World(Result(), MOCK), "Forbidden", id="no-route"),
    ],
)
def test_errors_of_the_gateway_s_own_are_frames_and_the_connection_stays(world: World, message: str) -> None:
    sent = [json.loads(frame) for frame in frames(world, "first", "second")]
    (connection_id,) = world.gateway.connections
    assert [frame | {"requestId": None} for frame in sent] == [
        {"message": message, "connectionId": connection_id, "requestId": None}
    ] * 2
    ids = [event["requestContext"]["requestId"] for event in world.events]
    assert not ids or ids == [frame["requestId"] for frame in sent]
    assert world.socket.closed == []


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
def test_disconnect_runs_once_the_connection_is_gone(
    answers: Any, closed_by_us: tuple[int, str] | None, seen: tuple[int, str]
) -> None:
    world = World(answers, (Route("$disconnect", FUNCTION, two_way=False),), integration_timeout=0.01)

    async def main() -> None:
        connection, _ = await world.connect()
        if closed_by_us:
            connection.close(*closed_by_us)
            connection.close(1000, "too late")
        await world.gateway.disconnect(connection, 1005, "Client-side close frame status not set")

    asyncio.run(main())
    (event,) = world.events
    request = event["requestContext"]
    assert (request["disconnectStatusCode"], request["disconnectReason"]) == seen
    assert world.gateway.connections == {}
    assert world.socket.closed == ([closed_by_us] if closed_by_us else [])


@pytest.mark.parametrize(
    ("sent", "path", "name"),
    [
        pytest.param("WS.example.com:3999", "/chat", "ws.example.com", id="a-custom-domain"),
        pytest.param("localhost:3999", "/prod", "127.0.0.1:3002", id="the-api-s-own"),
    ],
)
def test_every_event_with_headers_has_one_host_which_is_its_domain_name(sent: str, path: str, name: str) -> None:
    routes = (*CONNECT, Route("$disconnect", FUNCTION, two_way=False))
    world = World(Result({"statusCode": 200}), routes, app={"domains": {"ws.example.com": "chat"}})

    async def main() -> None:
        connection, _ = await world.connect(replace(HANDSHAKE, path=path, headers=[("Host", sent)]))
        await world.gateway.disconnect(connection, 1000, "")

    asyncio.run(main())
    assert [event["requestContext"]["domainName"] for event in world.events] == [name] * 2
    assert [event["multiValueHeaders"]["Host"] for event in world.events] == [[name]] * 2
    assert [event["headers"]["Host"] for event in world.events] == [name] * 2
