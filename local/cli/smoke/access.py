"""The hub's address, and the credentials that handshakes carry."""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt

from local.cli.credentials import signed_query, signed_token
from local.errors import CannotDo

PROTOCOL = "hub.v1"
TOKEN = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){2}")
"""The form of a token: three parts in base64url, with dots between them."""

TTL = 600
"""Seconds until a token that we make expires."""


@dataclass(frozen=True, repr=False)
class Given:
    """
    The credential that the operator gives. It has no repr, so that no traceback shows a secret.

    Attributes:
        token: A token, for AUTH_MODE jwt.
        key: The signing key, for AUTH_MODE jwt or signature.
        session: The session that the token is for, if the token has no claim ``session_id`` that we can read.
        issuer: The claim ``iss`` of the tokens that we make with the key.
        audience: The claim ``aud`` of the tokens that we make with the key.

    """

    token: str = ""
    key: str = ""
    session: str | None = None
    issuer: str | None = None
    audience: str | None = None


@dataclass(frozen=True)
class Address:
    """
    The stage's URL.

    Attributes:
        url: The URL without its query.
        query: Parameters that every handshake carries.

    """

    url: str
    query: Mapping[str, str] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> tuple[Self, str]:
        """
        Parse a URL. Returns the address, and the token in the URL's query, or an empty text.

        Raises:
            CannotDo: If the text is not the URL of a hub, or the URL is signed and so opens one connection only.

        """
        try:
            parts = urlsplit(text)
            usable = (
                parts.scheme in {"ws", "wss"} and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
            )
        except ValueError:
            usable = False
        if not usable or not text.isascii() or not text.isprintable() or " " in text:
            raise CannotDo(
                "URL is not the URL of a WebSocket API. Give the stack's output WebSocketUrl, such as "
                "wss://abc123.execute-api.us-east-1.amazonaws.com/prod, or ws://127.0.0.1:3001/prod after make run."
            )
        query = dict(parse_qsl(parts.query))
        if "signature" in query:
            raise CannotDo(
                "A signed URL opens one connection, and the checks need several. "
                "Give the URL without its query, and the signing key as KEY=…"
            )
        token = query.pop("token", "")
        query.pop("session_id", None)  # a real client may be in that session
        return cls(f"{parts.scheme}://{parts.netloc}{parts.path}", query), token

    @property
    def is_local(self) -> bool:
        """Whether the hub runs on this machine, so that no proxy is needed."""
        return urlsplit(self.url).hostname in {"127.0.0.1", "::1", "localhost"}

    def with_query(self, query: Mapping[str, str]) -> str:
        """Return the whole URL of a handshake that has additional parameters."""
        together = {**self.query, **query}
        return f"{self.url}?{urlencode(together)}" if together else self.url


@dataclass(frozen=True, repr=False)
class Ticket:
    """The query and subprotocols of one handshake. It has no repr, because a credential may be among them."""

    query: Mapping[str, str] = field(default_factory=dict)
    protocols: tuple[str, ...] = (PROTOCOL,)

    def naming(self, session: str) -> "Ticket":
        """Return a ticket with the same credential that asks for another session."""
        return replace(self, query={**self.query, "session_id": session})


@dataclass(frozen=True, repr=False)
class Way:
    """
    How to authenticate to the hub.

    Attributes:
        mode: The AUTH_MODE that accepts these tickets.
        ticket: Makes a ticket for a session.
        forged: Makes a ticket for a session, signed with a wrong key.
        session: The only session that tickets can be made for, or None for any.

    """

    mode: str
    ticket: Callable[[str], Ticket]
    forged: Callable[[str], Ticket]
    session: str | None = None


def bare(session: str) -> Ticket:
    """Return a ticket without a credential, which AUTH_MODE none accepts."""
    return Ticket({"session_id": session})


ANONYMOUS = Way("none", bare, bare)


def ways(given: Given) -> list[Way]:
    """
    Return the ways to use a credential, one for each AUTH_MODE that it may be for. Empty without a credential.

    Raises:
        CannotDo: If the credential is malformed.

    """
    if given.token:
        return [_of_token(given.token.strip(), given.session)]
    if given.key:
        if not given.key.isprintable():
            raise CannotDo("KEY has characters that cannot be printed. The hub's signing key has none.")
        return [_of_signature(given.key), _of_key(given)]
    return []


def new_session() -> str:
    """Return the id of a session that nobody else is in."""
    return f"smoke-{secrets.token_hex(8)}"


def _of_token(token: str, session: str | None) -> Way:
    if not TOKEN.fullmatch(token):
        raise CannotDo("TOKEN is not a JSON Web Token, which is three parts in base64url with dots between them.")
    head, _, signature = token.rpartition(".")
    other = ("B" if signature[0] == "A" else "A") + signature[1:]
    session = session or _claimed(token)
    return Way("jwt", lambda _: _bearing(token), lambda _: _bearing(f"{head}.{other}"), session)


def _claimed(token: str) -> str:
    try:
        session = jwt.decode(token, options={"verify_signature": False}).get("session_id")
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        session = None
    if not isinstance(session, str):
        raise CannotDo(
            "TOKEN has no claim session_id. Give the session that it is for with --session (make: ARGS='--session …')."
        )
    return session


def _of_key(given: Given) -> Way:
    def ticket(key: str, session: str) -> Ticket:
        claims = {"send": ["*"], "iss": given.issuer, "aud": given.audience}
        return _bearing(signed_token(key, session, TTL, {name: value for name, value in claims.items() if value}))

    return Way("jwt", lambda session: ticket(given.key, session), lambda session: ticket(f"not {given.key}", session))


def _of_signature(key: str) -> Way:
    return Way(
        "signature",
        lambda session: Ticket(signed_query(key, session)),
        lambda session: Ticket(signed_query(f"not {key}", session)),
    )


def _bearing(token: str) -> Ticket:
    return Ticket(protocols=(PROTOCOL, f"bearer.{token}"))
