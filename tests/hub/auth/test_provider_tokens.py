"""The tokens of an identity provider: signed by one of its keys, by RS256 or ES256, and by nothing else."""

import hmac
import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub.auth.identity import Identity
from hub.auth.provider_keys import ProviderKeys
from hub.auth.provider_tokens import verify
from hub.auth.tokens import MAX_LENGTH, Rules
from hub.connect_request import ConnectRequest
from tests.support import identity_provider
from tests.support.credentials import NOW, base64url, by_query, handshake, refusal, segment, stop_the_clock_of_pyjwt
from tests.support.identity_provider import (
    AUDIENCE,
    CLAIMS,
    EC,
    ISSUER,
    RSA,
    Signer,
    ec_key,
    es,
    es_numbers,
    es_token,
    jwk,
    ps,
    published,
    rs,
    rsa_key,
    token,
    with_claims,
)

RULES = Rules(ISSUER, AUDIENCE, reads_client_id=True)
GOOD = token()
HEADER, PAYLOAD, SIGNATURE = GOOD.split(".")
SOMEBODY = Identity("s1", "user-1", ("s1",), NOW + 600)

NOT_A_TOKEN = (401, "The token is not a JSON Web Token")
NOT_VALID = (401, "The token is not valid")
NOT_RS256 = (401, "The token is not signed by RS256 or ES256")
NO_KID = (401, "The token does not name its key: it has no kid")
UNKNOWN = (401, "The token is signed with a key that the identity provider does not publish")
FORGED = (401, "The token is not signed with the key that it names")

ATTACKER = rsa_key("attacker")
SPKI = PublicFormat.SubjectPublicKeyInfo


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_the_clock_of_pyjwt(monkeypatch)


def answer(text: str) -> tuple[int, str]:
    return refusal(partial(verify, by_query(text), ProviderKeys(published), RULES))


def identity(carrying: ConnectRequest | str, rules: Rules = RULES) -> Identity:
    request = by_query(carrying) if isinstance(carrying, str) else carrying
    return verify(request, ProviderKeys(published), rules)


def rs256(**header: Any) -> dict[str, Any]:
    """Return the header of a token, changed. Ellipsis leaves a member out."""
    changed = {"alg": "RS256", "typ": "JWT", "kid": RSA} | header
    return {name: value for name, value in changed.items() if value is not ...}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(GOOD, id="rs256"),
        pytest.param(es_token(), id="es256"),
        pytest.param(token(header=rs256(typ=...)), id="typ-is-optional"),
        pytest.param(token(header=rs256(typ="at+jwt")), id="another-typ"),
        pytest.param(token(header=rs256(jku="https://evil.example/keys")), id="jku-is-not-fetched"),
        pytest.param(token(header=rs256(x5u="https://evil.example/cert")), id="x5u-is-not-fetched"),
        pytest.param(token(header=rs256(x5c=["AAAA"], x5t="AAAA")), id="x5c-is-not-read"),
        pytest.param(token(header=rs256(jwk=jwk(ATTACKER, RSA))), id="jwk-is-not-read"),
        pytest.param(token(header=rs256(b64=True)), id="b64-as-it-is-anyway"),
        pytest.param(
            token(header='{"alg": "none", "kid": "x", "alg": "RS256", "kid": "rsa-1"}'),
            id="of-duplicate-members-the-last-counts",  # RFC 7515, section 4
        ),
    ],
)
def test_accepted(text: str) -> None:
    assert identity(text) == SOMEBODY


def public_keys_as_secrets() -> Iterator[tuple[str, bytes]]:
    """Yield everything public that a careless library takes as the secret of an HMAC."""
    for kind, key in (("rsa", rsa_key()), ("ec", ec_key())):
        public = key.public_key()
        pem = public.public_bytes(Encoding.PEM, SPKI)
        yield f"{kind}-pem", pem
        yield f"{kind}-pem-without-the-last-line-end", pem.rstrip()
        yield f"{kind}-der", public.public_bytes(Encoding.DER, SPKI)
        yield f"{kind}-jwk", json.dumps(jwk(key, RSA)).encode()
    yield "rsa-pkcs1", rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1)
    yield "n", rsa_key().public_key().public_numbers().n.to_bytes(256, "big")
    yield "the-set", published()
    yield "empty", b""


