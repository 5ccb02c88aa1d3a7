"""What docs/identity.md says about Auth0, Keycloak and Entra, about refusals, and about limits."""

import json
import re
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from hub.auth import freshness, jwks, jwks_url, tokens
from hub.auth.identity import Identity
from hub.auth.provider_keys import ProviderKeys
from hub.auth.provider_tokens import verify
from hub.auth.tokens import Rules
from hub.errors import Unauthorized
from hub.sessions import MAX_GRANTS
from local.stack.loading import load
from tests.support.credentials import by_query
from tests.support.documents import IDENTITY, code, part
from tests.support.node import NODE, need, npx
from tests.support.paths import ROOT

KEY = ec.generate_private_key(ec.SECP256R1())
JWKS = {"keys": [json.loads(jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key())) | {"kid": "k1", "use": "sig"}]}

ROLES = {"Auth0": "https://chat.example/send", "Keycloak": "send", "Entra": "roles"}
"""The claim that has the grants."""


def parameters(provider: str) -> dict[str, str]:
    """Return the parameters in the table about a provider."""
    rows = re.findall(r"^\| `(\w+)` \| `([^`]+)`", part(IDENTITY, provider), re.MULTILINE)
    return {"AuthMode": "jwt", **dict(rows)}


def identity(provider: str, claims: dict[str, Any]) -> Identity:
    """
    Return what a token proves to a hub with a provider's parameters.

    Args:
        claims: They take the place of those in the document. None leaves a claim out.

    """
    variables = load(ROOT / "template.yaml", parameters(provider)).functions["ConnectFunction"].environment
    rules = Rules(
        issuer=variables["JWT_ISSUER"],
        audience=variables["JWT_AUDIENCE"],
        session_claim=variables["JWT_SESSION_CLAIM"],
        send_claim=variables["JWT_SEND_CLAIM"],
        reads_client_id=True,
    )
    (example,) = code(IDENTITY, provider, "json")
    all_claims = {**json.loads(example), "exp": int(time.time()) + 60, **claims}
    given = {name: value for name, value in all_claims.items() if value is not None}
    token = jwt.encode(given, KEY, algorithm="ES256", headers={"kid": "k1"})
    return verify(by_query(token), ProviderKeys(lambda: json.dumps(JWKS).encode()), rules)


def refusal(provider: str, claims: dict[str, Any]) -> str:
    with pytest.raises(Unauthorized) as error:
        identity(provider, claims)
    return str(error.value)


@pytest.mark.parametrize(
    ("provider", "claim"),
    [("Auth0", "https://chat.example/session"), ("Keycloak", "sub"), ("Entra", "oid")],
    ids=["auth0", "keycloak", "entra"],
)
def test_the_token_of_each_provider_is_taken(provider: str, claim: str) -> None:
    (example,) = code(IDENTITY, provider, "json")
    claims = json.loads(example)
    proven = identity(provider, {})
    assert (proven.session_id, proven.subject) == (claims[claim], claims["sub"])
    assert list(proven.send or ()) == claims[ROLES[provider]]


@pytest.mark.parametrize(
    ("provider", "claims", "reason"),
    [
        pytest.param("Auth0", {"https://chat.example/session": "auth0|65f1"}, "not a session id", id="auth0-sub"),
        pytest.param("Auth0", {"iss": "https://TENANT.eu.auth0.com"}, "another issuer", id="auth0-slash"),
        pytest.param("Auth0", {"aud": "the-page"}, "another audience", id="auth0-id-token"),
        pytest.param("Auth0", {"https://chat.example/send": "read write"}, "not a list", id="auth0-scope"),
        pytest.param("Keycloak", {"aud": "account"}, "another audience", id="keycloak-no-mapper"),
        pytest.param("Keycloak", {"aud": None}, "lacks a claim", id="keycloak-no-audience"),
        pytest.param("Keycloak", {"send": ["/team-a"]}, "something other than session ids", id="keycloak-path"),
        pytest.param("Keycloak", {"sub": None}, "not a session id", id="keycloak-lightweight"),
        pytest.param("Entra", {"iss": "https://sts.windows.net/TENANT_ID/"}, "another issuer", id="entra-v1"),
        pytest.param("Entra", {"aud": "api://CLIENT_ID"}, "another audience", id="entra-v1-audience"),
        pytest.param("Entra", {"roles": ["r"] * 101}, "at most 100", id="entra-groups"),
    ],
)
def test_what_does_not_work(provider: str, claims: dict[str, Any], reason: str) -> None:
    assert reason in refusal(provider, claims)


def test_an_empty_list_lets_a_user_of_keycloak_send_to_nobody() -> None:
    assert identity("Keycloak", {"send": []}).send == ()


def test_the_action_for_auth0_makes_the_claims_of_the_example(tmp_path: Path) -> None:
    need(NODE)
    (action,) = re.findall(r"^ +```js\n(.*?)^ +```$", part(IDENTITY, "Auth0"), re.MULTILINE | re.DOTALL)
    (example,) = code(IDENTITY, "Auth0", "json")
    claims = json.loads(example)
    event = {"user": {"user_id": claims["sub"]}, "authorization": {"roles": claims[ROLES["Auth0"]][1:]}}
    calls = "const made = {}; const api = { accessToken: { setCustomClaim: (name, value) => (made[name] = value) } };"
    run = f"exports.onExecutePostLogin({json.dumps(event)}, api).then(() => console.log(JSON.stringify(made)));"
    (tmp_path / "action.cjs").write_text(f"{action}\n{calls}\n{run}\n")
    made = json.loads(npx(NODE, tmp_path / "action.cjs"))
    assert made == {name: value for name, value in claims.items() if name.startswith("https://chat.example/")}


def reasons() -> list[str]:
    return re.findall(r"^\| `(The token[^`]+)` \|", part(IDENTITY, "When a token is refused"), re.MULTILINE)


@pytest.mark.parametrize("reason", reasons())
def test_the_hub_gives_each_reason_in_the_table(reason: str) -> None:
    auth = ROOT / "shared" / "hub" / "auth"
    source = "".join((auth / name).read_text() for name in ("tokens.py", "provider_tokens.py"))
    known = source.replace("{rules.session_claim}", "sub").replace("{rules.send_claim}", "send")
    assert f'"{reason}"' in known.replace("{MAX_GRANTS}", str(MAX_GRANTS))


@pytest.mark.parametrize(
    "sentence",
    [
        f"RSA with {jwks.MIN_BITS:,} to {jwks.MAX_BITS:,} bits, or EC with the curve {jwks.CURVE}",
        f"{tokens.MAX_LENGTH:,} characters at most",
        f"Clocks may differ by {tokens.LEEWAY} seconds",
        f"a list of at most {MAX_GRANTS} session ids",
        f"reads {jwks_url.MAX_BYTES // 1024} KB and {jwks.MAX_KEYS} keys at most",
    ],
)
def test_the_limits_are_those_of_the_hub(sentence: str) -> None:
    assert sentence in " ".join(part(IDENTITY, "What the hub checks").split())


def test_the_times_are_those_of_the_hub() -> None:
    text = " ".join(part(IDENTITY, "When the provider is slow, wrong or away").split())
    assert (freshness.CACHE_TIME, freshness.MIN_REFETCH_TIME, freshness.MIN_RETRY_TIME) == (5 * 60, 3, 10)
    assert jwks_url.WITHIN == 2
    for sentence in ("for five minutes", "every three seconds", "two seconds at most", "for 10 seconds"):
        assert sentence in text
