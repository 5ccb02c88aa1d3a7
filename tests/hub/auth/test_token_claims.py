"""AUTH_MODE jwt: the claims of a token with a right signature."""

from typing import Any

import pytest

from hub.auth.identity import Identity
from hub.auth.tokens import LEEWAY, Rules, verify
from hub.sessions import MAX_GRANTS
from tests.support.credentials import CLAIMS, KEY, NOW, by_query, refusal, stop_the_clock_of_pyjwt, token, with_claims

ANY = Rules(issuer=None, audience=None)
STRICT = Rules(issuer="https://issuer.example", audience="hub")
STRICT_CLAIMS = {"iss": "https://issuer.example", "aud": "hub"}

NOT_VALID = (401, "The token is not valid")
EXPIRED = (401, "The token has expired")
EARLY = (401, "The token is not valid yet")
LACKS = (401, "The token lacks a claim that is required")
NO_SESSION = (401, "The token's claim session_id is not a session id")
NO_LIST = (401, f"The token's claim send is not a list of at most {MAX_GRANTS}")
NO_GRANT = (401, "The token's claim send holds something other than session ids, with or without * at the end")
OTHER_ISSUER = (401, "The token is from another issuer")
OTHER_AUDIENCE = (401, "The token is for another audience")


def not_whole(claim: str) -> tuple[int, str]:
    return 401, f"The token's claim {claim} is not a whole number of seconds"


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_the_clock_of_pyjwt(monkeypatch)


@pytest.mark.parametrize(
    ("claims", "identity"),
    [
        pytest.param({}, Identity("s1", "s1", ("s1",), NOW + 600), id="the-fewest"),
        pytest.param({"exp": NOW - LEEWAY + 1}, Identity("s1", "s1", ("s1",), NOW - LEEWAY + 1), id="exp-in-leeway"),
        pytest.param({"exp": 10**30}, Identity("s1", "s1", ("s1",), 10**30), id="exp-beyond-every-calendar"),
        pytest.param({"nbf": NOW + LEEWAY}, Identity("s1", "s1", ("s1",), NOW + 600), id="nbf-at-the-leeway"),
        pytest.param({"iat": NOW + LEEWAY}, Identity("s1", "s1", ("s1",), NOW + 600), id="iat-at-the-leeway"),
        pytest.param({"nbf": 0, "iat": -1}, Identity("s1", "s1", ("s1",), NOW + 600), id="nbf-and-iat-long-ago"),
        pytest.param({"iss": 5, "aud": {"a": 1}}, Identity("s1", "s1", ("s1",), NOW + 600), id="iss-and-aud-ignored"),
        pytest.param({"session_id": "A.z_0:@-"}, Identity("A.z_0:@-", "A.z_0:@-", ("A.z_0:@-",), NOW + 600), id="id"),
        pytest.param({"session_id": "x" * 128}, Identity("x" * 128, "x" * 128, ("x" * 128,), NOW + 600), id="long-id"),
        pytest.param({"sub": "José"}, Identity("s1", "José", ("s1",), NOW + 600), id="sub"),
        pytest.param({"sub": ""}, Identity("s1", "", ("s1",), NOW + 600), id="an-empty-sub-is-a-subject"),
        pytest.param({"send": []}, Identity("s1", "s1", (), NOW + 600), id="send-to-no-session"),
        pytest.param({"send": ["*"]}, Identity("s1", "s1", ("*",), NOW + 600), id="send-to-every-session"),
        pytest.param(
            {"send": ["s2", "o-*"]}, Identity("s1", "s1", ("s2", "o-*"), NOW + 600), id="send-to-some-sessions"
        ),
        pytest.param({"send": ["x" * 128 + "*"]}, Identity("s1", "s1", ("x" * 128 + "*",), NOW + 600), id="long-grant"),
        pytest.param(
            {"send": ["s"] * MAX_GRANTS}, Identity("s1", "s1", ("s",) * MAX_GRANTS, NOW + 600), id="as-many-as-may-be"
        ),
        pytest.param({"admin": True, "exp2": "x"}, Identity("s1", "s1", ("s1",), NOW + 600), id="others-are-ignored"),
    ],
)
def test_accepted(claims: dict[str, Any], identity: Identity) -> None:
    assert verify(by_query(with_claims(**claims)), KEY.encode(), ANY) == identity


