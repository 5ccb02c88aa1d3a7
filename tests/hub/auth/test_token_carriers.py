"""AUTH_MODE jwt: where a handshake may carry its token, and the session that it may name beside the token."""

import pytest

from hub.auth.identity import Identity
from hub.auth.tokens import Rules, carried_token, verify
from hub.connect_request import ConnectRequest
from tests.support.credentials import KEY, NOW, handshake, refusal, stop_the_clock_of_pyjwt, token, with_claims

ANY = Rules(issuer=None, audience=None)
GOOD = token()
OTHER = with_claims(send=["*"])

PROTOCOL = "Sec-WebSocket-Protocol"
AUTHORIZATION = "Authorization"

NEEDED = (401, "A token is needed")
NOT_A_TOKEN = (401, "The token is not a JSON Web Token")
TWO = (400, "The handshake carries two different tokens")
NO_PROTOCOL = (400, "Offer the subprotocol hub.v1 beside the token")
OTHER_SESSION = (400, "The handshake names another session than the token")
NO_SESSION = (400, "The session id is not 1 to 128 of the characters A-Z a-z 0-9 . _ : @ -")


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_the_clock_of_pyjwt(monkeypatch)


def lines(*headers: tuple[str, str], query: dict[str, list[str]] | None = None) -> ConnectRequest:
    """Return a handshake in which a header or a parameter may occur more than once."""
    many: dict[str, list[str]] = {}
    for name, value in headers:
        many.setdefault(name, []).append(value)
    return ConnectRequest.from_event({"multiValueHeaders": many, "multiValueQueryStringParameters": query})


@pytest.mark.parametrize(
    "carrying",
    [
        pytest.param(handshake(None, {PROTOCOL: f"hub.v1, bearer.{GOOD}"}), id="subprotocol"),
        pytest.param(handshake(None, {PROTOCOL: f"bearer.{GOOD},hub.v1"}), id="subprotocol-first"),
        pytest.param(handshake(None, {PROTOCOL: f" hub.v1 ,, \t bearer.{GOOD} , "}), id="subprotocols-with-blanks"),
        pytest.param(handshake(None, {PROTOCOL: f"x.y, bearer.{GOOD}, hub.v1"}), id="subprotocols-of-others"),
        pytest.param(
            handshake(None, {"sec-websocket-protocol": f"hub.v1, bearer.{GOOD}"}), id="subprotocol-header-in-lower-case"
        ),
        pytest.param(lines((PROTOCOL, "hub.v1"), (PROTOCOL, f"bearer.{GOOD}")), id="subprotocols-in-two-lines"),
        pytest.param(lines((PROTOCOL, "hub.v1"), (PROTOCOL.upper(), f"bearer.{GOOD}")), id="in-two-cases"),
        pytest.param(handshake(None, {AUTHORIZATION: f"Bearer {GOOD}"}), id="authorization"),
        pytest.param(handshake(None, {"authorization": f"Bearer {GOOD}"}), id="authorization-in-lower-case"),
        pytest.param(handshake(None, {"AUTHORIZATION": f"Bearer {GOOD}"}), id="authorization-in-upper-case"),
        pytest.param(handshake(None, {AUTHORIZATION: f"bearer {GOOD}"}), id="scheme-in-lower-case"),
        pytest.param(handshake(None, {AUTHORIZATION: f"BEARER {GOOD}"}), id="scheme-in-upper-case"),
        pytest.param(handshake(None, {AUTHORIZATION: f" Bearer   {GOOD} "}), id="scheme-with-blanks"),
        pytest.param(handshake({"token": GOOD}), id="query"),
        pytest.param(handshake({"token": GOOD}, {AUTHORIZATION: "Basic czE6czE="}), id="another-scheme-beside-it"),
        pytest.param(handshake({"token": GOOD}, {PROTOCOL: "x.y"}), id="another-subprotocol-beside-it"),
        pytest.param(
            handshake({"token": GOOD}, {AUTHORIZATION: f"Bearer {GOOD}", PROTOCOL: f"hub.v1, bearer.{GOOD}"}),
            id="all-three-equal",
        ),
        pytest.param(lines(query={"token": [GOOD, GOOD]}), id="twice-the-same"),
        pytest.param(handshake({"token": GOOD, "session_id": "s1"}), id="the-url-names-the-same-session"),
        pytest.param(handshake({"token": GOOD}, {"X-Session": "s1"}), id="a-header-names-the-same-session"),
    ],
)
def test_accepted(carrying: ConnectRequest) -> None:
    assert verify(carrying, KEY.encode(), ANY) == Identity("s1", "s1", ("s1",), NOW + 600)


