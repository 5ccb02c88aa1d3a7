"""Behaviours 14 to 23, except those of authorizers: the events that functions get."""

import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.support.api import Api, Connected

CONTEXT = {
    "routeKey",
    "eventType",
    "extendedRequestId",
    "requestTime",
    "messageDirection",
    "stage",
    "connectedAt",
    "requestTimeEpoch",
    "identity",
    "requestId",
    "domainName",
    "connectionId",
    "apiId",
}
"""Members of every requestContext, as captured on AWS."""


@pytest.fixture(scope="module")
def life(api: Api) -> list[Any]:
    """The events of one connection: CONNECT, MESSAGE, DISCONNECT."""
    with api.connect("", [("X-Odd-Case", "a")], {"user_agent_header": "Example/4.2"}) as client:
        connection_id = client.connection_id
        client.event_of(action="twoWay")
    api.event("MESSAGE", connection_id)
    api.event("DISCONNECT", connection_id)
    return api.events_of(connection_id)


@pytest.mark.behaviour(14)
def test_14_the_event_of_a_handshake(life: list[Any]) -> None:
    event = life[0]
    assert event.keys() == {
        "headers",
        "multiValueHeaders",
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "requestContext",
        "isBase64Encoded",
    }
    assert event["requestContext"].keys() == CONTEXT
    assert event["requestContext"]["eventType"] == "CONNECT"
    assert event["headers"]["X-Odd-Case"] == "a"
    assert {"X-Amzn-Trace-Id", "X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto"} <= event["headers"].keys()


@pytest.mark.behaviour(14)
def test_14_without_a_query_there_are_no_members_for_one(api: Api) -> None:
    before = len(api.gateway.output.lines)
    with connect(api.gateway.endpoints["websocket"], proxy=None, user_agent_header="Without-Query"):
        event = api.event("CONNECT", "Without-Query", before)
    assert event.keys() == {"headers", "multiValueHeaders", "requestContext", "isBase64Encoded"}


@pytest.mark.behaviour(14)
def test_14_the_host_is_the_domain_name_of_the_event(life: list[Any]) -> None:
    for event in (life[0], life[2]):
        name = event["requestContext"]["domainName"]
        assert (event["headers"]["Host"], event["multiValueHeaders"]["Host"]) == (name, [name])


@pytest.mark.behaviour(15)
def test_15_the_handler_does_not_get_the_headers_connection_and_upgrade(life: list[Any]) -> None:
    assert not {name.lower() for name in life[0]["headers"]} & {"connection", "upgrade"}


@pytest.mark.behaviour(16)
def test_16_a_message_has_neither_headers_nor_query(life: list[Any]) -> None:
    event = life[1]
    assert event.keys() == {"requestContext", "body", "isBase64Encoded"}
    assert (event["body"], event["isBase64Encoded"]) == ('{"action": "twoWay"}', False)


@pytest.mark.behaviour(17)
def test_17_only_messages_have_a_message_id(life: list[Any]) -> None:
    assert ["messageId" in event["requestContext"] for event in life] == [False, True, False]
    assert life[1]["requestContext"].keys() == CONTEXT | {"messageId"}


@pytest.mark.behaviour(18)
def test_18_both_request_ids_of_an_event_are_equal_and_new_for_each_event(life: list[Any]) -> None:
    contexts = [event["requestContext"] for event in life]
    assert [context["requestId"] for context in contexts] == [context["extendedRequestId"] for context in contexts]
    assert len({context["requestId"] for context in contexts}) == 3


@pytest.mark.behaviour(19)
def test_19_connection_ids_have_api_gateway_s_form(life: list[Any]) -> None:
    ids = {event["requestContext"]["connectionId"] for event in life}
    assert len(ids) == 1
    assert re.fullmatch(r"[A-Za-z0-9_-]{15}=", ids.pop())


@pytest.mark.behaviour(20)
def test_20_connected_at_is_the_same_in_all_events(life: list[Any]) -> None:
    contexts = [event["requestContext"] for event in life]
    connected_at = {context["connectedAt"] for context in contexts}
    assert len(connected_at) == 1
    assert all(type(context["requestTimeEpoch"]) is int for context in contexts)
    assert connected_at.pop() <= min(context["requestTimeEpoch"] for context in contexts) <= time.time() * 1000


@pytest.mark.behaviour(21)
def test_21_request_times_are_in_the_common_log_format_and_utc(life: list[Any]) -> None:
    for event in life:
        written = event["requestContext"]["requestTime"]
        assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", written)
        moment = datetime.fromtimestamp(event["requestContext"]["requestTimeEpoch"] // 1000, UTC)
        assert datetime.strptime(written, "%d/%b/%Y:%H:%M:%S %z") == moment


@pytest.mark.behaviour(22)
def test_22_a_user_agent_is_in_every_event(life: list[Any]) -> None:
    identities = [event["requestContext"]["identity"] for event in life]
    assert identities == [{"userAgent": "Example/4.2", "sourceIp": "127.0.0.1"}] * 3


@pytest.mark.behaviour(22)
def test_22_a_client_without_a_user_agent_has_none_in_its_events(api: Api) -> None:
    with api.connect("", (), {"user_agent_header": None}) as client:
        assert client.event_of(action="twoWay")["requestContext"]["identity"] == {"sourceIp": "127.0.0.1"}


def test_values_of_a_query_are_decoded(api: Api) -> None:
    with api.connect("", (), x="a b&c", y="é") as client:
        event = api.event("CONNECT", client.tag)
    assert event["queryStringParameters"] == {"tag": client.tag, "x": "a b&c", "y": "é"}
    assert event["multiValueQueryStringParameters"] == {"tag": [client.tag], "x": ["a b&c"], "y": ["é"]}


def test_the_domain_name_is_where_functions_reach_the_gateway(api: Api, client: Connected) -> None:
    context = client.event_of(action="twoWay")["requestContext"]
    assert f"https://{context['domainName']}" == api.gateway.endpoints["tls"]
    client.send_order("twoWay", "post")
    assert {client.receive(), client.receive()} == {"posted", '"delivered"'}
