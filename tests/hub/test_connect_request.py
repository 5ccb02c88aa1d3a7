"""What a handshake says: the session it names, its origin, the protocols it offers."""

from typing import Any

import pytest

from hub.auth.identity import Identity, claimed
from hub.auth.origins import Origin, check_origin, parse_origins
from hub.connect_request import ConnectRequest
from hub.errors import BadRequest, Forbidden
from hub.settings import SettingsError, number, require


def event(query: Any = None, headers: Any = None) -> dict[str, Any]:
    """An event as people write it by hand: single values only."""
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
        claimed(ConnectRequest.from_event(refused))
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
    assert claimed(ConnectRequest.from_event(accepted)) == Identity(session_id)


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


ALLOWED = "https://example.com, http://localhost:8080, https://*.example.org"


@pytest.mark.parametrize(
    ("origin", "accepted"),
    [
        pytest.param(None, True, id="no-origin-no-browser"),
        pytest.param("https://example.com", True, id="exact"),
        pytest.param("https://EXAMPLE.com:443", True, id="same-with-case-and-default-port"),
        pytest.param("http://localhost:8080", True, id="with-a-port"),
        pytest.param("https://a.example.org", True, id="one-label"),
        pytest.param("http://example.com", False, id="another-scheme"),
        pytest.param("https://example.com:8443", False, id="another-port"),
        pytest.param("https://www.example.com", False, id="a-subdomain-not-listed"),
        pytest.param("https://example.com.evil.net", False, id="a-longer-host"),
        pytest.param("https://evilexample.org", False, id="a-host-that-ends-alike"),
        pytest.param("https://a.b.example.org", False, id="two-labels"),
        pytest.param("https://.example.org", False, id="an-empty-label"),
        pytest.param("https://example.org", False, id="no-label"),
        pytest.param("null", False, id="a-sandboxed-page"),
        pytest.param("", False, id="empty"),
        pytest.param("https://example.com/path", False, id="with-a-path"),
        pytest.param("https://user@example.com", False, id="with-a-user"),
        pytest.param("https://example.com:port", False, id="with-a-port-that-is-none"),
        pytest.param("https://[::1", False, id="not-a-url"),
    ],
)
def test_origins(origin: str | None, accepted: bool) -> None:
    if accepted:
        check_origin(origin, parse_origins(ALLOWED))
        return
    with pytest.raises(Forbidden):
        check_origin(origin, parse_origins(ALLOWED))


def test_an_empty_list_allows_every_origin() -> None:
    assert parse_origins(" , ") == ()
    check_origin("https://anywhere.example", ())


@pytest.mark.parametrize("entry", ["example.com", "https://example.com/", "ftp://example.com", "https://", "*"])
def test_a_list_with_something_else_stops_the_function(entry: str) -> None:
    with pytest.raises(SettingsError, match=r"^ALLOWED_ORIGINS: not an origin: "):
        parse_origins(f"https://example.com, {entry}")


def test_an_origin_is_scheme_host_and_port() -> None:
    assert Origin.parse("https://Example.com") == Origin("https", "example.com", 443)


def test_settings_name_every_missing_variable() -> None:
    with pytest.raises(SettingsError, match=r"^missing environment variables: B, C$"):
        require({"A": "1", "B": ""}, "A", "B", "C")
    assert require({"A": "1", "B": "2"}, "B", "A") == ("2", "1")


@pytest.mark.parametrize(
    ("env", "limit"),
    [
        pytest.param({}, 0, id="missing-means-none"),
        pytest.param({"N": ""}, 0, id="empty-means-none"),
        pytest.param({"N": "0"}, 0, id="zero-means-none"),
        pytest.param({"N": "20"}, 20, id="a-number"),
    ],
)
def test_limits(env: dict[str, str], limit: int) -> None:
    assert number(env, "N") == limit


@pytest.mark.parametrize("text", ["-1", "1.5", "many", "\u0661"])
def test_a_limit_that_is_no_number_stops_the_function(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^N is .*; it must be a whole number"):
        number({"N": text}, "N")
