"""The result of authentication, in all three modes: who connects, which sessions they may send to, and until when."""

from dataclasses import dataclass

from hub.connect_request import ConnectRequest
from hub.errors import BadRequest


@dataclass(frozen=True)
class Identity:
    """
    Who a client has proven to be.

    Attributes:
        session_id: The session that the connection joins.
        subject: Who the client is; None if it did not have to prove anything (AUTH_MODE none).
        send: The grants of the client, as in ``hub.sessions``; None: it may send to every session.
        expires_at: Epoch seconds at which the credential expires; None: it does not expire.
        once: A name for a credential that may open only one connection; None: it may open several.
        once_until: Epoch seconds after which the hub may forget that ``once`` has been used.

    """

    session_id: str
    subject: str | None = None
    send: tuple[str, ...] | None = None
    expires_at: int | None = None
    once: str | None = None
    once_until: int = 0


def claimed_identity(request: ConnectRequest) -> Identity:
    """
    Return the session that a client names, without any proof: AUTH_MODE none.

    Raises:
        BadRequest: If the client does not name a session.

    """
    return Identity(required_session(request))


def required_session(request: ConnectRequest) -> str:
    """
    Return the session that a client names.

    Raises:
        BadRequest: If the client does not name a session.

    """
    if (session_id := request.session_id) is None:
        raise BadRequest("Name a session, with ?session_id= or the header X-Session", "session_id")
    return session_id
