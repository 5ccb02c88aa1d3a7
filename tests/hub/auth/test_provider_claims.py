"""The claims of an identity provider's tokens: whose they are, for whom, and which of them the hub reads."""

from typing import Any

import pytest

from hub.auth.identity import Identity
from hub.auth.provider_keys import ProviderKeys
from hub.auth.provider_tokens import verify
from hub.auth.tokens import LEEWAY, Rules
from hub.sessions import MAX_GRANTS
from tests.support.credentials import NOW, by_query, refusal, stop_the_clock_of_pyjwt
from tests.support.identity_provider import AUDIENCE, ISSUER, published, with_claims

RULES = Rules(ISSUER, AUDIENCE, reads_client_id=True)
SOMEBODY = Identity("s1", "user-1", ("s1",), NOW + 600)

NOT_VALID = (401, "The token is not valid")
EXPIRED = (401, "The token has expired")
EARLY = (401, "The token is not valid yet")
LACKS = (401, "The token lacks a claim that is required")
OTHER_ISSUER = (401, "The token is from another issuer")
OTHER_AUDIENCE = (401, "The token is for another audience")


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_the_clock_of_pyjwt(monkeypatch)


def identity(claims: dict[str, Any], **rules: str) -> Identity:
    """Return whom a token with these claims proves. Ellipsis leaves a claim out."""
    return verify(
        by_query(with_claims(**claims)),
        ProviderKeys(published),
        Rules(ISSUER, AUDIENCE, reads_client_id=True, **rules),
    )


def answer(claims: dict[str, Any], **rules: str) -> tuple[int, str]:
    return refusal(lambda: identity(claims, **rules))