@pytest.mark.parametrize(
    ("claims", "answer"),
    [
        pytest.param({"exp": ...}, LACKS, id="exp-missing"),
        pytest.param({"exp": None}, LACKS, id="exp-null"),
        pytest.param({"exp": str(NOW + 600)}, not_whole("exp"), id="exp-is-text"),
        pytest.param({"exp": "tomorrow"}, NOT_VALID, id="exp-is-a-word"),
        pytest.param({"exp": NOW + 600.5}, not_whole("exp"), id="exp-is-a-fraction"),
        pytest.param({"exp": float(NOW + 600)}, not_whole("exp"), id="exp-is-a-whole-float"),
        pytest.param({"exp": True}, EXPIRED, id="exp-is-true"),
        pytest.param({"exp": [NOW + 600]}, NOT_VALID, id="exp-is-a-list"),
        pytest.param({"exp": {}}, NOT_VALID, id="exp-is-an-object"),
        pytest.param({"exp": 0}, EXPIRED, id="exp-is-zero"),
        pytest.param({"exp": -NOW}, EXPIRED, id="exp-is-negative"),
        pytest.param({"exp": -(10**400)}, EXPIRED, id="exp-is-very-negative"),
        pytest.param({"exp": float("inf")}, NOT_VALID, id="exp-is-infinity"),
        pytest.param({"exp": float("nan")}, NOT_VALID, id="exp-is-nan"),
        pytest.param({"exp": NOW - LEEWAY}, EXPIRED, id="exp-at-the-leeway"),
        pytest.param({"nbf": NOW + LEEWAY + 1}, EARLY, id="nbf-beyond-the-leeway"),
        pytest.param({"nbf": 10**400}, EARLY, id="nbf-beyond-every-double"),
        pytest.param({"nbf": str(NOW)}, not_whole("nbf"), id="nbf-is-text"),
        pytest.param({"nbf": NOW + 0.5}, not_whole("nbf"), id="nbf-is-a-fraction"),
        pytest.param({"nbf": None}, NOT_VALID, id="nbf-is-null"),
        pytest.param({"nbf": False}, not_whole("nbf"), id="nbf-is-false"),
        pytest.param({"iat": NOW + LEEWAY + 1}, EARLY, id="iat-beyond-the-leeway"),
        pytest.param({"iat": "now"}, NOT_VALID, id="iat-is-text"),
        pytest.param({"iat": 1.5}, not_whole("iat"), id="iat-is-a-fraction"),
        pytest.param({"iat": None}, NOT_VALID, id="iat-is-null"),
        pytest.param({"session_id": ...}, NO_SESSION, id="session-missing"),
        pytest.param({"session_id": None}, NO_SESSION, id="session-null"),
        pytest.param({"session_id": 1}, NO_SESSION, id="session-is-a-number"),
        pytest.param({"session_id": ["s1"]}, NO_SESSION, id="session-is-a-list"),
        pytest.param({"session_id": ""}, NO_SESSION, id="session-empty"),
        pytest.param({"session_id": "s 1"}, NO_SESSION, id="session-with-a-space"),
        pytest.param({"session_id": "x" * 129}, NO_SESSION, id="session-of-129-characters"),
        pytest.param({"session_id": "s1\n"}, NO_SESSION, id="session-with-a-line-end"),
        pytest.param({"session_id": "used#s1"}, NO_SESSION, id="session-in-the-form-of-a-used-signature"),
        pytest.param({"session_id": "s*"}, NO_SESSION, id="session-with-a-star"),
        pytest.param({"session_id": "\u0661"}, NO_SESSION, id="session-with-a-digit-not-ascii"),
        pytest.param({"send": "s2"}, NO_LIST, id="send-is-text"),
        pytest.param({"send": "*"}, NO_LIST, id="send-is-a-star"),
        pytest.param({"send": None}, NO_LIST, id="send-null"),
        pytest.param({"send": {"s2": True}}, NO_LIST, id="send-is-an-object"),
        pytest.param({"send": ["s"] * (MAX_GRANTS + 1)}, NO_LIST, id="send-has-101"),
        pytest.param({"send": ["o*r"]}, NO_GRANT, id="a-star-in-the-middle"),
        pytest.param({"send": ["*r"]}, NO_GRANT, id="a-star-at-the-start"),
        pytest.param({"send": ["**"]}, NO_GRANT, id="two-stars"),
        pytest.param({"send": ["s2", 1]}, NO_GRANT, id="a-number-in-send"),
        pytest.param({"send": ["s2", None]}, NO_GRANT, id="null-in-send"),
        pytest.param({"send": [["s2"]]}, NO_GRANT, id="a-list-in-send"),
        pytest.param({"send": [""]}, NO_GRANT, id="an-empty-text-in-send"),
        pytest.param({"send": ["s 2"]}, NO_GRANT, id="a-space-in-send"),
        pytest.param({"send": ["*\n"]}, NO_GRANT, id="a-line-end-in-send"),
        pytest.param({"send": ["x" * 129]}, NO_GRANT, id="129-characters-in-send"),
        pytest.param({"sub": 1}, NOT_VALID, id="sub-is-a-number"),
        pytest.param({"sub": None}, NOT_VALID, id="sub-null"),
        pytest.param({"sub": ["s1"]}, NOT_VALID, id="sub-is-a-list"),
        pytest.param(
            {"sub": "\ud800"}, (401, "The token's claim sub is not text"), id="sub-is-half-a-character"
        ),  # DynamoDB cannot store a lone surrogate
        pytest.param({"jti": 1}, NOT_VALID, id="jti-is-a-number"),
    ],
)
def test_refused(claims: dict[str, Any], answer: tuple[int, str]) -> None:
    assert refusal(lambda: verify(by_query(with_claims(**claims)), KEY.encode(), ANY)) == answer


