"""The routes ``sendMessage`` and ``$default``: a client sends a message to a list of sessions."""

import os
import time

from delivery.account import Account, totals
from delivery.credentials import credentials_of, region_of
from delivery.dynamodb import DynamoDB
from delivery.dynamodb_url import dynamodb_url
from delivery.fan_out import FanOut
from delivery.http.access import Access
from delivery.http.endpoint import Endpoint
from delivery.http.service import CONNECTIONS_API, DYNAMODB
from delivery.table import ConnectionsTable
from hub import frames, metrics
from hub.answers import Answer, Context, Event, answers_errors, refuse_frame, reply
from hub.connection import Connection
from hub.envelope import Envelope
from hub.errors import Expired, Forbidden, NotConnected
from hub.frames import Ping, SendMessage
from hub.log import logger
from hub.message_ids import timestamp, uuid7
from hub.rate import RateLimit
from hub.sessions import may_send
from hub.settings import MessageSettings

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
"""Seconds for one message, SPARE included. API Gateway waits 29 seconds for the answer, cold start included."""

SPARE = 1.0
"""Seconds at the end of the time for one message that are kept for the answer."""


@answers_errors(refuse_frame)
def lambda_handler(event: Event, context: Context) -> Answer:
    """Answer an ack, a pong or an error frame. API Gateway sends the frame back to the client."""
    connection_id = event["requestContext"]["connectionId"]
    RATE_LIMIT.take(connection_id)
    frame = frames.parse(event.get("body"))
    if isinstance(frame, Ping):
        return reply(frames.PONG)
    return reply(FAN_OUT.run(_send(frame, connection_id, seconds=_time_left(context))))


async def _send(frame: SendMessage, connection_id: str, seconds: float) -> str:
    """
    Return the ack of a message. The sender and the listed sessions are read at the same time.

    Args:
        seconds: Time until the ack must be there.

    """
    now = time.time()
    async with FAN_OUT.delivery(frame.sessions, seconds) as delivery:
        sender = await _sender(connection_id, now, seconds)
        logger.append_keys(session_id=sender.session_id)
        _check_grants(sender, frame)

        envelope = _envelope(frame, sender, now)
        accounts = await delivery.run(envelope, leave_out=None if frame.echo else connection_id)
    _report(accounts, seconds=time.time() - now)
    return frames.ack(envelope.message_id, *totals(accounts))


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


def _envelope(frame: SendMessage, sender: Connection, now: float) -> Envelope:
    """
    Raises:
        MessageTooLarge: If the delivered frame would be too long for one of the sessions.

    """
    message_id = frame.id or uuid7(now)
    logger.append_keys(message_id=message_id)
    envelope = Envelope(message_id, sender.session_id, timestamp(now), frame.message)
    envelope.check_size(frame.sessions)
    return envelope


def _time_left(context: Context) -> float:
    """Return the seconds until the answer must be on its way."""
    return min(context.get_remaining_time_in_millis() / 1000, ANSWER_WITHIN) - SPARE


def _report(accounts: dict[str, Account], seconds: float) -> None:
    """Count and log the results of a message. ``seconds`` is the time that the delivery took."""
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
