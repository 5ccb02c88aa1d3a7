"""AUTH_MODE jwt with JWKS_URL: a token of an identity provider says who connects."""

import contextlib

import jwt

from hub.auth import tokens
from hub.auth.identity import Identity
from hub.auth.jwks import ALGORITHMS
from hub.auth.provider_keys import ProviderKeys
from hub.auth.signing_key import WrongKey
from hub.auth.tokens import Rules
from hub.connect_request import ConnectRequest
from hub.errors import Unauthorized


def verify(request: ConnectRequest, keys: ProviderKeys, rules: Rules) -> Identity:
    """
    Return the identity that a token of the provider proves.

    Raises:
        Unauthorized: If the token is missing or not valid.
        BadRequest: If there are two different tokens, or if the client names another session than the token.
        KeysUnusable: If the hub has no keys of the provider.

    """
    token = tokens.carried_token(request)
    kid, algorithm = _named_key(token)
    # The keys are fetched again if the key does not fit: the provider may have given its name to a new key.
    for find in (keys.find, keys.find_again):
        key = find(kid, algorithm)
        if key is None:
            raise Unauthorized("The token is signed with a key that the identity provider does not publish")
        with contextlib.suppress(WrongKey):
            return tokens.identity_in(token, key, algorithm, rules, request)
    raise Unauthorized("The token is not signed with the key that it names")


def _named_key(token: str) -> tuple[str, str]:
    """
    Return ``kid`` and ``alg`` of a token. Nothing else in the header is read: a key that it brings is not trusted.

    Raises:
        Unauthorized: If one is missing, or ``alg`` is not one of ALGORITHMS.

    """
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        raise Unauthorized("The token is not valid") from None
    kid, algorithm = header.get("kid"), header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS.values():
        raise Unauthorized("The token is not signed by RS256 or ES256")
    if not isinstance(kid, str):
        raise Unauthorized("The token does not name its key: it has no kid")
    return kid, algorithm
