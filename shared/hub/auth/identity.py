"""Who connects, whom they may address, and until when: what the three modes of authentication agree on."""

from dataclasses import dataclass

from hub.connect_request import ConnectRequest
from hub.errors import BadRequest


@dataclass(frozen=True)
class Identity:
    """
    What a handshake has proven.

    Attributes:
        session_id: The session that the connection joins.
        subject: Who has proven it; None if nobody had to (AUTH_MODE none).
        send: Grants: whom it may address. None, every session, if nobody had to prove anything.
        expires_at: Epoch seconds at which the credential runs out, or None.
        once: A name for what may open one connection only, or None; it need not be
            remembered after ``once_until`` (epoch seconds).

    """

    session_id: str
    subject: str | None = None
    send: tuple[str, ...] | None = None
    expires_at: int | None = None
    once: str | None = None
    once_until: int = 0


def claimed(request: ConnectRequest) -> Identity:
    """
    Believe the client: AUTH_MODE none.

    Raises:
        BadRequest: If it names no session.

    """
    return Identity(needed_session(request))


def needed_session(request: ConnectRequest) -> str:
    """
    Return the session that a handshake names.

    Raises:
        BadRequest: If it names none.

    """
    if (session_id := request.session_id) is None:
        raise BadRequest("Name a session, with ?session_id= or the header X-Session.", "session_id")
    return session_id
