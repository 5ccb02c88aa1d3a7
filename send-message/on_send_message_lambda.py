"""The routes ``sendMessage``, ``resume`` and ``$default``: a client sends a message, or asks what it has missed."""

import os
import time
from typing import TYPE_CHECKING

from delivery.account import Account, totals
from delivery.credentials import credentials_of, region_of
from delivery.dynamodb import DynamoDB
from delivery.dynamodb_url import dynamodb_url
from delivery.fan_out import FanOut
from delivery.http.access import Access
from delivery.http.endpoint import Endpoint
from delivery.http.service import CONNECTIONS_API, DYNAMODB
from delivery.table import ConnectionsTable
from hub import frames, metrics, replies
from hub.answers import Answer, Context, Event, answers_errors, refuse_frame, reply
from hub.connection import Connection
from hub.envelope import Envelope
from hub.errors import Expired, Forbidden, NoHistory, NotConnected
from hub.frames import Ping, Resume, SendMessage
from hub.log import logger
from hub.message_ids import timestamp, uuid7
from hub.rate import RateLimit
from hub.sessions import may_send
from hub.settings import MessageSettings

if TYPE_CHECKING:
    from history.history import History
    from history.storing import Storing

SETTINGS = MessageSettings.from_env(os.environ)
RATE_LIMIT = RateLimit(SETTINGS.message_rate, SETTINGS.message_burst)
ACCESS = Access(region_of(os.environ), credentials_of(os.environ))
DYNAMODB_URL = dynamodb_url(os.environ, ACCESS.region)
FAN_OUT = FanOut(
    lambda: ConnectionsTable(DynamoDB(Endpoint(DYNAMODB, DYNAMODB_URL, ACCESS), SETTINGS.table_name)),
    lambda: Endpoint(CONNECTIONS_API, SETTINGS.websocket_endpoint, ACCESS),
    SETTINGS.needs_proof,
)

ANSWER_WITHIN = 28.0
"""Seconds for one frame, SPARE included. API Gateway waits 29 seconds for the answer, cold start included."""

SPARE = 1.0
"""Seconds at the end of the time for one frame that are kept for the answer."""


def _open_history() -> "History | None":
    """Return the history of the sessions, or None if history is off. Then a cold start does not import it."""
    if SETTINGS.history is None:
        return None
    from history.history import History

    return History(SETTINGS.history, FAN_OUT.dynamodb)


HISTORY = _open_history()


@answers_errors(refuse_frame)
def lambda_handler(event: Event, context: Context) -> Answer:
    """Answer an ack, what a client has missed, a pong or an error frame. API Gateway sends it back to the client."""
    connection_id = event["requestContext"]["connectionId"]
    RATE_LIMIT.take(connection_id)
    frame = frames.parse(event.get("body"))
    if isinstance(frame, Ping):
        return reply(replies.PONG)
    seconds = _time_left(context)
    if isinstance(frame, Resume):
        return reply(FAN_OUT.run(resume(frame, connection_id, seconds)))
    return reply(FAN_OUT.run(send(frame, connection_id, seconds)))


async def send(frame: SendMessage, connection_id: str, seconds: float) -> str:
    """
    Return the ack of a message. The sender and the listed sessions are read at the same time.

    Args:
        seconds: Time until the ack must be there.

    """
    now = time.time()
    stored = HISTORY.kept(frame.sessions) if HISTORY and frame.store else frozenset[str]()
    async with FAN_OUT.delivery(frame.sessions, seconds, stored) as delivery:
        sender = await _sender(connection_id, now, seconds)
        logger.append_keys(session_id=sender.session_id)
        _check_grants(sender, frame)

        envelope = _envelope(frame, sender, now, stored)
        storing = HISTORY.storing(stored, seconds) if HISTORY and stored else None
        accounts = await delivery.run(envelope, None if frame.echo else connection_id, storing)
    _report(accounts, storing, seconds=time.time() - now)
    numbers = storing.numbers if storing else {}
    seq = {session: numbers[session] for session in frame.sessions if session in numbers}
    return replies.ack(envelope.message_id, *totals(accounts), seq)


async def resume(frame: Resume, connection_id: str, seconds: float) -> str:
    """Return what the client of a connection has missed of its own session."""
    sender = await _sender(connection_id, time.time(), seconds)
    logger.append_keys(session_id=sender.session_id)
    if HISTORY is None or not HISTORY.kept([sender.session_id]):
        raise NoHistory("No history is kept for the session of this connection")
    empty = replies.resumed(frame.id, sender.session_id, False, frames.MAX_SEQ, False, [])
    page = await HISTORY.resume(sender.session_id, frame, replies.MAX_PAGE_BYTES - len(empty.encode()), seconds)
    metrics.count("Resumed")
    logger.info("resumed", recovered=page.recovered, messages=len(page.frames), more=page.more)
    return replies.resumed(frame.id, sender.session_id, *page)


async def _sender(connection_id: str, now: float, seconds: float) -> Connection:
    """
    Return the row of the sending connection.

    Args:
        seconds: Time for looking.

    Raises:
        Expired: If the credential of the sending connection has expired.
        NotConnected: If the sending connection has no row, or if its row has no subject and is no longer usable.

    """
    sender = await FAN_OUT.table.find(connection_id, seconds)
    if sender and sender.is_usable(now, SETTINGS.needs_proof):
        return sender
    if sender and sender.subject is not None:
        raise Expired("The credential of this connection has run out; connect again with a new one")
    raise NotConnected("This connection is not registered, or no longer; connect again")


def _check_grants(sender: Connection, frame: SendMessage) -> None:
    """
    Raises:
        Forbidden: If the sender may not send to one of the sessions.

    """
    for session_id, index in frame.positions.items():
        if not may_send(sender.send, session_id):
            raise Forbidden(f"This connection may not send to sessions[{index}]", f"sessions[{index}]")


def _envelope(frame: SendMessage, sender: Connection, now: float, stored: frozenset[str]) -> Envelope:
    """
    Raises:
        MessageTooLarge: If the delivered frame would be too long for one of the sessions.

    """
    message_id = frame.id or uuid7(now)
    logger.append_keys(message_id=message_id)
    envelope = Envelope(message_id, sender.session_id, timestamp(now), frame.message)
    envelope.check_size(frame.sessions, stored)
    return envelope


def _time_left(context: Context) -> float:
    """Return the seconds until the answer must be on its way."""
    return min(context.get_remaining_time_in_millis() / 1000, ANSWER_WITHIN) - SPARE


def _report(accounts: dict[str, Account], storing: "Storing | None", seconds: float) -> None:
    """Count and log the results of a message. ``seconds`` is the time that the delivery took."""
    if storing:
        metrics.count("Stored", len(storing.numbers))
        metrics.count("Unstored", len(storing.sessions) - len(storing.numbers))
        storing.report()
    recipients, delivered, gone, failed, closed = (
        sum(getattr(account, name) for account in accounts.values())
        for name in ("targets", "delivered", "gone", "failed", "closed")
    )
    metrics.count("Messages")
    metrics.count("Recipients", recipients)
    metrics.count("Delivered", delivered)
    metrics.count("Gone", gone)
    metrics.count("Undelivered", failed)
    if closed:
        metrics.count("StuckClosed", closed)
    metrics.duration("DeliveryTime", seconds)
    logger.info("sent", sessions=len(accounts), delivered=delivered, gone=gone, failed=failed)
