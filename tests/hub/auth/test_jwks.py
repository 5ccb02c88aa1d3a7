"""Which keys of a key set may sign a token."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from hub.auth.jwks import MAX_KEYS, KeysUnusable, keys_in
from tests.support.credentials import base64url
from tests.support.identity_provider import EC, RSA, ec_key, jwk, key_set, number, rsa_key

R, E = jwk(rsa_key(), RSA), jwk(ec_key(), EC)
PRIVATE = rsa_key().private_numbers()
POINT = ec_key().public_key().public_numbers()

RS256, ES256 = (RSA, "RS256"), (EC, "ES256")


def names(*keys: Any) -> set[tuple[str, str]]:
    return {*keys_in(key_set(*keys))}


def failure(document: bytes) -> str:
    with pytest.raises(KeysUnusable) as raised:
        keys_in(document)
    return str(raised.value)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        pytest.param(R, RS256, id="rsa"),
        pytest.param(E, ES256, id="ec"),
        pytest.param(jwk(rsa_key(), RSA, alg=...), RS256, id="rsa-without-alg"),
        pytest.param(jwk(ec_key(), EC, alg=...), ES256, id="ec-without-alg"),
        pytest.param(jwk(rsa_key(), RSA, use=...), RS256, id="without-use"),
        pytest.param(jwk(rsa_key(), "", use=...), ("", "RS256"), id="an-empty-kid"),
        pytest.param(jwk(rsa_key(), "é\ud800"), ("é\ud800", "RS256"), id="an-odd-kid"),
        pytest.param(R | {"x5c": ["AAAA"], "x5t": 1, "key_ops": ["verify"]}, RS256, id="other-members"),
        pytest.param(R | {"n": R["n"] + "=="}, RS256, id="padding"),
        pytest.param(jwk(rsa_key("long", 3072), "r2"), ("r2", "RS256"), id="3072-bits"),
        pytest.param(R | {"n": number((1 << 8191) + 1)}, RS256, id="8192-bits"),
    ],
)
def test_a_key_that_may_sign(key: dict[str, Any], name: tuple[str, str]) -> None:
    assert names(key) == {name}


def test_the_numbers_of_a_key_are_read_as_they_are_written() -> None:
    keys = keys_in(key_set(R, E))
    assert keys == {RS256: rsa_key().public_key(), ES256: ec_key().public_key()}


NONE = "none of the 1 keys of the answer may sign a token"
CURVES = [ec.SECP384R1, ec.SECP521R1, ec.SECP256K1]


def other_curves() -> list[dict[str, Any]]:
    return [jwk(ec_key("", curve), EC, alg=...) for curve in CURVES]


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(R | {"use": "enc"}, id="for-encryption"),
        pytest.param(R | {"use": ""}, id="use-empty"),
        pytest.param(R | {"use": None}, id="use-null"),
        pytest.param(R | {"use": ["sig"]}, id="use-is-a-list"),
        pytest.param(R | {"use": "SIG"}, id="use-in-another-case"),
        pytest.param(R | {"alg": "RS384"}, id="rs384"),
        pytest.param(R | {"alg": "RS512"}, id="rs512"),
        pytest.param(R | {"alg": "PS256"}, id="ps256"),
        pytest.param(R | {"alg": "RSA-OAEP"}, id="rsa-oaep"),
        pytest.param(R | {"alg": "ES256"}, id="rsa-that-says-es256"),
        pytest.param(R | {"alg": "HS256"}, id="rsa-that-says-hs256"),
        pytest.param(R | {"alg": "none"}, id="none"),
        pytest.param(R | {"alg": None}, id="alg-null"),
        pytest.param(R | {"alg": ["RS256"]}, id="alg-is-a-list"),
        pytest.param(E | {"alg": "RS256"}, id="ec-that-says-rs256"),
        pytest.param(E | {"alg": "ES384"}, id="ec-that-says-es384"),
        pytest.param(R | {"kty": "EC"}, id="rsa-that-says-ec"),
        pytest.param(E | {"kty": "RSA"}, id="ec-that-says-rsa"),
        pytest.param(R | {"kty": "rsa"}, id="kty-in-another-case"),
        pytest.param(R | {"kty": None}, id="kty-null"),
        pytest.param(R | {"kty": ["RSA"]}, id="kty-is-a-list"),
        pytest.param({name: value for name, value in R.items() if name != "kty"}, id="no-kty"),
        pytest.param(jwk(rsa_key(), RSA, kid=...), id="no-kid"),
        pytest.param(R | {"kid": None}, id="kid-null"),
        pytest.param(R | {"kid": 1}, id="kid-is-a-number"),
        pytest.param(R | {"kid": [RSA]}, id="kid-is-a-list"),
        pytest.param(jwk(rsa_key("", 1024), RSA), id="1024-bits"),
        pytest.param(R | {"n": number((1 << 2047) - 1)}, id="2047-bits"),
        pytest.param(R | {"n": "AA" + R["n"][:-12]}, id="2048-bits-with-zeros-in-front"),
        pytest.param(R | {"n": number((1 << 8192) + 1)}, id="8193-bits"),
        pytest.param(R | {"n": "A" * 200_000}, id="zero-of-many-bytes"),
        pytest.param(R | {"n": "w" * 200_000}, id="more-than-a-million-bits"),
        pytest.param(R | {"e": number(1)}, id="e-is-1"),
        pytest.param(R | {"e": number(65536)}, id="e-is-even"),
        pytest.param(R | {"e": "AA"}, id="e-is-0"),
        pytest.param(R | {"e": ""}, id="e-empty"),
        pytest.param(R | {"e": 65537}, id="e-is-a-number"),
        pytest.param(R | {"e": None}, id="e-null"),
        pytest.param(R | {"n": [R["n"]]}, id="n-is-a-list"),
        pytest.param(R | {"n": "\ud800"}, id="n-is-half-a-character"),
        pytest.param({name: value for name, value in R.items() if name != "n"}, id="no-n"),
        pytest.param({name: value for name, value in R.items() if name != "e"}, id="no-e"),
        *(pytest.param(key, id=f"curve-{key['crv']}") for key in other_curves()),
        *(pytest.param(key | {"crv": "P-256"}, id=f"curve-{key['crv']}-that-says-p-256") for key in other_curves()),
        pytest.param(E | {"crv": "P-384"}, id="p-256-that-says-p-384"),
        pytest.param(E | {"crv": None}, id="crv-null"),
        pytest.param(jwk(ec_key(), EC, crv=...), id="no-crv"),
        pytest.param(E | {"x": E["y"], "y": E["x"]}, id="a-point-that-is-not-on-the-curve"),
        pytest.param(E | {"x": number(0, 32), "y": number(0, 32)}, id="the-point-at-infinity"),
        pytest.param(E | {"x": number(POINT.x, 33)}, id="x-of-33-bytes"),
        pytest.param(E | {"y": number(POINT.y, 32)[:-4]}, id="y-of-29-bytes"),
        pytest.param(E | {"x": None}, id="x-null"),
        pytest.param(E | {"y": 1}, id="y-is-a-number"),
        pytest.param({name: value for name, value in E.items() if name != "y"}, id="no-y"),
        pytest.param(
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "kid": "o",
                "x": base64url(ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw()),
            },
            id="okp",
        ),
        pytest.param({"kty": "oct", "kid": RSA, "alg": "HS256", "k": R["n"]}, id="oct"),
        pytest.param({"kty": "oct", "kid": RSA, "alg": "RS256", "k": R["n"]}, id="oct-that-says-rs256"),
        pytest.param({}, id="empty"),
        pytest.param([R], id="a-list"),
        pytest.param("RSA", id="text"),
        pytest.param(None, id="null"),
        pytest.param(1, id="a-number"),
    ],
)
def test_a_key_that_may_not_sign_is_ignored(key: Any) -> None:
    assert failure(key_set(key)) == NONE
    assert names(key, R | {"kid": "another"}) == {("another", "RS256")}  # and it spoils no other key


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(
            R
            | {"d": number(PRIVATE.d), "p": number(PRIVATE.p), "q": number(PRIVATE.q)}
            | {"dp": number(PRIVATE.dmp1), "dq": number(PRIVATE.dmq1), "qi": number(PRIVATE.iqmp)},
            id="rsa",
        ),
        pytest.param(R | {"d": number(PRIVATE.d)}, id="rsa-d-alone"),
        pytest.param(R | {"oth": []}, id="rsa-with-more-primes"),
        pytest.param(E | {"d": number(ec_key().private_numbers().private_value, 32)}, id="ec"),
        pytest.param(R | {"d": "not a number"}, id="malformed"),
    ],
)
def test_the_private_parts_of_a_key_are_not_read(key: dict[str, Any]) -> None:
    (found,) = keys_in(key_set(key)).values()
    assert isinstance(found, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)


def test_of_two_keys_with_one_name_the_first_counts() -> None:
    keys = keys_in(key_set(R, jwk(rsa_key("second"), RSA)))
    assert keys == {RS256: rsa_key().public_key()}


def test_a_key_that_may_not_sign_does_not_take_the_name() -> None:
    keys = keys_in(key_set(jwk(rsa_key("second"), RSA, use="enc"), R))
    assert keys == {RS256: rsa_key().public_key()}


def test_an_rsa_key_and_an_ec_key_may_have_one_name() -> None:
    assert names(R, E | {"kid": RSA}) == {RS256, (RSA, "ES256")}


def test_a_set_has_at_most_100_keys_those_that_may_not_sign_included() -> None:
    others = [{"kty": "oct"}] * (MAX_KEYS - 1)
    assert names(*others, R) == {RS256}
    assert failure(key_set(*others, {}, R)) == "the answer has 101 keys, and 100 are allowed"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        pytest.param(b"", "the answer is not JSON", id="empty"),
        pytest.param(b"<html>Sign in</html>", "the answer is not JSON", id="html"),
        pytest.param(key_set(R)[:-1], "the answer is not JSON", id="cut"),
        pytest.param(key_set(R) + b"x", "the answer is not JSON", id="something-after-it"),
        pytest.param(b"\xff\xfe\xff", "the answer is not JSON", id="not-a-text"),
        pytest.param(b"[" * 200_000, "the answer is not JSON", id="deep"),
        pytest.param(b'{"keys": ' + b'{"a": ' * 40_000, "the answer is not JSON", id="deep-objects"),
        pytest.param(b'{"keys": [' + b"9" * 5000 + b"]}", "the answer is not JSON", id="a-number-of-5000-digits"),
        pytest.param(b"null", "the answer has no list of keys", id="null"),
        pytest.param(b'"keys"', "the answer has no list of keys", id="text"),
        pytest.param(json.dumps([R]).encode(), "the answer has no list of keys", id="a-list"),
        pytest.param(b"{}", "the answer has no list of keys", id="no-keys"),
        pytest.param(b'{"error": "away"}', "the answer has no list of keys", id="an-error"),
        pytest.param(json.dumps({"keys": None}).encode(), "the answer has no list of keys", id="keys-null"),
        pytest.param(json.dumps({"keys": "RSA"}).encode(), "the answer has no list of keys", id="keys-a-text"),
        pytest.param(json.dumps({"keys": {RSA: R}}).encode(), "the answer has no list of keys", id="keys-an-object"),
        pytest.param(json.dumps(R).encode(), "the answer has no list of keys", id="a-key-alone"),
        pytest.param(b'{"keys": []}', "none of the 0 keys of the answer may sign a token", id="empty-set"),
    ],
)
def test_a_document_that_is_not_a_set_of_keys(document: bytes, reason: str) -> None:
    assert failure(document) == reason
