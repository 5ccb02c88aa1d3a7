"""AUTH_MODE jwt: the hub reads a token that is signed with its key by HS256, and refuses any other."""

import itertools
import json
from collections.abc import Iterator
from functools import partial

import pytest

from hub.auth.identity import Identity
from hub.auth.tokens import MAX_LENGTH, Rules, verify
from tests.support.credentials import (
    CLAIMS,
    KEY,
    NOW,
    base64url,
    by_query,
    mac,
    refusal,
    segment,
    stop_the_clock_of_pyjwt,
    token,
    with_claims,
)

ANY = Rules(issuer=None, audience=None)
GOOD = token()
HEADER, PAYLOAD, SIGNATURE = GOOD.split(".")

# Computed outside the code, with key=not-a-real-key-but-as-long-as-one-should-be:
# b64() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
# signed="$(printf '{"alg":"HS256"}' | b64).$(printf '{"session_id":"s1","exp":1795000600}' | b64)"
# printf '%s.%s\n' "$signed" "$(printf '%s' "$signed" | openssl dgst -sha256 -hmac "$key" -binary | b64)"
FROM_OPENSSL = (
    "eyJhbGciOiJIUzI1NiJ9.eyJzZXNzaW9uX2lkIjoiczEiLCJleHAiOjE3OTUwMDA2MDB9.dBxwu4zzkOs11eKgQXnPNBi9AkwpV54OCoKt8AAdysM"
)

NOT_A_TOKEN = (401, "The token is not a JSON Web Token")
NOT_HS256 = (401, "The token is not signed by HS256")
NOT_OURS = (401, "The token is not signed with the hub's key")
NOT_VALID = (401, "The token is not valid")

