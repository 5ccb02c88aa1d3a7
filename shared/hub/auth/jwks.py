"""The keys in a JSON Web Key Set (RFC 7517): which of them may sign a token."""

import json
from typing import Any, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK
from jwt.exceptions import PyJWTError

PublicKey: TypeAlias = RSAPublicKey | EllipticCurvePublicKey
Keys: TypeAlias = dict[tuple[str, str], PublicKey]
"""Public keys by ``kid`` and algorithm."""

ALGORITHMS = {"RSA": "RS256", "EC": "ES256"}
"""The only algorithm for each type of key."""

CURVE = "P-256"

MIN_BITS, MAX_BITS = 2_048, 8_192
"""Bits of an RSA key. Source of the least: RFC 7518, section 3.3. A longer key takes too long to verify with."""

MAX_KEYS = 100
"""Keys of a set."""


class KeysUnusable(Exception):
    """The answer is not a set of keys, or none of its keys may sign a token."""


def keys_in(document: bytes) -> Keys:
    """
    Return the keys of a set that may sign a token. The others are ignored.

    Raises:
        KeysUnusable: If the document is not a set, if it has more than MAX_KEYS keys, or if none of them is left.

    """
    try:
        jwks = json.loads(document)
    except (ValueError, RecursionError):
        raise KeysUnusable("the answer is not JSON") from None
    listed = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(listed, list):
        raise KeysUnusable("the answer has no list of keys")
    if len(listed) > MAX_KEYS:
        raise KeysUnusable(f"the answer has {len(listed)} keys, and {MAX_KEYS} are allowed")
    keys: Keys = {}
    for jwk in listed:
        if isinstance(jwk, dict) and _may_sign(jwk) and (key := _public_key(jwk)):
            keys.setdefault((jwk["kid"], ALGORITHMS[jwk["kty"]]), key)
    if not keys:
        raise KeysUnusable(f"none of the {len(listed)} keys of the answer may sign a token")
    return keys


def _may_sign(jwk: dict[str, Any]) -> bool:
    """Return whether a key is for signatures of an algorithm that the hub accepts, and has a name."""
    kty, kid = jwk.get("kty"), jwk.get("kid")
    return (
        isinstance(kty, str)
        and isinstance(kid, str)
        and kty in ALGORITHMS
        and jwk.get("use", "sig") == "sig"
        and jwk.get("alg", ALGORITHMS[kty]) == ALGORITHMS[kty]
        and (kty == "RSA" or jwk.get("crv") == CURVE)
    )


def _public_key(jwk: dict[str, Any]) -> PublicKey | None:
    """Return the public key, or None if it is malformed or its length is not allowed."""
    public = {name: value for name, value in jwk.items() if name not in {"d", "p", "q", "dp", "dq", "qi", "oth"}}
    try:
        key: PublicKey = PyJWK(public, ALGORITHMS[jwk["kty"]]).key
    except (PyJWTError, ValueError, TypeError):
        return None
    return key if jwk["kty"] == "EC" or MIN_BITS <= key.key_size <= MAX_BITS else None