@pytest.mark.parametrize(("digest", "algorithm"), [("sha256", "HS256"), ("sha384", "HS384"), ("sha512", "HS512")])
@pytest.mark.parametrize("kid", [RSA, EC])
def test_a_public_key_is_no_secret(digest: str, algorithm: str, kid: str) -> None:
    answers = {}
    for name, secret in public_keys_as_secrets():
        sign = partial(hmac_of, secret, digest)
        answers[name] = answer(token(CLAIMS, {"alg": algorithm, "kid": kid}, sign))
        answers[f"{name} as RS256"] = answer(token(CLAIMS, rs256(), sign))
    assert {name: text for name, text in answers.items() if "as RS256" not in name and text != NOT_RS256} == {}
    assert {name: text for name, text in answers.items() if "as RS256" in name and text != FORGED} == {}


def hmac_of(secret: bytes, digest: str, signed: bytes) -> bytes:
    return hmac.new(secret, signed, digest).digest()


@pytest.mark.parametrize("spelling", ["none", "None", "NONE", "nOnE", "none ", "", "\u0000none"])
def test_no_spelling_of_alg_none_gets_in(spelling: str) -> None:
    header = segment({"alg": spelling, "typ": "JWT", "kid": RSA})
    assert answer(f"{header}.{PAYLOAD}.") == NOT_A_TOKEN
    assert answer(f"{header}.{PAYLOAD}.{SIGNATURE}") == NOT_RS256
    assert answer(f"{header}.{PAYLOAD}.AA") == NOT_RS256
    assert answer(token(header=rs256(alg=spelling))) == NOT_RS256


P384 = ec_key("", ec.SECP384R1)


