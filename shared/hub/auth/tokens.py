"""
AUTH_MODE jwt: a signed token says who connects.

``verify`` is for tokens that are signed with the hub's own key, which comes from ``signing_key``. ``provider_tokens``
is for tokens of an identity provider, and reads them with the functions of this module.

"""

import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt
from jwt.utils import base64url_decode, base64url_encode

from hub.auth.identity import Identity
from hub.auth.signing_key import WrongKey
from hub.connect_request import PROTOCOL, ConnectRequest
from hub.errors import BadRequest, HubError, Unauthorized
from hub.sessions import GRANT, MAX_GRANTS, SESSION_ID

if TYPE_CHECKING:
    from hub.auth.jwks import PublicKey

# The owner of the key decides how long it is. docs/security.md says which length is enough.
warnings.filterwarnings("ignore", category=jwt.InsecureKeyLengthWarning)

LEEWAY = 30
"""Seconds by which the clock of the token's issuer may differ from the hub's clock."""

MAX_LENGTH = 8192
"""Characters of a token in a header. A URL has room for about 4,000, because API Gateway accepts 4,096 in all."""

BEARER = "bearer."
"""A browser sends a token as a subprotocol that starts with this, and offers ``hub.v1`` too."""

HS256 = "HS256"
"""The algorithm of tokens that are signed with the hub's own key."""

_THREE_PARTS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Rules:
    """
    What a stack demands of every token, in addition to a right signature and right times.

    Attributes:
        issuer: What the claim ``iss`` must be; None: anything, and it may be missing.
        audience: What the claim ``aud`` must be or contain; None: anything, and it may be missing.
        session_claim: The claim that is the session.
        send_claim: The claim that lists the sessions that the client may send to.
        reads_client_id: Whether ``client_id`` stands for a missing ``aud`` in access tokens, as Cognito issues them.

    """

    issuer: str | None
    audience: str | None
    session_claim: str = "session_id"
    send_claim: str = "send"
    reads_client_id: bool = False


def carried_token(request: ConnectRequest) -> str:
    """
    Return the token of a handshake: from a subprotocol, from the header Authorization, or from ``?token=``.

    Raises:
        Unauthorized: If there is no token, or if it does not have the form of a token.
        BadRequest: If there are two different tokens; or if a subprotocol has the token but ``hub.v1`` is not
            offered. The hub could then select no subprotocol, and a browser would close the connection.

    """
    offered = [name.removeprefix(BEARER) for name in request.protocols if name.startswith(BEARER)]
    if offered and PROTOCOL not in request.protocols:
        raise BadRequest(f"Offer the subprotocol {PROTOCOL} beside the token", "Sec-WebSocket-Protocol")
    credentials = (value.strip(" \t").partition(" ") for value in request.headers.get("authorization", []))
    authorized = [token.strip(" ") for scheme, _, token in credentials if scheme.lower() == "bearer"]
    tokens = {*offered, *authorized, *request.query.get("token", [])}
    if len(tokens) > 1:
        raise BadRequest("The handshake carries two different tokens", "token")
    if not tokens:
        raise Unauthorized("A token is needed")
    (token,) = tokens
    if len(token) > MAX_LENGTH or not _THREE_PARTS.fullmatch(token):
        raise Unauthorized("The token is not a JSON Web Token")
    return token


def verify(request: ConnectRequest, key: bytes, rules: Rules) -> Identity:
    """
    Return the identity that a token proves.

    Raises:
        WrongKey: If the token was not signed with this key. Another key may fit.
        Unauthorized: If the token is missing or not valid.
        BadRequest: If there are two different tokens, or if the client names another session than the token.

    """
    return identity_in(carried_token(request), key, HS256, rules, request)


