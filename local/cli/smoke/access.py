"""Where the hub is, and what a handshake carries to get in."""

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
FORM = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){2}")
"""Of a token: three parts in base64url."""

TTL = 600
"""Seconds until a token that is made here expires."""


@dataclass(frozen=True, repr=False)
class Given:
    """
    What the operator has. Without a repr: secrets are among it.

    Attributes:
        token: For AUTH_MODE jwt.
        key: The signing key, for jwt or signature.
        session: The session that the token is for, if the token's claim ``session_id`` does not say it.
        issuer: The claim ``iss`` of tokens that are made with the key.
        audience: Their claim ``aud``.

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
        url: Without a query.
        query: What every handshake carries.

    """

    url: str
    query: Mapping[str, str] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> tuple[Self, str]:
        """
        Return the address, and the token that its query carries, or nothing.

        Raises:
            CannotDo: If it is not the URL of a hub, or one that is good for a single connection.

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
                "URL is not the URL of a WebSocket API: it is the stack's output WebSocketUrl, such as "
                "wss://abc123.execute-api.us-east-1.amazonaws.com/prod, or ws://127.0.0.1:3001/prod of make run."
            )
        query = dict(parse_qsl(parts.query))
        if "signature" in query:
            raise CannotDo(
                "A signed URL opens one connection, and the checks need several: "
                "give the URL without its query, and the signing key as KEY=…"
            )
        token = query.pop("token", "")
        query.pop("session_id", None)  # somebody's, and the checks must not disturb anybody
        return cls(f"{parts.scheme}://{parts.netloc}{parts.path}", query), token

    @property
    def is_local(self) -> bool:
        """Whether no proxy can be on the way."""
        return urlsplit(self.url).hostname in {"127.0.0.1", "::1", "localhost"}

    def with_query(self, query: Mapping[str, str]) -> str:
        together = {**self.query, **query}
        return f"{self.url}?{urlencode(together)}" if together else self.url


@dataclass(frozen=True, repr=False)
class Ticket:
    """What one handshake carries. Without a repr: a credential may be in it."""

    query: Mapping[str, str] = field(default_factory=dict)
    protocols: tuple[str, ...] = (PROTOCOL,)

    def naming(self, session: str) -> "Ticket":
        """Return the same for another session, which the credential does not name."""
        return replace(self, query={**self.query, "session_id": session})


@dataclass(frozen=True, repr=False)
class Way:
    """
    How connections get in.

    Attributes:
        mode: The AUTH_MODE of a hub that lets them in.
        ticket: Makes what a handshake carries, for a session.
        forged: The same, signed by somebody who has no key.
        session: The one session that there are tickets for, or None for any.

    """

    mode: str
    ticket: Callable[[str], Ticket]
    forged: Callable[[str], Ticket]
    session: str | None = None


def bare(session: str) -> Ticket:
    """Return what suffices with AUTH_MODE none."""
    return Ticket({"session_id": session})


NOBODY = Way("none", bare, bare)


def ways(given: Given) -> list[Way]:
    """
    Return the ways in that a credential opens, one of which is the hub's. None without a credential.

    Raises:
        CannotDo: If the credential cannot be one.

    """
    if given.token:
        return [_of_token(given.token.strip(), given.session)]
    if given.key:
        if not given.key.isprintable():
            raise CannotDo("KEY is not a text that can be printed, as the hub's signing key is.")
        return [_of_signature(given.key), _of_key(given)]
    return []


def new_session() -> str:
    """Return the id of a session that nobody else is in."""
    return f"smoke-{secrets.token_hex(8)}"


def _of_token(token: str, session: str | None) -> Way:
    if not FORM.fullmatch(token):
        raise CannotDo("TOKEN is not a JSON Web Token: it is three parts in base64url with dots between them.")
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
        raise CannotDo("TOKEN has no claim session_id that says which session it is for: say it with --session.")
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
