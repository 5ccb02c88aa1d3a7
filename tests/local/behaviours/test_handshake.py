"""Behaviours 1 to 13, except those of authorizers: which handshakes open a connection."""

import threading
from typing import Any

import pytest

from tests.support.api import Api, Connected
from tests.support.gate import Gate


@pytest.mark.behaviour(1)
def test_1_the_101_waits_for_the_handler(api: Api, client: Connected, gate: Gate) -> None:
    opened = threading.Event()

    def open_later() -> None:
        gate.wait_for_handlers()
        client.is_alive()  # a gateway that does not wait would send the 101 before this answer
        opened.set()
        gate.open()

    opening = threading.Thread(target=open_later)
    opening.start()
    with api.connect(do="wait", port=str(gate.port)) as waiting:
        assert opened.is_set()
        assert waiting.is_alive()
    opening.join()


@pytest.mark.behaviour(3)
@pytest.mark.parametrize("status", ["200", "201", "299"])
def test_3_any_2xx_opens(api: Api, status: str) -> None:
    with api.connect(status=status) as client:
        assert client.is_alive()


@pytest.mark.behaviour(4)
@pytest.mark.parametrize("status", [301, 304, 400, 401, 403, 500, 501])
def test_4_any_other_status_refuses_with_itself(api: Api, status: int) -> None:
    refused = api.refused(status=str(status))
    assert (refused.status_code, bool(refused.body)) == (status, status != 304)


@pytest.mark.behaviour(5)
@pytest.mark.parametrize(
    "do", ["raise", "none", "a-list", "text", "bytes", "no-status", "object-body", "unknown-key", "text-status"]
)
def test_5_a_handler_that_raises_or_returns_nonsense_refuses_with_502(api: Api, do: str) -> None:
    assert api.refused(do=do).status_code == 502


@pytest.mark.behaviour(6)
def test_6_a_handler_slower_than_the_integration_timeout_refuses_with_504(impatient: Api, gate: Gate) -> None:
    assert impatient.refused(do="wait", port=str(gate.port)).status_code == 504


@pytest.mark.behaviour(7)
def test_7_neither_the_body_nor_other_headers_of_the_handler_reach_the_client(api: Api) -> None:
    with api.connect() as client:
        opened = client.socket.response
    assert opened
    for response in (opened, api.refused(status="403")):
        assert "X-Own" not in response.headers
        assert b"of the handler" not in (response.body or b"")


@pytest.mark.behaviour(8)
@pytest.mark.parametrize(
    ("returned", "selected"),
    [
        pytest.param({"protocol": "room.v1"}, "room.v1", id="in-the-headers"),
        pytest.param({"protocols": "room.v1"}, "room.v1", id="in-multi-value-headers"),
        pytest.param({}, None, id="none-if-it-returns-none"),
    ],
)
def test_8_the_handler_selects_the_subprotocol(api: Api, returned: dict[str, str], selected: str | None) -> None:
    options = {"subprotocols": ["room.v2", "room.v1"]}
    with api.connect("", (), options, **returned) as client:
        assert client.socket.subprotocol == selected
        sent = api.event("CONNECT", client.tag)["headers"]["Sec-WebSocket-Protocol"]
    assert [offered.strip() for offered in sent.split(",")] == ["room.v2", "room.v1"]


@pytest.mark.behaviour(8)
def test_8_a_subprotocol_that_a_header_cannot_have_is_a_malformed_result(api: Api, client: Connected) -> None:
    assert api.refused(protocol="a\r\nX-Injected: b").status_code == 502
    api.gateway.output.wait_for("malformed result: Sec-WebSocket-Protocol has characters")
    assert client.is_alive()


@pytest.mark.behaviour(11)
@pytest.mark.parametrize("path", ["", "123", "123/456", "../elsewhere"])
def test_11_a_get_that_is_not_a_handshake_is_426(api: Api, path: str) -> None:
    assert api.request("GET", path)[0] == 426


@pytest.mark.behaviour(12)
@pytest.mark.parametrize("path", ["/more", "x"])
def test_12_an_unknown_stage_is_403(api: Api, path: str) -> None:
    assert api.refused(path).status_code == 403


def test_a_slash_after_the_stage_is_allowed(api: Api) -> None:
    with api.connect("/") as client:
        assert client.is_alive()


@pytest.mark.behaviour(13)
def test_13_a_post_is_gone_until_the_handshake_is_done_and_arrives_afterwards(api: Api) -> None:
    with api.connect(do="post") as client:
        assert api.outcome_of_post(client.tag).startswith("GoneException")
        client.send_order("oneWay", "post")
        assert client.receive() == "posted"


@pytest.mark.parametrize(("length", "status"), [pytest.param(4096, 101, id="4096"), pytest.param(4097, 414, id="4097")])
def test_a_url_has_at_most_4096_characters(api: Api, length: int, status: int) -> None:
    rest = length - len("/test?tag=tag-1000&long=")
    with_long: Any = {"tag": "tag-1000", "long": "x" * rest}
    if status == 101:
        with api.connect(**with_long) as client:
            assert client.is_alive()
    else:
        assert api.refused(**with_long).status_code == status


def test_headers_have_a_limit(api: Api) -> None:
    assert api.refused("", [("X-Large", "x" * 20_000)]).status_code == 431
