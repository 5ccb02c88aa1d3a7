"""Any credentials: the client gets in, or is refused with a status and one of the hub's own sentences."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hub.auth import signatures, tokens
from hub.auth.identity import Identity
from hub.auth.signing_key import WrongKey
from hub.connect_request import ConnectRequest
from hub.connection import Connection
from hub.errors import HubError
from hub.sessions import GRANT, SESSION_ID
from tests.support.credentials import CLAIMS, KEY, NOW, base64url, handshake, iso, sign, stop_the_clock_of_pyjwt, token

SENTENCES = {
    (400, "A time and a signature are needed: X-Date-Time and X-Signature"),
    (400, "Name a session, with ?session_id= or the header X-Session"),
    (400, "Offer the subprotocol hub.v1 beside the token"),
    (400, "The handshake carries two different tokens"),
    (400, "The handshake names another session than the token"),
    (400, "The query's date_time and the header X-Date-Time differ"),
    (400, "The query's session_id and the header X-Session differ"),
    (400, "The query's signature and the header X-Signature differ"),
    (400, "The session id is not 1 to 128 of the characters A-Z a-z 0-9 . _ : @ -"),
    (400, "The time is not ISO 8601 with an offset, such as 2026-11-23T12:00:00Z"),
    (401, "A token is needed"),
    (401, "The token has expired"),
    (401, "The token is for another audience"),
    (401, "The token is not a JSON Web Token"),
    (401, "The token is not signed by HS256"),
    (401, "The token is not signed with the hub's key"),
    (401, "The token is not valid yet"),
    (401, "The token is not valid"),
    (401, "The token is from another issuer"),
    (401, "The token lacks a claim that is required"),
    (401, "The token's claim exp is not a whole number of seconds"),
    (401, "The token's claim iat is not a whole number of seconds"),
    (401, "The token's claim nbf is not a whole number of seconds"),
    (401, "The token's claim send holds something other than session ids, with or without * at the end"),
    (401, "The token's claim send is not a list of at most 100"),
    (401, "The token's claim session_id is not a session id"),
    (401, "The token's claim sub is not text"),
    (403, "The signature is wrong"),
    (403, "The signed time is too far from the hub's clock"),
}
"""Every refusal of credentials, word for word. A refusal cannot contain what a client sent."""

CHARACTERS = st.characters() | st.sampled_from("\ud800\udfff\x00\n .,*\u0661\uff21")
ANY_TEXT = st.text(CHARACTERS)
NUMBERS = st.integers() | st.floats() | st.sampled_from([NOW, NOW + 600, 10**400, True])
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=8,
)
HEADERS = st.builds(
    lambda others: {"alg": "HS256"} | others,
    st.dictionaries(
        st.sampled_from(["alg", "b64", "crit", "jku", "jwk", "kid", "typ", "x5c", "zip"]), JSON, max_size=2
    ),
)
CLAIM_NAMES = st.sampled_from(["aud", "exp", "iat", "iss", "jti", "nbf", "send", "session_id", "sub"])
SOME_CLAIMS = st.dictionaries(
    CLAIM_NAMES, JSON | st.lists(st.from_regex(GRANT, fullmatch=True), max_size=3), max_size=2
)
RULES = st.builds(tokens.Rules, st.sampled_from([None, "issuer"]), st.sampled_from([None, "hub"]))


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_the_clock_of_pyjwt(monkeypatch)


def answer(verify: Callable[[], Identity]) -> tuple[int, str] | None:
    """Return the refusal, or None for an identity that the hub can store. Any other exception is not caught."""
    try:
        identity = verify()
    except HubError as error:
        return int(error.status), str(error)
    except WrongKey as error:
        return int(error.refusal.status), str(error.refusal)
    assert SESSION_ID.fullmatch(identity.session_id)
    assert all(GRANT.fullmatch(grant) for grant in identity.send or ())
    assert identity.subject is not None
    identity.subject.encode()
    assert NOW - tokens.LEEWAY < Connection.opened(identity, "one=", NOW).expires_at <= NOW + 7800
    return None


def verify_token(carrying: ConnectRequest, rules: tokens.Rules) -> tuple[int, str] | None:
    return answer(lambda: tokens.verify(carrying, KEY.encode(), rules))


@given(header=HEADERS, claims=SOME_CLAIMS, rules=RULES)
@example(header={"alg": "HS256"}, claims={"sub": "\ud800"}, rules=tokens.Rules(None, None))
@example(header={"alg": "HS256"}, claims={"exp": 10**400}, rules=tokens.Rules(None, None))
def test_any_claims_under_any_header_signed_by_us(header: Any, claims: Any, rules: tokens.Rules) -> None:
    assert verify_token(handshake({"token": token(CLAIMS | claims, header)}), rules) in {None, *SENTENCES}


@given(header=JSON, claims=JSON, signature=st.binary())
def test_any_json_as_header_and_claims(header: Any, claims: Any, signature: bytes) -> None:
    signed = token(claims, header)
    forged = f"{signed.rpartition('.')[0]}.{base64url(signature)}"
    assert verify_token(handshake({"token": signed}), tokens.Rules(None, None)) in SENTENCES
    assert verify_token(handshake({"token": forged}), tokens.Rules(None, None)) in SENTENCES


@given(header=HEADERS, claims=SOME_CLAIMS, key=st.text(max_size=8))
def test_no_client_without_the_key_gets_in(header: Any, claims: Any, key: str) -> None:
    forged = token(CLAIMS | claims, header, key)
    assert verify_token(handshake({"token": forged}), tokens.Rules(None, None)) in SENTENCES


@given(text=ANY_TEXT, protocols=ANY_TEXT, authorization=ANY_TEXT)
@example(text="e30.e30.e30", protocols="", authorization="")
@example(text="\ud800", protocols="hub.v1, bearer.\ud800", authorization="bearer \ud800")
def test_any_text_as_token(text: str, protocols: str, authorization: str) -> None:
    for carrying in (
        handshake({"token": text}),
        handshake(None, {"Authorization": f"Bearer {text}"}),
        handshake(None, {"Sec-WebSocket-Protocol": f"hub.v1, bearer.{text}"}),
        handshake({"token": text}, {"Sec-WebSocket-Protocol": protocols, "Authorization": authorization}),
    ):
        assert verify_token(carrying, tokens.Rules(None, None)) in SENTENCES


@given(position=st.integers(0, len(token()) - 1), character=CHARACTERS)
def test_a_token_with_any_character_changed(position: int, character: str) -> None:
    changed = token()[:position] + character + token()[position + 1 :]
    accepted = verify_token(handshake({"token": changed}), tokens.Rules(None, None)) is None
    assert accepted is (changed == token())


PARTS = {
    "session_id": st.just("s1") | ANY_TEXT,
    "date_time": st.sampled_from([iso(NOW), iso(NOW - 301), "0000-00-00T00:00:00Z", "9999-12-31T23:59Z"]) | ANY_TEXT,
    "signature": st.just(sign("s1", iso(NOW))) | ANY_TEXT,
}
BY_HEADER = {"session_id": "X-Session", "date_time": "X-Date-Time", "signature": "X-Signature"}


@given(in_query=st.fixed_dictionaries({}, optional=PARTS), in_headers=st.fixed_dictionaries({}, optional=PARTS))
def test_any_text_as_session_time_or_signature(in_query: dict[str, str], in_headers: dict[str, str]) -> None:
    signed = handshake(in_query, {BY_HEADER[name]: value for name, value in in_headers.items()})
    outcome = answer(lambda: signatures.verify(signed, KEY.encode(), NOW))
    given = {(name, value) for part in (in_query, in_headers) for name, value in part.items()}
    signed_by_us = {("session_id", "s1"), ("date_time", iso(NOW)), ("signature", sign("s1", iso(NOW)))}
    assert outcome in SENTENCES or given == signed_by_us


@given(date_time=st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat()) | ANY_TEXT)
def test_any_time_that_is_signed(date_time: str) -> None:
    # A text with a lone surrogate cannot be signed. The hub refuses such a time before it checks the signature.
    signature = sign("s1", date_time.encode(errors="replace").decode())
    signed = handshake({"session_id": "s1", "date_time": date_time, "signature": signature})
    assert answer(lambda: signatures.verify(signed, KEY.encode(), NOW)) in {None, *SENTENCES}