@pytest.mark.parametrize(
    ("carrying", "answer"),
    [
        pytest.param(handshake(), NEEDED, id="nothing"),
        pytest.param(handshake({"session_id": "s1"}, {"X-Session": "s1"}), NEEDED, id="a-session-alone"),
        pytest.param(handshake(None, {PROTOCOL: "hub.v1"}), NEEDED, id="hub-v1-alone"),
        pytest.param(handshake(None, {PROTOCOL: " , ,"}), NEEDED, id="blanks-for-subprotocols"),
        pytest.param(handshake(None, {PROTOCOL: f"hub.v1, {GOOD}"}), NEEDED, id="a-subprotocol-that-is-not-bearer"),
        pytest.param(handshake(None, {PROTOCOL: f"hub.v1, Bearer.{GOOD}"}), NEEDED, id="bearer-in-another-case"),
        pytest.param(handshake(None, {AUTHORIZATION: "Basic czE6czE="}), NEEDED, id="another-scheme"),
        pytest.param(handshake(None, {AUTHORIZATION: GOOD}), NEEDED, id="no-scheme"),
        pytest.param(handshake(None, {AUTHORIZATION: ""}), NEEDED, id="authorization-empty"),
        pytest.param(handshake(None, {"X-Token": GOOD, "Cookie": f"token={GOOD}"}), NEEDED, id="other-headers"),
        pytest.param(handshake({"Token": GOOD, "access_token": GOOD}), NEEDED, id="other-parameters"),
        pytest.param(handshake({"token": ""}), NOT_A_TOKEN, id="query-empty"),
        pytest.param(handshake(None, {AUTHORIZATION: "Bearer"}), NOT_A_TOKEN, id="scheme-alone"),
        pytest.param(handshake(None, {PROTOCOL: "hub.v1, bearer."}), NOT_A_TOKEN, id="bearer-alone"),
        pytest.param(handshake(None, {AUTHORIZATION: f"Bearer {GOOD} x"}), NOT_A_TOKEN, id="something-after-it"),
        pytest.param(handshake({"token": f"Bearer {GOOD}"}), NOT_A_TOKEN, id="a-scheme-in-the-query"),
        pytest.param(handshake(None, {PROTOCOL: f"bearer.{GOOD}"}), NO_PROTOCOL, id="the-token-alone"),
        pytest.param(handshake(None, {PROTOCOL: f" , bearer.{GOOD}"}), NO_PROTOCOL, id="the-token-and-blanks"),
        pytest.param(handshake(None, {PROTOCOL: f"Hub.v1, bearer.{GOOD}"}), NO_PROTOCOL, id="hub-v1-in-another-case"),
        pytest.param(
            handshake({"token": GOOD}, {PROTOCOL: f"bearer.{GOOD}"}), NO_PROTOCOL, id="the-token-alone-and-in-the-query"
        ),
        pytest.param(handshake({"token": OTHER}, {AUTHORIZATION: f"Bearer {GOOD}"}), TWO, id="query-and-header"),
        pytest.param(handshake({"token": ""}, {AUTHORIZATION: f"Bearer {GOOD}"}), TWO, id="empty-in-the-query"),
        pytest.param(
            handshake({"token": OTHER}, {PROTOCOL: f"hub.v1, bearer.{GOOD}"}), TWO, id="query-and-subprotocol"
        ),
        pytest.param(
            handshake(None, {AUTHORIZATION: f"Bearer {OTHER}", PROTOCOL: f"hub.v1, bearer.{GOOD}"}),
            TWO,
            id="header-and-subprotocol",
        ),
        pytest.param(handshake(None, {PROTOCOL: f"hub.v1, bearer.{GOOD}, bearer.{OTHER}"}), TWO, id="two-subprotocols"),
        pytest.param(lines(query={"token": [GOOD, OTHER]}), TWO, id="two-in-the-query"),
        pytest.param(
            lines((AUTHORIZATION, f"Bearer {GOOD}"), (AUTHORIZATION, f"Bearer {OTHER}")), TWO, id="two-headers"
        ),
        pytest.param(handshake({"token": GOOD, "session_id": "s2"}), OTHER_SESSION, id="another-session-in-the-url"),
        pytest.param(handshake({"token": GOOD}, {"X-Session": "s2"}), OTHER_SESSION, id="another-session-in-a-header"),
        pytest.param(handshake({"token": GOOD, "session_id": ""}), NO_SESSION, id="an-empty-session"),
        pytest.param(handshake({"token": GOOD, "session_id": "s 1"}), NO_SESSION, id="a-malformed-session"),
        pytest.param(
            handshake({"token": GOOD, "session_id": "s1"}, {"X-Session": "s2"}),
            (400, "The query's session_id and the header X-Session differ"),
            id="two-sessions",
        ),
    ],
)
def test_refused(carrying: ConnectRequest, answer: tuple[int, str]) -> None:
    assert refusal(lambda: verify(carrying, KEY.encode(), ANY)) == answer


def test_the_token_is_checked_before_the_session_in_the_url() -> None:
    forged = handshake({"token": token(key="another"), "session_id": "s2"})
    assert refusal(lambda: verify(forged, KEY.encode(), ANY)) == (401, "The token is not signed with the hub's key")


def test_a_printed_connect_request_shows_no_token() -> None:
    carrying = handshake({"token": GOOD}, {AUTHORIZATION: f"Bearer {GOOD}"})
    assert carried_token(carrying) == GOOD
    assert GOOD not in f"{carrying} {carrying!r}"