def test_an_exp_beyond_every_double_is_refused() -> None:
    text = token('{"session_id": "s1", "exp": 1e400}')
    assert refusal(lambda: verify(by_query(text), KEY.encode(), ANY)) == NOT_VALID


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({}, id="both-as-configured"),
        pytest.param({"aud": ["other", "hub"]}, id="aud-is-a-list-with-ours"),
    ],
)
def test_issuer_and_audience_as_configured(claims: dict[str, Any]) -> None:
    text = with_claims(**STRICT_CLAIMS | claims)
    assert verify(by_query(text), KEY.encode(), STRICT) == Identity("s1", "s1", ("s1",), NOW + 600)


@pytest.mark.parametrize(
    ("claims", "answer"),
    [
        pytest.param({"iss": ...}, LACKS, id="iss-missing"),
        pytest.param({"iss": "https://issuer.example/"}, OTHER_ISSUER, id="iss-another"),
        pytest.param({"iss": ["https://issuer.example"]}, OTHER_ISSUER, id="iss-is-a-list"),
        pytest.param({"iss": None}, OTHER_ISSUER, id="iss-null"),
        pytest.param({"aud": ...}, LACKS, id="aud-missing"),
        pytest.param({"aud": "hub2"}, OTHER_AUDIENCE, id="aud-another"),
        pytest.param({"aud": "the hub"}, OTHER_AUDIENCE, id="aud-that-contains-ours"),
        pytest.param({"aud": []}, LACKS, id="aud-is-an-empty-list"),
        pytest.param({"aud": ["other"]}, OTHER_AUDIENCE, id="aud-is-a-list-without-ours"),
        pytest.param({"aud": ["hub", 1]}, OTHER_AUDIENCE, id="aud-is-a-list-with-a-number"),
        pytest.param({"aud": {"hub": 1}}, OTHER_AUDIENCE, id="aud-is-an-object"),
    ],
)
def test_another_issuer_or_audience(claims: dict[str, Any], answer: tuple[int, str]) -> None:
    text = with_claims(**STRICT_CLAIMS | claims)
    assert refusal(lambda: verify(by_query(text), KEY.encode(), STRICT)) == answer


def test_issuer_and_audience_are_configured_one_by_one() -> None:
    text = token(CLAIMS | {"iss": "https://issuer.example"})
    assert verify(by_query(text), KEY.encode(), Rules(STRICT.issuer, None)).session_id == "s1"
    assert refusal(lambda: verify(by_query(text), KEY.encode(), Rules(None, STRICT.audience))) == LACKS
