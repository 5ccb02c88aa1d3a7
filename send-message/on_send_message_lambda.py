"""``sendMessage`` and ``$default``: a client sends a message to a list of sessions."""

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
from hub.ids import timestamp, uuid7
from hub.log import logger
from hub.rate import RateLimit
from hub.sessions import may_send
from hub.settings import auth_mode, number, require

TABLE_NAME, WEBSOCKET_ENDPOINT, _ = require(os.environ, "TABLE_NAME", "WEBSOCKET_ENDPOINT", "AUTH_MODE")
NEEDS_PROOF = auth_mode(os.environ) != "none"
RATE_LIMIT = RateLimit(number(os.environ, "MESSAGE_RATE"), number(os.environ, "MESSAGE_BURST"))
SESSION = boto3.Session()
CONNECTIONS = Connections(SESSION.client("dynamodb", config=CONFIG), TABLE_NAME)
FAN_OUT = FanOut(CONNECTIONS, partial(Endpoint, WEBSOCKET_ENDPOINT, SESSION), NEEDS_PROOF)

ANSWER_WITHIN = 28.0
"""Seconds a delivery may take, less SPARE. API Gateway gives up after 29, and counts the cold start."""

SPARE = 1.0
"""Seconds kept back of the time for the function, to end and to answer in."""


@answers_errors(refuse_frame)
def lambda_handler(event: Event, context: Context) -> Answer:
    """Answer an ack or an error frame, which API Gateway sends back to the client."""
    connection_id = event["requestContext"]["connectionId"]
    RATE_LIMIT.take(connection_id)
    frame = frames.parse(event.get("body"))
    if isinstance(frame, Ping):
        return reply(frames.PONG)

    now = time.time()
    sender = _sender(connection_id, now, seconds=_time_left(context))
    logger.append_keys(session_id=sender.session_id)
    _check_grants(sender, frame)

    message_id = frame.id or uuid7(now)
    logger.append_keys(message_id=message_id)
    envelope = Envelope(message_id, sender.session_id, timestamp(now), frame.message)
    envelope.check_size(frame.sessions)
    leave_out = None if frame.echo else connection_id
    accounts = FAN_OUT.send(envelope, frame.sessions, leave_out, seconds=_time_left(context))
    _report(accounts, seconds=time.time() - now)

    return reply(frames.ack(message_id, *totals(accounts)))


def _sender(connection_id: str, now: float, seconds: float) -> Connection:
    """
    Raises:
        Expired: If the credential of the sending connection has run out.
        NotConnected: If the sending connection has no live row.

    """
    sender = CONNECTIONS.find(connection_id, seconds)
    if sender and sender.is_usable(now, NEEDS_PROOF):
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


def _time_left(context: Context) -> float:
    return min(context.get_remaining_time_in_millis() / 1000, ANSWER_WITHIN) - SPARE


def _report(accounts: dict[str, Account], seconds: float) -> None:
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
    metrics.took("DeliveryTime", seconds)
    logger.info("sent", sessions=len(accounts), delivered=delivered, gone=gone, failed=failed)