def identity_in(
    token: str, key: "bytes | PublicKey", algorithm: str, rules: Rules, request: ConnectRequest
) -> Identity:
    """
    Return the identity that a token proves.

    Args:
        algorithm: The only one that the token may be signed by.

    Raises:
        WrongKey: If the token was not signed with this key.
        Unauthorized: If the token is not valid.
        BadRequest: If the client names another session than the token.

    """
    claims = _claims(token, key, algorithm, rules)
    identity = _identity(claims, rules)
    if request.session_id not in {None, identity.session_id}:
        raise BadRequest("The handshake names another session than the token", "session_id")
    return identity


def _claims(token: str, key: "bytes | PublicKey", algorithm: str, rules: Rules) -> dict[str, Any]:
    signature = token.rpartition(".")[2].encode()
    try:
        if base64url_encode(base64url_decode(signature)) != signature:
            raise Unauthorized("The token is not a JSON Web Token")  # the last character has bits that mean nothing
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            options={"require": ["exp"], "verify_aud": False},
            issuer=rules.issuer,
            leeway=LEEWAY,
        )
    except jwt.InvalidSignatureError:
        raise WrongKey(Unauthorized("The token is not signed with the hub's key")) from None
    except jwt.InvalidTokenError as error:
        raise _refusal(error) from None
    except (
        ValueError,
        OverflowError,
        RecursionError,
    ):  # from deep nesting and huge numbers, which PyJWT does not handle
        raise Unauthorized("The token is not a JSON Web Token") from None
    if rules.audience is not None:
        _check_audience(claims, rules.audience, rules.reads_client_id)
    return claims


def _check_audience(claims: dict[str, Any], audience: str, reads_client_id: bool) -> None:
    """
    Raises:
        Unauthorized: If a token is not for the audience.

    """
    listed = claims.get("aud")
    if "aud" not in claims and reads_client_id and claims.get("token_use") == "access":
        listed = [claims.get("client_id")]
    if not listed:
        raise Unauthorized("The token lacks a claim that is required")
    audiences = listed if isinstance(listed, list) else [listed]
    if audience not in audiences or not all(isinstance(each, str) for each in audiences):
        raise Unauthorized("The token is for another audience")


def _refusal(error: jwt.InvalidTokenError) -> HubError:
    # The hub has sentences of its own, because PyJWT's may quote the token.
    sentences: dict[type[Exception], str] = {
        jwt.ExpiredSignatureError: "The token has expired",
        jwt.ImmatureSignatureError: "The token is not valid yet",
        jwt.InvalidIssuerError: "The token is from another issuer",
        jwt.MissingRequiredClaimError: "The token lacks a claim that is required",
        jwt.InvalidAlgorithmError: "The token is not signed by HS256",
    }
    for kind, sentence in sentences.items():
        if isinstance(error, kind):
            return Unauthorized(sentence)
    return Unauthorized("The token is not valid")


def _identity(claims: dict[str, Any], rules: Rules) -> Identity:
    # PyJWT also accepts times that are text or fractions. Such a token is a mistake of its issuer.
    for name in ("exp", "nbf", "iat"):
        if type(claims.get(name, 0)) is not int:
            raise Unauthorized(f"The token's claim {name} is not a whole number of seconds")
    session_id = claims.get(rules.session_claim)
    if not isinstance(session_id, str) or not SESSION_ID.fullmatch(session_id):
        raise Unauthorized(f"The token's claim {rules.session_claim} is not a session id")
    send = claims.get(rules.send_claim, [session_id])
    if not isinstance(send, list) or len(send) > MAX_GRANTS:
        raise Unauthorized(f"The token's claim {rules.send_claim} is not a list of at most {MAX_GRANTS}")
    if not all(isinstance(grant, str) and GRANT.fullmatch(grant) for grant in send):
        raise Unauthorized(
            f"The token's claim {rules.send_claim} holds something other than session ids, with or without * at the end"
        )
    subject = claims.get("sub", session_id)
    if _SURROGATE.search(subject):
        raise Unauthorized("The token's claim sub is not text")  # a lone surrogate, which DynamoDB cannot store
    return Identity(session_id, subject, tuple(send), claims["exp"])
