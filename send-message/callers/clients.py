"""Clients, over WebSocket: the routes ``sendMessage``, ``resume``, ``who`` and ``$default``."""

import time
from typing import TYPE_CHECKING

from callers.presence import Presence
from callers.sending import Sending
from delivery.fan_out import FanOut
from hub import frames, metrics, replies, strict_json
from hub.answers import Event
from hub.connection import Connection
from hub.envelope import Envelope
from hub.errors import Expired, Forbidden, NoHistory, NotConnected
from hub.frames import Ping, Resume, SendMessage, Who
from hub.log import logger
from hub.message_ids import timestamp, uuid7
from hub.rate import RateLimit
from hub.sessions import may_send

if TYPE_CHECKING:
    from history.history import History


class Clients:
    """
    Answers the frames of clients.

    Args:
        history: None: history is off.

    """

    def __init__(self, fan_out: FanOut, history: "History | None", rate_limit: RateLimit) -> None:
        self._fan_out = fan_out
        self._history = history
        self._rate_limit = rate_limit
        self._sending = Sending(fan_out, history)
        self._presence = Presence(fan_out)

    def answer(self, event: Event, seconds: float) -> str:
        """
        Return the frame that answers a client's frame.

        Args:
            seconds: Time until the answer must be there.

        Raises:
            HubError: If the frame is refused.

        """
        connection_id = event["requestContext"]["connectionId"]
        logger.append_keys(connection_id=connection_id)
        self._rate_limit.take(connection_id)
        frame = frames.parse(event.get("body"))
        if isinstance(frame, Ping):
            return replies.PONG
        if isinstance(frame, Resume):
            return self._fan_out.run(self.resume(frame, connection_id, seconds))
        if isinstance(frame, Who):
            return strict_json.dumps(self._fan_out.run(self.who(frame, connection_id, seconds)))
        return strict_json.dumps(self._fan_out.run(self.send(frame, connection_id, seconds)))

    async def send(self, frame: SendMessage, connection_id: str, seconds: float) -> replies.Reply:
        """Return the ack of a message. The sender and the listed sessions are read at the same time."""

        async def envelope() -> Envelope:
            now = time.time()
            sender = await self._sender(connection_id, now, seconds)
            _check_grants(sender, frame.positions)
            return Envelope(frame.id or uuid7(now), sender.session_id, timestamp(now), frame.message)

        leave_out = None if frame.echo else connection_id
        return await self._sending.send(frame.sessions, seconds, envelope, frame.store, leave_out)

    async def resume(self, frame: Resume, connection_id: str, seconds: float) -> str:
        """Return what the client of a connection has missed of its own session."""
        session_id = (await self._sender(connection_id, time.time(), seconds)).session_id
        if self._history is None or not self._history.kept([session_id]):
            raise NoHistory("No history is kept for the session of this connection")
        empty = replies.resumed(frame.id, session_id, False, frames.MAX_SEQ, False, [])
        page = await self._history.resume(session_id, frame, replies.MAX_PAGE_BYTES - len(empty.encode()), seconds)
        metrics.count("Resumed")
        logger.info("resumed", recovered=page.recovered, messages=len(page.frames), more=page.more)
        return replies.resumed(frame.id, session_id, *page)

    async def who(self, frame: Who, connection_id: str, seconds: float) -> replies.Reply:
        """Return how many connections the listed sessions have."""
        end = time.monotonic() + seconds
        _check_grants(await self._sender(connection_id, time.time(), seconds), frame.positions)
        online, offline = await self._presence.count(tuple(frame.positions), end - time.monotonic())
        logger.info("counted", sessions=len(frame.positions), online=len(online))
        return replies.who(frame.id, online, offline)

    async def _sender(self, connection_id: str, now: float, seconds: float) -> Connection:
        """
        Return the row of the sending connection.

        Args:
            seconds: Time for looking.

        Raises:
            Expired: If the credential of the sending connection has expired.
            NotConnected: If the sending connection has no row, or if its row has no subject and is no longer usable.

        """
        sender = await self._fan_out.table.find(connection_id, seconds)
        if sender and sender.is_usable(now, self._fan_out.needs_proof):
            logger.append_keys(session_id=sender.session_id)
            return sender
        if sender and sender.subject is not None:
            raise Expired("The credential of this connection has run out; connect again with a new one")
        raise NotConnected("This connection is not registered, or no longer; connect again")


def _check_grants(sender: Connection, positions: dict[str, int]) -> None:
    """
    Args:
        positions: As ``members.positions`` returns it.

    Raises:
        Forbidden: If the sender may not send to one of the sessions.

    """
    for session_id, index in positions.items():
        if not may_send(sender.send, session_id):
            raise Forbidden(f"This connection may not send to sessions[{index}]", f"sessions[{index}]")
