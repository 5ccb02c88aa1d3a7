"""Tokens of an identity provider over real sockets: good ones, forged ones, new keys, and a provider that is away."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from websockets.sync.client import connect

from hub.auth.freshness import MIN_RETRY_TIME
from hub.auth.tokens import MAX_LENGTH
from tests.support import credentials
from tests.support.frames import send_message
from tests.support.gateway import Client, RunningGateway, wait_until
from tests.support.handshakes import handshake
from tests.support.identity_provider import (
    AUDIENCE,
    EC,
    ISSUER,
    RSA,
    Provider,
    Signer,
    ec_key,
    es,
    es_token,
    jwk,
    ps,
    published,
    response,
    rs,
    rsa_key,
    running_provider,
    token,
)

PROTOCOL = "Sec-WebSocket-Protocol"
CLAIMS: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "sub": "user-1", "exp": 2**40, "groups": ["team-*"]}
RS256, ES256 = {"alg": "RS256", "kid": RSA}, {"alg": "ES256", "kid": EC}
ATTACKER = rsa_key("attacker")


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as running:
        yield running


@pytest.fixture(scope="module")
def running(provider: Provider) -> Iterator[RunningGateway]:
    """A gateway that takes the tokens of the provider. The claim sub is the session."""
    options = {
        "AuthMode": "jwt",
        "JwksUrl": provider.url,
        "JwtIssuer": ISSUER,
        "JwtAudience": AUDIENCE,
        "JwtSessionClaim": "sub",
        "JwtSendClaim": "groups",
    }
    parameters = [word for name, value in options.items() for word in ("--parameter", f"{name}={value}")]
    with RunningGateway.start(*parameters) as gateway:
        yield gateway


def statuses(running: RunningGateway, text: str) -> list[int]:
    """Return the status of the answer to a token in each of its carriers."""
    return [
        handshake(running, f"?token={text}")[0],
        handshake(running, "", ("Authorization", f"Bearer {text}"))[0],
        handshake(running, "", (PROTOCOL, f"hub.v1, bearer.{text}"))[0],
    ]


def changed(**claims: Any) -> str:
    return token({name: value for name, value in (CLAIMS | claims).items() if value is not ...})


def public_key_as_secret(algorithm: str = "HS256") -> str:
    pem = rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return credentials.token(CLAIMS, {"alg": algorithm, "kid": RSA}, key=pem.decode())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(token(CLAIMS), id="rs256"),
        pytest.param(es_token(CLAIMS), id="es256"),
        pytest.param(changed(aud=["another", AUDIENCE]), id="aud-is-a-list"),
        pytest.param(changed(aud=..., client_id=AUDIENCE, token_use="access"), id="access-token-of-cognito"),
        pytest.param(token(CLAIMS, RS256 | {"jku": "https://evil.example"}), id="jku-is-not-read"),
    ],
)
def test_good_tokens(running: RunningGateway, text: str) -> None:
    assert statuses(running, text) == [101, 101, 101]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(public_key_as_secret(), id="the-public-key-as-the-secret-of-hs256"),
        pytest.param(public_key_as_secret("RS256"), id="the-public-key-as-a-secret-that-calls-itself-rs256"),
        pytest.param(token(CLAIMS, {"alg": "none", "kid": RSA}), id="alg-none"),
        pytest.param(token(CLAIMS, {"alg": "PS256", "kid": RSA}, ps()), id="ps256"),
        pytest.param(token(CLAIMS, RS256, ps()), id="ps256-that-calls-itself-rs256"),
        pytest.param(token(CLAIMS, {"alg": "RS512", "kid": RSA}), id="rs512"),
        pytest.param(token(CLAIMS, {"alg": "RS256"}), id="no-kid"),
        pytest.param(token(CLAIMS, {"alg": "RS256", "kid": [RSA]}), id="kid-is-a-list"),
        pytest.param(token(CLAIMS, {"alg": "RS256", "kid": EC}), id="kid-of-the-other-key"),
        pytest.param(token(CLAIMS, {"alg": "RS256", "kid": "unknown"}), id="kid-unknown"),
        pytest.param(token(CLAIMS, RS256, rs(key=ATTACKER)), id="another-key-under-the-name"),
        pytest.param(token(CLAIMS, RS256 | {"jwk": jwk(ATTACKER, RSA)}, rs(key=ATTACKER)), id="its-own-jwk"),
        pytest.param(token(CLAIMS, RS256 | {"jku": "http://127.0.0.1/"}, rs(key=ATTACKER)), id="its-own-jku"),
        pytest.param(token(CLAIMS, RS256 | {"x5c": ["AAAA"]}, rs(key=ATTACKER)), id="its-own-x5c"),
        pytest.param(token(CLAIMS, RS256 | {"crit": ["x"], "x": 1}), id="crit"),
        pytest.param(token(CLAIMS, RS256 | {"b64": False}), id="b64"),
        pytest.param(es_token(CLAIMS, rs()), id="es256-signed-by-the-rsa-key"),
        pytest.param(es_token(CLAIMS, es(ec_key("attacker"))), id="another-ec-key"),
        pytest.param(es_token(CLAIMS, lambda signed: bytes(64)), id="es256-of-zeros"),
        pytest.param(es_token(CLAIMS, lambda signed: b""), id="no-signature"),
        pytest.param(token("[" * 2500, RS256), id="claims-that-nest-deeply"),
        pytest.param(token(CLAIMS, "[" * 2500), id="a-header-that-nests-deeply"),
        pytest.param(changed(iss="https://another.example"), id="iss-another"),
        pytest.param(changed(iss=[ISSUER]), id="iss-is-a-list"),
        pytest.param(changed(iss=...), id="iss-missing"),
        pytest.param(changed(aud="another"), id="aud-another"),
        pytest.param(changed(aud=[AUDIENCE, 1]), id="aud-with-a-number"),
        pytest.param(changed(aud=...), id="aud-missing"),
        pytest.param(changed(aud=..., client_id=AUDIENCE, token_use="id"), id="client-id-in-an-id-token"),
        pytest.param(changed(exp=...), id="exp-missing"),
        pytest.param(changed(exp=1), id="expired"),
        pytest.param(changed(nbf=2**39), id="not-yet"),
        pytest.param(changed(sub="auth0|5f7c"), id="a-sub-that-is-no-session-id"),
        pytest.param(changed(sub=...), id="no-session"),
        pytest.param(changed(groups="*"), id="groups-are-text"),
        pytest.param(changed(groups=["*"] * 101), id="101-groups"),
        pytest.param("A" * 4000, id="4-kb-of-nothing"),
    ],
)
def test_forged_tokens_and_tokens_for_others(running: RunningGateway, text: str) -> None:
    assert statuses(running, text) == [401, 401, 401]


def test_8_kb_of_token(running: RunningGateway) -> None:
    # API Gateway takes as much in headers, but not in the URL.
    for size, answer in ((5200, 101), (MAX_LENGTH, 401)):
        text = changed(jti="x" * size)
        assert (len(text) <= MAX_LENGTH) == (answer == 101)
        assert handshake(running, "", ("Authorization", f"Bearer {text}"))[0] == answer


def test_two_carriers_that_disagree(running: RunningGateway) -> None:
    good, other = token(CLAIMS), changed(sub="user-2")
    assert handshake(running, f"?token={good}", ("Authorization", f"Bearer {other}"))[0] == 400
    assert handshake(running, f"?token={good}", (PROTOCOL, f"hub.v1, bearer.{other}"))[0] == 400
    assert handshake(running, f"?token={good}&session_id=user-2")[0] == 400
    assert handshake(running, f"?token={good}&session_id=user-1")[0] == 101
    assert handshake(running, f"?token={good}%20")[0] == 401
    assert handshake(running, f"?token=%20{good}")[0] == 401


def joined(running: RunningGateway, text: str) -> Any:
    return connect(f"{running.endpoints['websocket']}?token={text}", proxy=None, compression=None)


def test_a_token_says_who_somebody_is_and_whom_they_may_send_to(running: RunningGateway) -> None:
    with joined(running, changed(sub="team-a")) as first, joined(running, changed(sub="user-9")) as second:
        ack = Client(second).ask(send_message("team-a"))
        assert ack["delivered"] == {"team-a": 1}
        received = Client(first).receive()
        assert (received["from"], received["session"], received["message"]) == ("user-9", "team-a", "hello")
        assert Client(second).ask(send_message("user-1"))["code"] == "forbidden"


def test_a_connection_ends_for_messages_when_its_token_does(running: RunningGateway) -> None:
    with joined(running, changed(exp=int(time.time()) - 5)) as socket:  # within the leeway
        assert Client(socket).ask(send_message("team-a"))["code"] == "expired"


def accepted(running: RunningGateway, kid: str, signer: Signer | None = None) -> bool:
    return handshake(running, f"?token={token(CLAIMS, {'alg': 'RS256', 'kid': kid}, signer)}")[0] == 101


def test_a_new_key_works_and_a_withdrawn_one_no_more(running: RunningGateway, provider: Provider) -> None:
    new = rs(key=rsa_key("second"))
    assert accepted(running, RSA)
    provider.publish(jwk(rsa_key("second"), "rsa-2"), jwk(ec_key(), EC))
    wait_until(lambda: accepted(running, "rsa-2", new))  # the forged tokens before may have used up a fetch
    assert not accepted(running, RSA)  # the fetch for the new key withdrew the old one
    assert not accepted(running, "rsa-2")
    provider.say(response(published()))
    wait_until(lambda: accepted(running, RSA))


def test_a_flood_of_unknown_names_causes_few_fetches_and_disturbs_nobody(
    running: RunningGateway, provider: Provider
) -> None:
    began, before = time.monotonic(), provider.fetches
    for number in range(60):
        assert not accepted(running, f"forged-{number}")
        assert accepted(running, RSA)
    seconds = time.monotonic() - began
    assert provider.fetches - before <= seconds / 3 + 1


def test_while_the_provider_is_away_known_keys_go_on(running: RunningGateway, provider: Provider) -> None:
    line = "keys of the identity provider not read again"
    provider.say(response(b"", 503))
    try:
        wait_until(lambda: not accepted(running, "rsa-3") and line in running.output.text)
        fetches = provider.fetches
        assert all(accepted(running, RSA) for _ in range(10))
        assert provider.fetches <= fetches + 10 / MIN_RETRY_TIME
    finally:
        provider.say(response(published()))


def test_a_gateway_whose_provider_is_away_answers_500_and_recovers(provider: Provider) -> None:
    with running_provider() as other:
        other.say(b"")
        options = {"AuthMode": "jwt", "JwksUrl": other.url, "JwtIssuer": ISSUER, "JwtAudience": AUDIENCE}
        options |= {"JwtSessionClaim": "sub", "JwtSendClaim": "groups"}
        parameters = [word for name, value in options.items() for word in ("--parameter", f"{name}={value}")]
        with RunningGateway.start(*parameters) as gateway:
            assert statuses(gateway, token(CLAIMS)) == [500, 500, 500]
            assert statuses(gateway, "x") == [401, 401, 401]
            assert "KeysUnusable" in gateway.output.text
            other.say(response(published()))
            wait_until(lambda: accepted(gateway, RSA))
            assert statuses(gateway, token(CLAIMS)) == [101, 101, 101]
        assert provider.url not in gateway.output.text


def test_no_handshake_of_this_module_was_a_fault_of_the_hub(running: RunningGateway) -> None:
    assert statuses(running, "forged") == [401, 401, 401]
    lines = [line for line in running.output.lines if re.search(r"ERROR|Function  5\d\d", line)]
    assert [line for line in lines if "keys of the identity provider not read again" not in line] == []
    assert [line for line in running.output.lines if "WARNING refused" in line] != []
