"""Bad handshakes over real sockets, in AUTH_MODE jwt: each is refused with its status, which is never 500."""

import re
from typing import Any

import pytest

from tests.support.credentials import base64url, token
from tests.support.gateway import RunningGateway
from tests.support.handshakes import handshake, key

PROTOCOL = "Sec-WebSocket-Protocol"


CLAIMS = {"session_id": "s1", "exp": 2**40}
HS256 = {"alg": "HS256"}


def minted(claims: Any = CLAIMS, header: Any = HS256, **changes: Any) -> tuple[Any, Any, dict[str, Any]]:
    return claims, header, changes


@pytest.mark.parametrize(
    ("forged", "answer"),
    [
        pytest.param(minted(), 101, id="good"),
        pytest.param(minted(header={"alg": "none"}), 401, id="alg-none"),
        pytest.param(minted(header={"alg": "HS512"}, digest="sha512"), 401, id="hs512"),
        pytest.param(minted(header={"alg": "RS256"}), 401, id="rs256"),
        pytest.param(minted(key="another"), 401, id="another-key"),
        pytest.param(minted(key=""), 401, id="an-empty-key"),
        pytest.param(
            minted(header={"alg": "HS256", "jwk": {"kty": "oct", "k": base64url(b"mine")}}, key="mine"), 401, id="jwk"
        ),
        pytest.param(minted(header={"alg": "HS256", "kid": "/dev/null"}, key=""), 401, id="kid"),
        pytest.param(minted(header={"alg": "HS256", "crit": ["x"], "x": 1}), 401, id="crit"),
        pytest.param(minted(header=[]), 401, id="a-header-that-is-a-list"),
        pytest.param(minted(claims=[CLAIMS]), 401, id="claims-that-are-a-list"),
        pytest.param(minted(claims="[" * 2500), 401, id="claims-that-nest-deeply"),
        pytest.param(minted(claims='{"session_id": "s1", "exp": 1e400}'), 401, id="exp-1e400"),
        pytest.param(minted(claims={"session_id": "s1"}), 401, id="no-exp"),
        pytest.param(minted(CLAIMS | {"exp": 1}), 401, id="expired"),
        pytest.param(minted(CLAIMS | {"nbf": 2**40}), 401, id="not-yet"),
        pytest.param(minted(CLAIMS | {"session_id": "s 1"}), 401, id="a-session-with-a-space"),
        pytest.param(minted(CLAIMS | {"session_id": {"S": "s1"}}), 401, id="a-session-that-is-an-object"),
        pytest.param(minted(CLAIMS | {"send": "*"}), 401, id="send-is-text"),
        pytest.param(minted(CLAIMS | {"send": ["a*b"]}), 401, id="a-star-in-the-middle"),
        pytest.param(minted(CLAIMS | {"sub": "\ud800"}), 401, id="half-a-character"),
        pytest.param(minted(CLAIMS | {"sub": "\x00é😀", "send": []}), 101, id="good-with-odd-characters"),
    ],
)
def test_tokens(jwt_gateway: RunningGateway, forged: tuple[Any, Any, dict[str, Any]], answer: int) -> None:
    claims, header, changes = forged
    text = token(claims, header, **({"key": key(jwt_gateway)} | changes))
    assert handshake(jwt_gateway, f"?token={text}")[0] == answer
    assert handshake(jwt_gateway, "", ("Authorization", f"Bearer {text}"))[0] == answer
    assert handshake(jwt_gateway, "", (PROTOCOL, f"hub.v1, bearer.{text}"))[0] == answer


