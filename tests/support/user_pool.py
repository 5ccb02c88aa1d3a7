"""
A user pool of Cognito, whose keys every local gateway publishes.

In functions, Cognito's host leads to the embedded AWS. moto signs the tokens of all its user pools with one key.

"""

import json
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from moto.utilities.utils import load_resource

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_example"
CLIENT = "1example23456789"
SUB = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"

PARAMETERS = {
    "AuthMode": "jwt",
    "JwksUrl": f"{ISSUER}/.well-known/jwks.json",
    "JwtIssuer": ISSUER,
    "JwtAudience": CLIENT,
    "JwtSessionClaim": "sub",
    "JwtSendClaim": "cognito:groups",
}


def options(parameters: Mapping[str, str]) -> list[str]:
    """Return options of ``python -m local`` that set parameters."""
    return [f"--parameter={name}={value}" for name, value in parameters.items()]


def access_token(claims: Mapping[str, Any] = MappingProxyType({})) -> str:
    """
    Return an access token of the user SUB, as Cognito issues it. It ends in 10 minutes.

    Args:
        claims: They take the place of those that Cognito would give.

    """
    now = int(time.time())
    own = {"iss": ISSUER, "sub": SUB, "client_id": CLIENT, "token_use": "access", "iat": now, "exp": now + 600}
    private = json.dumps(load_resource("cognitoidp/resources/jwks-private.json"))
    key = jwt.algorithms.RSAAlgorithm.from_jwk(private)
    assert isinstance(key, RSAPrivateKey)
    return jwt.encode({**own, **claims}, key, algorithm="RS256", headers={"kid": "dummy"})