PUBLIC_KEY = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9
q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==
-----END PUBLIC KEY-----
"""


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_the_clock_of_pyjwt(monkeypatch)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(FROM_OPENSSL, id="signed-by-openssl"),
        pytest.param(GOOD, id="the-fewest-claims"),
        pytest.param(token(header={"alg": "HS256"}), id="typ-is-optional"),
        pytest.param(token(header={"alg": "HS256", "typ": "at+jwt"}), id="another-typ"),
        pytest.param(token(header={"alg": "HS256", "kid": "../../dev/null"}), id="kid-names-no-key"),
        pytest.param(token(header={"alg": "HS256", "kid": "' UNION SELECT 'x"}), id="kid-is-not-looked-up"),
        pytest.param(token(header={"alg": "HS256", "jku": "https://evil.example/keys"}), id="jku-is-not-fetched"),
        pytest.param(token(header={"alg": "HS256", "x5u": "https://evil.example/cert"}), id="x5u-is-not-fetched"),
        pytest.param(token(header={"alg": "HS256", "x5c": ["AAAA"]}), id="x5c-is-not-read"),
        pytest.param(token(header={"alg": "HS256", "jwk": {"kty": "oct", "k": "AAAA"}}), id="jwk-is-not-read"),
        pytest.param(token(header={"alg": "HS256", "b64": True}), id="b64-as-it-is-anyway"),
        pytest.param(
            token('{"session_id": "s2", "exp": 1, "session_id": "s1", "exp": 1795000600}'),
            id="of-duplicate-claims-the-last-counts",  # RFC 7519, section 4
        ),
    ],
)
def test_accepted(text: str) -> None:
    assert verify(by_query(text), KEY.encode(), ANY) == Identity("s1", "s1", ("s1",), NOW + 600)


def unsigned() -> Iterator[tuple[str, str]]:
    """Yield names and tokens. Each token claims to need no signature."""
    for spelling in ("none", "None", "NONE", "nOnE", "none ", ""):
        header = {"alg": spelling, "typ": "JWT"}
        yield f"alg-{spelling!r}-empty-signature", f"{segment(header)}.{PAYLOAD}."
        yield f"alg-{spelling!r}-signed-by-us", token(header=header)


def test_no_spelling_of_alg_none_gets_in() -> None:
    answers = {name: refusal(partial(verify, by_query(text), KEY.encode(), ANY)) for name, text in unsigned()}
    assert answers == {name: NOT_A_TOKEN if "empty" in name else NOT_HS256 for name, _ in unsigned()}


def last_character_changed(text: str) -> str:
    # 32 bytes are 43 characters. The last character has 2 spare bits, so 3 other characters decode to the same bytes.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) + 1]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        pytest.param(token(header={"alg": "HS384"}, digest="sha384"), NOT_HS256, id="hs384-with-our-key"),
        pytest.param(token(header={"alg": "HS512"}, digest="sha512"), NOT_HS256, id="hs512-with-our-key"),
        pytest.param(token(header={"alg": "HS512"}), NOT_HS256, id="hs512-by-name-only"),
        pytest.param(token(header={"alg": "RS256"}), NOT_HS256, id="rs256"),
        pytest.param(token(header={"alg": "ES256"}), NOT_HS256, id="es256"),
        pytest.param(token(header={"alg": "PS256"}), NOT_HS256, id="ps256"),
        pytest.param(token(header={"alg": "EdDSA"}), NOT_HS256, id="eddsa"),
        pytest.param(token(header={"alg": "hs256"}), NOT_HS256, id="hs256-in-another-case"),
        pytest.param(token(header={"alg": ["HS256"]}), NOT_HS256, id="alg-is-a-list"),
        pytest.param(token(header={"alg": None}), NOT_HS256, id="alg-is-null"),
        pytest.param(token(header={"typ": "JWT"}), NOT_HS256, id="no-alg"),
        pytest.param(token(key=PUBLIC_KEY), NOT_OURS, id="a-public-key-as-hmac-key"),
        pytest.param(token(key=""), NOT_OURS, id="an-empty-key"),
        pytest.param(token(key=KEY.upper()), NOT_OURS, id="another-key"),
        pytest.param(token(digest="sha512"), NOT_OURS, id="hs512-that-calls-itself-hs256"),
        pytest.param(
            token(header={"alg": "HS256", "jwk": {"kty": "oct", "k": base64url(b"mine")}}, key="mine"),
            NOT_OURS,
            id="signed-by-the-key-it-brings",
        ),
        pytest.param(token(header={"alg": "HS256", "kid": "mine"}, key="mine"), NOT_OURS, id="the-key-is-its-own-kid"),
        pytest.param(token(header={"alg": "HS256", "kid": 1}), NOT_VALID, id="kid-is-a-number"),
        pytest.param(token(header={"alg": "HS256", "crit": ["exp"], "exp": 1}), NOT_VALID, id="crit-unknown"),
        pytest.param(token(header={"alg": "HS256", "crit": []}), NOT_VALID, id="crit-empty"),
        pytest.param(token(header={"alg": "HS256", "crit": "b64"}), NOT_VALID, id="crit-is-text"),
        pytest.param(token(header={"alg": "HS256", "b64": False}), NOT_VALID, id="b64-false"),
        pytest.param(
            token(header={"alg": "HS256", "b64": False, "crit": ["b64"]}), NOT_VALID, id="b64-false-and-critical"
        ),
        pytest.param(f"{segment({'alg': 'HS256'})}.{PAYLOAD}.{SIGNATURE}", NOT_OURS, id="another-header"),
        pytest.param(f"{HEADER}.{segment(CLAIMS | {'session_id': 's2'})}.{SIGNATURE}", NOT_OURS, id="another-payload"),
        pytest.param(f"{HEADER}.{segment(json.dumps(CLAIMS) + ' ')}.{SIGNATURE}", NOT_OURS, id="a-space-more"),
        pytest.param(GOOD[:-1], NOT_A_TOKEN, id="a-character-short"),
        pytest.param(GOOD[:-3], NOT_OURS, id="a-signature-of-30-bytes"),
        pytest.param(f"{HEADER}.{PAYLOAD}.{SIGNATURE[:2]}", NOT_A_TOKEN, id="a-signature-of-a-byte-and-spare-bits"),
        pytest.param(GOOD + "AAAA", NOT_OURS, id="a-longer-signature"),
        pytest.param(last_character_changed(GOOD), NOT_A_TOKEN, id="spare-bits-of-the-signature"),
        pytest.param(f"{HEADER}.{PAYLOAD}.{mac(f'{HEADER}.{PAYLOAD}', KEY)}=", NOT_A_TOKEN, id="padding"),
        pytest.param(f"{HEADER}==.{PAYLOAD}.{SIGNATURE}", NOT_A_TOKEN, id="padding-inside"),
        pytest.param(GOOD + "\n", NOT_A_TOKEN, id="a-line-end-after-it"),
        pytest.param(" " + GOOD, NOT_A_TOKEN, id="a-space-before-it"),
        pytest.param(GOOD.replace(".", ".\x00", 1), NOT_A_TOKEN, id="a-zero-byte-inside"),
        pytest.param(GOOD + ".", NOT_A_TOKEN, id="a-dot-after-it"),
        pytest.param(f"{GOOD}.{SIGNATURE}", NOT_A_TOKEN, id="four-parts"),
        pytest.param(f"{HEADER}.{PAYLOAD}", NOT_A_TOKEN, id="two-parts"),
        pytest.param(HEADER, NOT_A_TOKEN, id="one-part"),
        pytest.param("..", NOT_A_TOKEN, id="three-empty-parts"),
        pytest.param(f".{PAYLOAD}.{SIGNATURE}", NOT_A_TOKEN, id="no-header"),
        pytest.param(f"{HEADER}..{SIGNATURE}", NOT_A_TOKEN, id="no-payload"),
        pytest.param(f"{HEADER}.{PAYLOAD}.", NOT_A_TOKEN, id="no-signature"),
        pytest.param("", NOT_A_TOKEN, id="empty"),
        pytest.param("a.a.a", NOT_A_TOKEN, id="parts-that-decode-to-nothing"),
        pytest.param(f"{HEADER}.é{PAYLOAD}.{SIGNATURE}", NOT_A_TOKEN, id="not-ascii"),
        pytest.param(f"{HEADER}.\uff21{PAYLOAD}.{SIGNATURE}", NOT_A_TOKEN, id="a-letter-of-full-width"),
        pytest.param(GOOD.replace("-", "+").replace("_", "/") + "+", NOT_A_TOKEN, id="base64-as-it-is-elsewhere"),
        pytest.param(with_claims(padding="x" * 100_000), NOT_A_TOKEN, id="100-kb"),
        pytest.param(token(header="HS256"), NOT_VALID, id="a-header-that-is-not-json"),
        pytest.param(token(header=["HS256"]), NOT_VALID, id="a-header-that-is-a-list"),
        pytest.param(token(header="[" * 5000), NOT_VALID, id="a-header-that-nests-deeply"),
        pytest.param(token([CLAIMS]), NOT_VALID, id="claims-that-are-a-list"),
        pytest.param(token("s1"), NOT_VALID, id="claims-that-are-not-json"),
        pytest.param(token("null"), NOT_VALID, id="claims-that-are-null"),
        pytest.param(token("[" * 5000), NOT_VALID, id="claims-that-nest-deeply"),
        pytest.param(token('{"exp": ' + "9" * 5000 + "}"), NOT_VALID, id="a-number-of-5000-digits"),
    ],
)
def test_refused(text: str, answer: tuple[int, str]) -> None:
    assert refusal(lambda: verify(by_query(text), KEY.encode(), ANY)) == answer


def of_length(length: int) -> str:
    """Return a good token of this length. Base64 skips some lengths, which a longer header then reaches."""
    sizes = itertools.product(range(5900, 6100), range(3))
    texts = (token(CLAIMS | {"jti": "x" * claim}, {"alg": "HS256", "kid": "x" * kid}) for claim, kid in sizes)
    return next(text for text in texts if len(text) == length)


def test_a_token_may_be_as_long_as_a_handshake_has_room_for() -> None:
    assert verify(by_query(of_length(MAX_LENGTH)), KEY.encode(), ANY).session_id == "s1"
    assert refusal(lambda: verify(by_query(of_length(MAX_LENGTH + 1)), KEY.encode(), ANY)) == NOT_A_TOKEN
