"""The routes ``sendMessage`` and ``$default``: a client sends a message to a list of sessions."""

import os
import time
from functools import partial

import boto3

from delivery.account import Account, totals
from delivery.fan_out import FanOut
from delivery.http.endpoint import Endpoint
from hub import frames, metrics
from hub.answers import Answer, Context, Event, answers_errors, refuse_frame, reply
from hub.connection import Connection
from hub.connections import Connections
from hub.dynamodb import CONFIG
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
SESSION = boto3.Session()
CONNECTIONS = Connections(SESSION.client("dynamodb", config=CONFIG), SETTINGS.table_name)
FAN_OUT = FanOut(CONNECTIONS, partial(Endpoint, SETTINGS.websocket_endpoint, SESSION), SETTINGS.needs_proof)

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

    now = time.time()
    sender = _sender(connection_id, now, seconds=_time_left(context))
    logger.append_keys(session_id=sender.session_id)
    _check_grants(sender, frame)

    envelope = _envelope(frame, sender, now)
    leave_out = None if frame.echo else connection_id
    accounts = FAN_OUT.send(envelope, frame.sessions, leave_out, seconds=_time_left(context))
    _report(accounts, seconds=time.time() - now)

    return reply(frames.ack(envelope.message_id, *totals(accounts)))


def _sender(connection_id: str, now: float, seconds: float) -> Connection:
    """
    Return the row of the sending connection.

    Args:
        seconds: Time for looking.

    Raises:
        Expired: If the credential of the sending connection has expired.
        NotConnected: If the sending connection has no row, or if its row has no subject and is no longer usable.

    """
    sender = CONNECTIONS.find(connection_id, seconds)
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
