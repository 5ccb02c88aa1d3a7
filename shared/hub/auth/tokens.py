"""AUTH_MODE jwt: a signed token says who connects. Rules only: the keys come from ``signing_key``."""

import re
import warnings
from dataclasses import dataclass
from typing import Any

import jwt
from jwt.utils import base64url_decode, base64url_encode

from hub.auth.identity import Identity
from hub.auth.signing_key import WrongKey
from hub.connect_request import PROTOCOL, ConnectRequest
from hub.errors import BadRequest, HubError, Unauthorized
from hub.sessions import GRANT, MAX_GRANTS, SESSION_ID

# The key's length is its owner's decision, and the documentation says what is short.
warnings.filterwarnings("ignore", category=jwt.InsecureKeyLengthWarning)

LEEWAY = 30
"""Seconds that the clock of whoever issues tokens may differ from ours."""

MAX_LENGTH = 8192
"""Characters of a token, in a header. A URL has room for about 4,000: API Gateway takes 4,096 in all."""

BEARER = "bearer."
"""How a browser carries a token: as a subprotocol of this beginning, beside ``hub.v1``."""

_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Rules:
    """
    What a token must say beside being signed and in time.

    Attributes:
        issuer: The claim ``iss``; None for any or none.
        audience: The claim ``aud``, or one of it; None for any or none.

    """

    issuer: str | None
    audience: str | None


def carried(request: ConnectRequest) -> str:
    """
    Return the token that a handshake carries: as subprotocol, in Authorization, or as ``?token=``.

    Raises:
        Unauthorized: If it carries none, or something that cannot be one.
        BadRequest: If two carriers disagree, or the token is offered without ``hub.v1``:
            nothing could be selected then, and a browser would drop the connection.

    """
    offered = [name.removeprefix(BEARER) for name in request.protocols if name.startswith(BEARER)]
    if offered and PROTOCOL not in request.protocols:
        raise BadRequest(f"Offer the subprotocol {PROTOCOL} beside the token.", "Sec-WebSocket-Protocol")
    schemes = (value.strip(" \t").partition(" ") for value in request.headers.get("authorization", []))
    authorized = [token.strip(" ") for scheme, _, token in schemes if scheme.lower() == "bearer"]
    tokens = {*offered, *authorized, *request.query.get("token", [])}
    if len(tokens) > 1:
        raise BadRequest("The handshake carries two different tokens.", "token")
    if not tokens:
        raise Unauthorized("A token is needed.")
    (token,) = tokens
    if len(token) > MAX_LENGTH or not _FORM.fullmatch(token):
        raise Unauthorized("The token is not a JSON Web Token.")
    return token


def verify(request: ConnectRequest, key: bytes, rules: Rules) -> Identity:
    """
    Return who a handshake's token says it is.

    Raises:
        WrongKey: If the token is not signed with this key; another one may do.
        Unauthorized: If there is no token, or none that is valid.
        BadRequest: If carriers disagree, or the URL names another session than the token.

    """
    claims = _claims(carried(request), key, rules)
    identity = _identity(claims)
    if request.session_id not in {None, identity.session_id}:
        raise BadRequest("The handshake names another session than the token.", "session_id")
    return identity


def _claims(token: str, key: bytes, rules: Rules) -> dict[str, Any]:
    signature = token.rpartition(".")[2].encode()
    try:
        if base64url_encode(base64url_decode(signature)) != signature:
            raise Unauthorized("The token is not a JSON Web Token.")  # spare bits that mean nothing
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=["HS256"],
            options={"require": ["exp"], "verify_aud": rules.audience is not None},
            audience=rules.audience,
            issuer=rules.issuer,
            leeway=LEEWAY,
        )
    except jwt.InvalidSignatureError:
        raise WrongKey(Unauthorized("The token is not signed with the hub's key.")) from None
    except jwt.InvalidTokenError as error:
        raise _refusal(error) from None
    except (ValueError, OverflowError, RecursionError):  # what PyJWT does not foresee: depth, huge numbers
        raise Unauthorized("The token is not a JSON Web Token.") from None
    return claims


def _refusal(error: jwt.InvalidTokenError) -> HubError:
    # Our own sentences: PyJWT's may quote the token.
    sentences: dict[type[Exception], str] = {
        jwt.ExpiredSignatureError: "The token has expired.",
        jwt.ImmatureSignatureError: "The token is not valid yet.",
        jwt.InvalidIssuerError: "The token is of another issuer.",
        jwt.InvalidAudienceError: "The token is for another audience.",
        jwt.MissingRequiredClaimError: "The token lacks a claim that is required.",
        jwt.InvalidAlgorithmError: "The token is not signed by HS256.",
    }
    for kind, sentence in sentences.items():
        if isinstance(error, kind):
            return Unauthorized(sentence)
    return Unauthorized("The token is not valid.")


def _identity(claims: dict[str, Any]) -> Identity:
    # PyJWT takes times as text and as fractions; whoever issues such tokens has made a mistake.
    for name in ("exp", "nbf", "iat"):
        if type(claims.get(name, 0)) is not int:
            raise Unauthorized(f"The token's claim {name} is not a whole number of seconds.")
    session_id = claims.get("session_id")
    if not isinstance(session_id, str) or not SESSION_ID.fullmatch(session_id):
        raise Unauthorized("The token's claim session_id is not a session id.")
    send = claims.get("send", [session_id])
    if not isinstance(send, list) or len(send) > MAX_GRANTS:
        raise Unauthorized(f"The token's claim send is not a list of at most {MAX_GRANTS}.")
    if not all(isinstance(grant, str) and GRANT.fullmatch(grant) for grant in send):
        raise Unauthorized(
            "The token's claim send holds something other than session ids, with or without * at the end."
        )
    subject = claims.get("sub", session_id)
    if _SURROGATE.search(subject):
        raise Unauthorized("The token's claim sub is not text.")  # and so could not be stored
    return Identity(session_id, subject, tuple(send), claims["exp"])