COGNITO = {"aud": ..., "client_id": AUDIENCE, "token_use": "access"}
"""How Cognito says for whom an access token is."""


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({}, id="aud"),
        pytest.param({"aud": [AUDIENCE]}, id="aud-is-a-list"),
        pytest.param({"aud": ["another", AUDIENCE]}, id="aud-is-a-list-with-ours"),
        pytest.param(COGNITO, id="access-token-of-cognito"),
        pytest.param({"token_use": "id"}, id="id-token-of-cognito"),
        pytest.param({"client_id": "another", "token_use": "access"}, id="aud-counts-before-client-id"),
        pytest.param({"azp": "another", "auth_time": "x", "scope": ["x"]}, id="other-claims-are-not-read"),
    ],
)
def test_a_token_for_the_hub(claims: dict[str, Any]) -> None:
    assert identity(claims) == SOMEBODY


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        pytest.param({"iss": ...}, LACKS, id="iss-missing"),
        pytest.param({"iss": None}, OTHER_ISSUER, id="iss-null"),
        pytest.param({"iss": ""}, OTHER_ISSUER, id="iss-empty"),
        pytest.param({"iss": f"{ISSUER}/"}, OTHER_ISSUER, id="iss-with-a-slash"),
        pytest.param({"iss": ISSUER.upper()}, OTHER_ISSUER, id="iss-in-another-case"),
        pytest.param({"iss": "https://provider.example.evil"}, OTHER_ISSUER, id="iss-that-begins-like-ours"),
        pytest.param({"iss": ISSUER[:-1]}, OTHER_ISSUER, id="iss-that-is-part-of-ours"),
        pytest.param({"iss": [ISSUER]}, OTHER_ISSUER, id="iss-is-a-list"),
        pytest.param({"iss": {ISSUER: 1}}, OTHER_ISSUER, id="iss-is-an-object"),
        pytest.param({"iss": 1}, OTHER_ISSUER, id="iss-is-a-number"),
        pytest.param({"aud": ...}, LACKS, id="aud-missing"),
        pytest.param({"aud": None}, LACKS, id="aud-null"),
        pytest.param({"aud": ""}, LACKS, id="aud-empty"),
        pytest.param({"aud": []}, LACKS, id="aud-is-an-empty-list"),
        pytest.param({"aud": 0}, LACKS, id="aud-is-zero"),
        pytest.param({"aud": 1}, OTHER_AUDIENCE, id="aud-is-a-number"),
        pytest.param({"aud": True}, OTHER_AUDIENCE, id="aud-is-true"),
        pytest.param({"aud": "another"}, OTHER_AUDIENCE, id="aud-another"),
        pytest.param({"aud": f"{AUDIENCE} another"}, OTHER_AUDIENCE, id="aud-that-contains-ours"),
        pytest.param({"aud": AUDIENCE.upper()}, OTHER_AUDIENCE, id="aud-in-another-case"),
        pytest.param({"aud": ["another"]}, OTHER_AUDIENCE, id="aud-is-a-list-without-ours"),
        pytest.param({"aud": [AUDIENCE, 1]}, OTHER_AUDIENCE, id="aud-is-a-list-with-a-number"),
        pytest.param({"aud": [AUDIENCE, None]}, OTHER_AUDIENCE, id="aud-is-a-list-with-null"),
        pytest.param({"aud": [[AUDIENCE]]}, OTHER_AUDIENCE, id="aud-is-a-list-of-lists"),
        pytest.param({"aud": {AUDIENCE: 1}}, OTHER_AUDIENCE, id="aud-is-an-object"),
        pytest.param(COGNITO | {"token_use": "id"}, LACKS, id="client-id-in-an-id-token"),
        pytest.param(COGNITO | {"token_use": ...}, LACKS, id="client-id-without-token-use"),
        pytest.param(COGNITO | {"token_use": ["access"]}, LACKS, id="token-use-is-a-list"),
        pytest.param(COGNITO | {"token_use": "ACCESS"}, LACKS, id="token-use-in-another-case"),
        pytest.param(COGNITO | {"client_id": "another"}, OTHER_AUDIENCE, id="client-id-another"),
        pytest.param(COGNITO | {"client_id": ...}, OTHER_AUDIENCE, id="no-client-id"),
        pytest.param(COGNITO | {"client_id": [AUDIENCE]}, OTHER_AUDIENCE, id="client-id-is-a-list"),
        pytest.param(COGNITO | {"client_id": 1}, OTHER_AUDIENCE, id="client-id-is-a-number"),
        pytest.param(COGNITO | {"aud": "another"}, OTHER_AUDIENCE, id="client-id-beside-another-aud"),
        pytest.param(COGNITO | {"aud": None}, LACKS, id="client-id-beside-an-aud-that-is-null"),
        pytest.param(COGNITO | {"aud": ""}, LACKS, id="client-id-beside-an-empty-aud"),
        pytest.param(COGNITO | {"aud": []}, LACKS, id="client-id-beside-an-aud-that-is-an-empty-list"),
        pytest.param({"exp": ...}, LACKS, id="exp-missing"),
        pytest.param({"exp": None}, LACKS, id="exp-null"),
        pytest.param({"exp": NOW - LEEWAY}, EXPIRED, id="exp-past"),
        pytest.param(
            {"exp": str(NOW + 600)}, (401, "The token's claim exp is not a whole number of seconds"), id="exp-is-text"
        ),
        pytest.param(
            {"exp": NOW + 600.0}, (401, "The token's claim exp is not a whole number of seconds"), id="exp-is-a-float"
        ),
        pytest.param({"exp": [NOW + 600]}, NOT_VALID, id="exp-is-a-list"),
        pytest.param({"nbf": NOW + LEEWAY + 1}, EARLY, id="nbf-to-come"),
        pytest.param({"nbf": "x"}, NOT_VALID, id="nbf-is-text"),
        pytest.param({"iat": NOW + LEEWAY + 1}, EARLY, id="iat-to-come"),
        pytest.param({"iat": []}, NOT_VALID, id="iat-is-a-list"),
        pytest.param({"sub": 1}, NOT_VALID, id="sub-is-a-number"),
        pytest.param({"sub": "\ud800"}, (401, "The token's claim sub is not text"), id="sub-is-half-a-character"),
    ],
)
def test_refused(claims: dict[str, Any], expected: tuple[int, str]) -> None:
    assert answer(claims) == expected


def test_client_id_counts_only_for_a_provider() -> None:
    rules = Rules(ISSUER, AUDIENCE)
    text = with_claims(**COGNITO)
    assert refusal(lambda: verify(by_query(text), ProviderKeys(published), rules)) == LACKS


@pytest.mark.parametrize(
    "token_is_for",
    [
        pytest.param("app", id="an-id-token-where-an-access-token-is-wanted"),
        pytest.param(["app", "account"], id="list"),
    ],
)
def test_a_token_for_the_page_is_not_one_for_the_hub(token_is_for: Any) -> None:
    # Auth0, Keycloak and Entra: an id token is for the page, and an access token is for the hub.
    assert answer({"aud": token_is_for}) == OTHER_AUDIENCE