def es384(signed: bytes) -> bytes:
    return b"".join(
        number.to_bytes(48, "big") for number in decode_dss_signature(P384.sign(signed, ec.ECDSA(SHA384())))
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(token(header=rs256(alg="PS256"), signer=ps()), NOT_RS256, id="ps256"),
        pytest.param(token(signer=ps()), FORGED, id="ps256-that-calls-itself-rs256"),
        pytest.param(token(header=rs256(alg="RS384"), signer=rs(SHA384())), NOT_RS256, id="rs384"),
        pytest.param(token(signer=rs(SHA384())), FORGED, id="rs384-that-calls-itself-rs256"),
        pytest.param(token(header=rs256(alg="RS512"), signer=rs(SHA512())), NOT_RS256, id="rs512"),
        pytest.param(token(signer=rs(SHA512())), FORGED, id="rs512-that-calls-itself-rs256"),
        pytest.param(es_token(alg="ES384", signer=es384), NOT_RS256, id="es384"),
        pytest.param(es_token(signer=es384), FORGED, id="es384-that-calls-itself-es256"),
        pytest.param(es_token(alg="ES256K"), NOT_RS256, id="es256k"),
        pytest.param(es_token(alg="EdDSA", signer=ed25519.Ed25519PrivateKey.generate().sign), NOT_RS256, id="eddsa"),
        pytest.param(token(header=rs256(alg="rs256")), NOT_RS256, id="rs256-in-another-case"),
        pytest.param(token(header=rs256(alg="RS256 ")), NOT_RS256, id="rs256-with-a-space"),
        pytest.param(token(header=rs256(alg=["RS256"])), NOT_RS256, id="alg-is-a-list"),
        pytest.param(token(header=rs256(alg={"RS256": 1})), NOT_RS256, id="alg-is-an-object"),
        pytest.param(token(header=rs256(alg=None)), NOT_RS256, id="alg-null"),
        pytest.param(token(header=rs256(alg=...)), NOT_RS256, id="no-alg"),
        pytest.param(token(header=rs256(kid=...)), NO_KID, id="no-kid"),
        pytest.param(token(header=rs256(kid=1)), NOT_VALID, id="kid-is-a-number"),
        pytest.param(token(header=rs256(kid=[RSA])), NOT_VALID, id="kid-is-a-list"),
        pytest.param(token(header=rs256(kid=None)), NOT_VALID, id="kid-null"),
        pytest.param(token(header=rs256(kid="")), UNKNOWN, id="kid-empty"),
        pytest.param(token(header=rs256(kid="another")), UNKNOWN, id="an-unknown-kid"),
        pytest.param(token(header=rs256(kid=f"{RSA} ")), UNKNOWN, id="kid-with-a-space"),
        pytest.param(token(header=rs256(kid=RSA.upper())), UNKNOWN, id="kid-in-another-case"),
        pytest.param(token(header=rs256(kid="../../dev/null")), UNKNOWN, id="kid-is-a-path"),
        pytest.param(token(header=rs256(kid="\ud800")), UNKNOWN, id="kid-is-half-a-character"),
        pytest.param(token(header=rs256(kid=EC)), UNKNOWN, id="rs256-with-the-name-of-the-ec-key"),
        pytest.param(es_token(kid=RSA), UNKNOWN, id="es256-with-the-name-of-the-rsa-key"),
        pytest.param(es_token(signer=rs()), FORGED, id="es256-signed-by-the-rsa-key"),
        pytest.param(token(signer=es()), FORGED, id="rs256-signed-by-the-ec-key"),
        pytest.param(token(signer=rs(key=ATTACKER)), FORGED, id="another-key-under-the-name"),
        pytest.param(es_token(signer=es(ec_key("attacker"))), FORGED, id="another-ec-key-under-the-name"),
        pytest.param(token(header=rs256(jwk=jwk(ATTACKER, RSA)), signer=rs(key=ATTACKER)), FORGED, id="its-own-jwk"),
        pytest.param(
            token(header=rs256(kid="mine", jwk=jwk(ATTACKER, "mine")), signer=rs(key=ATTACKER)),
            UNKNOWN,
            id="its-own-jwk-under-its-own-name",
        ),
        pytest.param(
            token(header=rs256(jku="https://evil.example/keys"), signer=rs(key=ATTACKER)), FORGED, id="its-own-jku"
        ),
        pytest.param(
            token(header=rs256(x5u="https://evil.example/cert"), signer=rs(key=ATTACKER)), FORGED, id="its-own-x5u"
        ),
        pytest.param(token(header=rs256(x5c=["MIIB"]), signer=rs(key=ATTACKER)), FORGED, id="its-own-x5c"),
        pytest.param(token(header=rs256(crit=["exp"], exp=1)), NOT_VALID, id="crit-unknown"),
        pytest.param(token(header=rs256(crit=[])), NOT_VALID, id="crit-empty"),
        pytest.param(token(header=rs256(crit="b64")), NOT_VALID, id="crit-is-text"),
        pytest.param(token(header=rs256(b64=False)), NOT_VALID, id="b64-false"),
        pytest.param(token(header=rs256(b64=False, crit=["b64"])), NOT_VALID, id="b64-false-and-critical"),
        pytest.param(token(header=[rs256()]), NOT_VALID, id="a-header-that-is-a-list"),
        pytest.param(token(header="RS256"), NOT_VALID, id="a-header-that-is-not-json"),
        pytest.param(token(header="[" * 5000), NOT_VALID, id="a-header-that-nests-deeply"),
        pytest.param(token(header='{"alg": "RS256", "kid": "rsa-1", "x": ' + "9" * 5000 + "}"), NOT_VALID, id="digits"),
        pytest.param(f"{HEADER}.{segment(CLAIMS | {'session_id': 's2'})}.{SIGNATURE}", FORGED, id="another-payload"),
        pytest.param(f"{segment(rs256(typ='x'))}.{PAYLOAD}.{SIGNATURE}", FORGED, id="another-header"),
        pytest.param(token(signer=lambda signed: rs()(signed)[:-1]), FORGED, id="a-shorter-signature"),
        pytest.param(GOOD + "AAAA", FORGED, id="a-longer-signature"),
        pytest.param(f"{HEADER}.{PAYLOAD}.AAAA", FORGED, id="a-signature-of-three-bytes"),
        pytest.param(f"{HEADER}.{PAYLOAD}.{base64url(bytes(256))}", FORGED, id="a-signature-of-zeros"),
        pytest.param(f"{HEADER}.{PAYLOAD}.", NOT_A_TOKEN, id="no-signature"),
        pytest.param(f"{HEADER}.{PAYLOAD}", NOT_A_TOKEN, id="two-parts"),
        pytest.param(f" {GOOD}", NOT_A_TOKEN, id="a-space-before-it"),
        pytest.param(f"{GOOD} ", NOT_A_TOKEN, id="a-space-after-it"),
        pytest.param(f"{GOOD}\n", NOT_A_TOKEN, id="a-line-end-after-it"),
        pytest.param(f"{GOOD}=", NOT_A_TOKEN, id="padding"),
        pytest.param(f"{GOOD}.{SIGNATURE}.{SIGNATURE}", NOT_A_TOKEN, id="five-parts-as-if-encrypted"),
        pytest.param(json.dumps({"payload": PAYLOAD, "signatures": []}), NOT_A_TOKEN, id="jws-as-json"),
        pytest.param(token([CLAIMS]), NOT_VALID, id="claims-that-are-a-list"),
        pytest.param(token("[" * 5000), NOT_VALID, id="claims-that-nest-deeply"),
        pytest.param(with_claims(padding="x" * 100_000), NOT_A_TOKEN, id="100-kb"),
    ],
)
def test_refused(text: str, expected: tuple[int, str]) -> None:
    assert answer(text) == expected


ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order of P-256. Source: SEC 2, section 2.4.2."""


def in_der(signed: bytes) -> bytes:
    return encode_dss_signature(*es_numbers(signed))


def other_s(signed: bytes) -> bytes:
    r, s = es_numbers(signed)
    return r.to_bytes(32, "big") + (ORDER - s).to_bytes(32, "big")


def swapped(signed: bytes) -> bytes:
    signature = es()(signed)
    return signature[32:] + signature[:32]


def numbers(r: int, s: int) -> Signer:
    return lambda signed: r.to_bytes(32, "big") + s.to_bytes(32, "big")


def changed(before: bytes = b"", start: int = 0, end: int = 64, after: bytes = b"") -> Signer:
    return lambda signed: before + es()(signed)[start:end] + after


@pytest.mark.parametrize(
    "signer",
    [
        pytest.param(in_der, id="der"),
        pytest.param(swapped, id="s-before-r"),
        pytest.param(numbers(0, 0), id="zeros"),
        pytest.param(numbers(0, 1), id="r-is-zero"),
        pytest.param(numbers(1, 0), id="s-is-zero"),
        pytest.param(numbers(1, 1), id="ones"),
        pytest.param(numbers(ORDER, ORDER), id="the-order"),
        pytest.param(numbers(ORDER, 0), id="the-order-and-zero"),
        pytest.param(numbers(2**256 - 1, 2**256 - 1), id="as-many-as-fit"),
        pytest.param(changed(end=63), id="a-byte-short"),
        pytest.param(changed(after=b"\0"), id="a-byte-long"),
        pytest.param(changed(before=b"\0" * 32, after=b"\0" * 32), id="as-long-as-es384"),
        pytest.param(changed(before=b"\0\0"), id="two-bytes-in-front"),
        pytest.param(changed(end=32), id="r-alone"),
    ],
)
def test_a_malformed_signature_by_es256(signer: Signer) -> None:
    assert answer(es_token(signer=signer)) == FORGED


def test_a_signature_by_es256_has_two_forms_and_both_prove_the_same() -> None:
    # (r, s) and (r, order - s). So a token is no name of itself: the hub uses none to tell whether it has been used.
    assert identity(es_token(signer=other_s)) == SOMEBODY


def test_a_key_that_says_it_may_not_sign_verifies_nothing() -> None:
    keys = ProviderKeys(lambda: identity_provider.key_set(jwk(rsa_key(), RSA, use="enc"), jwk(ec_key(), EC)))
    assert refusal(lambda: verify(by_query(GOOD), keys, RULES)) == UNKNOWN


def test_a_rotation_that_reuses_the_name_of_a_key() -> None:
    keys = ProviderKeys(lambda: identity_provider.key_set(jwk(ATTACKER, RSA)))
    assert refusal(lambda: verify(by_query(GOOD), keys, RULES)) == FORGED
    assert verify(by_query(token(signer=rs(key=ATTACKER))), keys, RULES) == SOMEBODY


def test_a_new_key_under_the_name_of_the_old_one_is_fetched_when_it_is_needed() -> None:
    published, fetches = [jwk(rsa_key(), RSA)], list[int]()

    def fetch() -> bytes:
        fetches.append(len(fetches))
        return identity_provider.key_set(*published)

    now = 1_000.0
    keys = ProviderKeys(fetch, clock=lambda: now)
    assert verify(by_query(GOOD), keys, RULES) == SOMEBODY
    published[:] = [jwk(ATTACKER, RSA)]  # the provider's new key
    assert verify(by_query(token(signer=rs(key=ATTACKER))), keys, RULES) == SOMEBODY
    for _ in range(3):
        assert refusal(lambda: verify(by_query(GOOD), keys, RULES)) == FORGED
    assert fetches == [0, 1]
    now += 3
    assert refusal(lambda: verify(by_query(GOOD), keys, RULES)) == FORGED
    assert fetches == [0, 1, 2]


def of_length(length: int) -> str:
    """Return a good token of this length. Base64 skips some lengths, which a longer header then reaches."""
    claims, signature = len(segment(CLAIMS | {"jti": ""})), len(SIGNATURE)
    for size in range((length - claims - signature - 200) * 3 // 4, length):
        for more in range(4):
            header = segment(rs256(x="x" * more))
            payload = segment(CLAIMS | {"jti": "x" * size})
            if len(header) + len(payload) + signature + 2 == length:
                return token(CLAIMS | {"jti": "x" * size}, rs256(x="x" * more))
    raise AssertionError("no such token")


def test_a_token_may_have_8_kb() -> None:
    assert identity(of_length(MAX_LENGTH)) == SOMEBODY
    assert answer(of_length(MAX_LENGTH + 1)) == NOT_A_TOKEN


OTHER = with_claims(session_id="s2")
PROTOCOL = "Sec-WebSocket-Protocol"


@pytest.mark.parametrize(
    "carrying",
    [
        pytest.param(handshake({"token": GOOD}), id="query"),
        pytest.param(handshake(None, {"Authorization": f"Bearer {GOOD}"}), id="header"),
        pytest.param(handshake(None, {PROTOCOL: f"hub.v1, bearer.{GOOD}"}), id="subprotocol"),
        pytest.param(handshake({"token": GOOD, "session_id": "s1"}), id="beside-its-session"),
    ],
)
def test_carriers(carrying: ConnectRequest) -> None:
    assert identity(carrying) == SOMEBODY


@pytest.mark.parametrize(
    ("carrying", "expected"),
    [
        pytest.param(handshake(), (401, "A token is needed"), id="nothing"),
        pytest.param(
            handshake({"token": OTHER}, {"Authorization": f"Bearer {GOOD}"}),
            (400, "The handshake carries two different tokens"),
            id="two-tokens",
        ),
        pytest.param(
            handshake({"token": es_token()}, {PROTOCOL: f"hub.v1, bearer.{GOOD}"}),
            (400, "The handshake carries two different tokens"),
            id="two-tokens-for-one-session",
        ),
        pytest.param(
            handshake({"token": GOOD, "session_id": "s2"}),
            (400, "The handshake names another session than the token"),
            id="another-session",
        ),
        pytest.param(handshake({"token": token(signer=ps()), "session_id": "s2"}), FORGED, id="forged-before-session"),
    ],
)
def test_carriers_that_disagree(carrying: ConnectRequest, expected: tuple[int, str]) -> None:
    assert refusal(lambda: identity(carrying)) == expected


def test_a_token_that_is_malformed_causes_no_fetch() -> None:
    fetched: list[int] = []

    def fetch() -> bytes:
        fetched.append(1)
        return published()

    keys = ProviderKeys(fetch)
    texts = ["x", f" {GOOD}", token(header=rs256(alg="none")), token(header=rs256(kid=...)), token(header="x")]
    texts.append(token(CLAIMS, {"alg": "HS256", "kid": "new"}, rs()))
    for text in texts:
        assert refusal(partial(verify, by_query(text), keys, RULES))[0] == 401
    assert fetched == []


def test_a_printed_refusal_shows_nothing_of_the_token() -> None:
    for text in (token(signer=ps()), with_claims(iss="https://secret.example"), with_claims(aud="secret")):
        status, sentence = answer(text)
        assert status == 401
        assert not any(part in sentence for part in [*text.split("."), "secret", RSA])