@pytest.mark.parametrize(
    ("query", "headers", "answer"),
    [
        pytest.param("?token={}", [], 101, id="good"),
        pytest.param("", [], 401, id="nothing"),
        pytest.param("?", [], 401, id="an-empty-query"),
        pytest.param("?session_id=s1", [("X-Session", "s1")], 401, id="a-session-alone"),
        pytest.param("?token=", [], 401, id="an-empty-token"),
        pytest.param("?token", [], 401, id="a-token-without-a-value"),
        pytest.param("?token={}%0A", [], 401, id="a-line-end"),
        pytest.param("?token={}%00", [], 401, id="a-zero-byte"),
        pytest.param("?token=%20{}", [], 401, id="a-space"),
        pytest.param("?token={}%FF", [], 401, id="not-utf-8"),
        pytest.param("?token={}%ED%A0%80", [], 401, id="half-a-character"),
        pytest.param("?token={}=", [], 401, id="padding"),
        pytest.param("?token={}.e30", [], 401, id="four-parts"),
        pytest.param("?token=..", [], 401, id="empty-parts"),
        pytest.param("?token=e30.e30.e30", [], 401, id="empty-objects"),
        pytest.param(f"?token={'A' * 2000}.{'A' * 2000}.A", [], 401, id="as-long-as-the-gateway-lets-pass"),
        pytest.param(f"?token={'A' * 100_000}", [], 414, id="100-kb-in-the-url"),
        pytest.param("", [("Authorization", "Bearer " + "A" * 100_000)], 431, id="100-kb-in-a-header"),
        pytest.param("?token={}&token=x", [], 400, id="two-tokens"),
        pytest.param("?token={}", [("Authorization", "Bearer x")], 400, id="two-carriers"),
        pytest.param("?token={}", [(PROTOCOL, "hub.v1, bearer.x")], 400, id="query-and-subprotocol"),
        pytest.param("", [("Authorization", "Bearer {}"), ("authorization", "Bearer x")], 400, id="two-headers"),
        pytest.param("", [(PROTOCOL, "bearer.{}")], 400, id="the-token-without-hub-v1"),
        pytest.param("", [(PROTOCOL, " , ,hub.v1,, bearer.{} ,")], 101, id="good-with-blanks"),
        pytest.param("", [(PROTOCOL, "hub.v1"), (PROTOCOL, "bearer.{}")], 101, id="good-in-two-lines"),
        pytest.param("", [(PROTOCOL, ", ,x.y")], 401, id="blanks-and-another-subprotocol"),
        pytest.param("", [("Authorization", "Basic {}")], 401, id="another-scheme"),
        pytest.param("", [("Authorization", "Bearer é")], 401, id="a-header-that-is-not-ascii"),
        pytest.param("?token={}&session_id=s2", [], 400, id="another-session"),
        pytest.param("?token={}&session_id=", [], 400, id="an-empty-session"),
        pytest.param("?token={}&session_id=s1&session_id=s2", [], 400, id="two-sessions"),
        pytest.param("?token={}", [("X-Session", "%73%31")], 400, id="an-encoded-session-in-a-header"),
    ],
)
def test_carriers(jwt_gateway: RunningGateway, query: str, headers: list[tuple[str, str]], answer: int) -> None:
    text = token(CLAIMS, key=key(jwt_gateway))
    filled = [(name, value.replace("{}", text)) for name, value in headers]
    assert handshake(jwt_gateway, query.replace("{}", text), *filled)[0] == answer


def test_no_handshake_of_this_module_was_a_fault_of_the_hub(jwt_gateway: RunningGateway) -> None:
    assert handshake(jwt_gateway, "?token=forged")[0] == 401
    assert [line for line in jwt_gateway.output.lines if re.search(r"ERROR|Traceback|Function  5\d\d", line)] == []
    assert [line for line in jwt_gateway.output.lines if "WARNING refused" in line] != []


def test_a_header_that_is_malformed_is_not_quoted(jwt_gateway: RunningGateway) -> None:
    secret = token(*minted()[:2])
    status, text = handshake(jwt_gateway, "", (PROTOCOL, f"hub.v1, bearer.{secret}, \u00e9"))

    assert (status, text.rpartition("\r\n\r\n")[2]) == (400, '{"message": "Bad Request"}')
