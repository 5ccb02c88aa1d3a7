"""What a connect request contains: the session id and the subprotocols."""

from typing import Any

import pytest

from hub.auth.identity import Identity, claimed_identity
from hub.connect_request import ConnectRequest
from hub.errors import BadRequest


def event(query: Any = None, headers: Any = None) -> dict[str, Any]:
    """Return an event as somebody writes it by hand: with single values only."""
    return {"queryStringParameters": query, "headers": headers}


def session(query: Any = None, headers: Any = None) -> dict[str, Any]:
    return event({"session_id": query} if query is not None else None, {"X-Session": headers} if headers else None)


@pytest.mark.parametrize(
    "refused",
    [
        pytest.param(event(), id="nothing-at-all"),
        pytest.param({}, id="an-empty-event"),
        pytest.param(event({"session": "s1"}, {"Session": "s1"}), id="other-names"),
        pytest.param(event({"Session_Id": "s1"}), id="query-name-in-another-case"),
        pytest.param(session(""), id="empty-in-the-query"),
        pytest.param(event(None, {"X-Session": ""}), id="empty-in-the-header"),
        pytest.param(session("x" * 129), id="129-characters"),
        pytest.param(session("a b"), id="a-space"),
        pytest.param(session("s1\n"), id="a-line-end"),
        pytest.param(session("é"), id="not-ascii"),
        pytest.param(session("\u0661"), id="a-digit-not-ascii"),
        pytest.param(session("s1", "s2"), id="query-and-header-differ"),
        pytest.param(event({"session_id": ""}, {"X-Session": "s1"}), id="query-empty-and-header-not"),
        pytest.param(event({"session_id": "s1"}, {"x-session": ""}), id="header-empty-and-query-not"),
        pytest.param({"multiValueQueryStringParameters": {"session_id": ["s1", "s2"]}}, id="twice-in-the-query"),
        pytest.param(
            {"queryStringParameters": {"session_id": "s1"}, "multiValueQueryStringParameters": {"session_id": ["s2"]}},
            id="edited-by-hand-in-one-map-only",
        ),
        pytest.param({"multiValueHeaders": {"X-Session": ["s1"], "x-session": ["s2"]}}, id="twice-in-the-headers"),
    ],
)
def test_no_session_to_join(refused: dict[str, Any]) -> None:
    with pytest.raises(BadRequest) as caught:
        claimed_identity(ConnectRequest.from_event(refused))
    assert caught.value.field == "session_id"


@pytest.mark.parametrize(
    ("accepted", "session_id"),
    [
        pytest.param(session("s1"), "s1", id="query"),
        pytest.param(event(None, {"X-Session": "s1"}), "s1", id="header"),
        pytest.param(event(None, {"x-SESSION": "s1"}), "s1", id="header-in-any-case"),
        pytest.param(session("s1", "s1"), "s1", id="both-the-same"),
        pytest.param(event({"session_id": "s1"}, None), "s1", id="headers-null"),
        pytest.param({"multiValueQueryStringParameters": {"session_id": ["s1", "s1"]}}, "s1", id="twice-the-same"),
        pytest.param(session("x" * 128), "x" * 128, id="128-characters"),
        pytest.param(session("A.z_0:@-"), "A.z_0:@-", id="every-kind-of-character"),
    ],
)
def test_the_session_a_client_names(accepted: dict[str, Any], session_id: str) -> None:
    assert claimed_identity(ConnectRequest.from_event(accepted)) == Identity(session_id)


@pytest.mark.parametrize(
    ("headers", "selected"),
    [
        pytest.param({}, {}, id="none-offered"),
        pytest.param({"Sec-WebSocket-Protocol": "hub.v1"}, {"Sec-WebSocket-Protocol": "hub.v1"}, id="ours"),
        pytest.param(
            {"sec-websocket-protocol": "x.y,  hub.v1 "}, {"Sec-WebSocket-Protocol": "hub.v1"}, id="among-others"
        ),
        pytest.param({"Sec-WebSocket-Protocol": "hub.v2, Hub.v1"}, {}, id="only-others"),
        pytest.param({"Sec-WebSocket-Protocol": " , "}, {}, id="blanks"),
    ],
)
def test_our_protocol_is_selected_when_offered(headers: dict[str, str], selected: dict[str, str]) -> None:
    assert ConnectRequest.from_event(event({"session_id": "s1"}, headers)).subprotocol == selected