def test_a_token_for_the_hub_is_not_one_for_the_page() -> None:
    rules = Rules(ISSUER, "app", reads_client_id=True)
    text = with_claims(aud=AUDIENCE, azp="app", client_id="app", token_use="access")
    assert refusal(lambda: verify(by_query(text), ProviderKeys(published), rules)) == OTHER_AUDIENCE


NAMES = ["sub", "cognito:username", "https://example.com/session", "a.b", "oid", "é", ""]


@pytest.mark.parametrize("name", NAMES)
def test_the_claim_that_is_the_session_may_have_any_name(name: str) -> None:
    found = identity({"session_id": "not-read", name: "user:1"}, session_claim=name)
    assert (found.session_id, found.send) == ("user:1", ("user:1",))
    assert found.subject == ("user:1" if name == "sub" else "user-1")


@pytest.mark.parametrize(
    "value",
    [
        ...,
        None,
        "",
        1,
        True,
        ["s1"],
        {"s1": 1},
        "auth0|5f7c8ec7c33c6c004bbafe82",
        "google-oauth2|1",
        "a b",
        "a/b",
        "a+b@example.com",
        "used#s1",
        "#",
        "s*",
        "é",
        "s1\n",
        "x" * 129,
    ],
)
def test_a_session_that_is_no_session_id_is_refused_and_never_changed(value: Any) -> None:
    assert answer({"sub": value if isinstance(value, str) else "user", "id": value}, session_claim="id") == (
        401,
        "The token's claim id is not a session id",
    )


@pytest.mark.parametrize("value", ["x" * 128, "ann@example.com", "eu-west-1:5f7c-8ec7", "8ec7.1:2_3@4-5"])
def test_a_session_is_the_claim_as_it_is(value: str) -> None:
    assert identity({"id": value}, session_claim="id").session_id == value


def test_a_nested_claim_is_not_found() -> None:
    claims = {"realm_access": {"session": "s1", "roles": ["s2"]}}
    assert answer(claims, session_claim="realm_access.session")[0] == 401
    assert identity(claims, send_claim="realm_access.roles").send == ("s1",)


@pytest.mark.parametrize(
    ("value", "send"),
    [
        pytest.param(..., ("s1",), id="missing"),
        pytest.param([], (), id="no-groups"),
        pytest.param(["team-a", "team-b"], ("team-a", "team-b"), id="groups"),
        pytest.param(["team-*"], ("team-*",), id="pattern"),
        pytest.param(["*"], ("*",), id="every-session"),
        pytest.param(["g"] * MAX_GRANTS, ("g",) * MAX_GRANTS, id="as-many-as-may-be"),
    ],
)
def test_groups_are_the_sessions_that_a_client_may_send_to(value: Any, send: tuple[str, ...]) -> None:
    assert identity({"send": ["*"], "cognito:groups": value}, send_claim="cognito:groups").send == send


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("team-a", id="text"),
        pytest.param("*", id="a-star"),
        pytest.param("read write", id="scopes"),
        pytest.param(1, id="a-number"),
        pytest.param(None, id="null"),
        pytest.param({"team-a": 1}, id="an-object"),
        pytest.param(["g"] * (MAX_GRANTS + 1), id="101"),
    ],
)
def test_groups_that_are_no_list(value: Any) -> None:
    sentence = f"The token's claim cognito:groups is not a list of at most {MAX_GRANTS}"
    assert answer({"cognito:groups": value}, send_claim="cognito:groups") == (401, sentence)


@pytest.mark.parametrize("value", ["/team-a", "team a", "a*b", "**", "", 1, None, ["a"], "é", "x" * 129])
def test_a_group_that_is_no_session_id_refuses_the_token(value: Any) -> None:
    sentence = "The token's claim groups holds something other than session ids, with or without * at the end"
    assert answer({"groups": ["team-a", value]}, send_claim="groups") == (401, sentence)


def test_the_subject_is_the_session_if_there_is_no_sub() -> None:
    assert identity({"sub": ...}) == Identity("s1", "s1", ("s1",), NOW + 600)
