"""``sendMessage`` and ``$default``: a client sends a message to a list of sessions."""

import os
import time
from functools import partial

import boto3

from hub import delivery, frames
from hub.answers import Answer, Context, Event, answers_errors, refuse_frame, reply
from hub.authentication import auth_mode
from hub.connection import Connection
from hub.connections import Connections
from hub.envelope import Envelope
from hub.errors import Expired, Forbidden, NotConnected
from hub.fan_out import Account, FanOut, totals
from hub.frames import Ping, SendMessage
from hub.identity import may_send
from hub.ids import timestamp, uuid7
from hub.log import logger
from hub.rate import RateLimit
from hub.settings import number, require

TABLE_NAME, WEBSOCKET_ENDPOINT = require(os.environ, "TABLE_NAME", "WEBSOCKET_ENDPOINT")
NEEDS_PROOF = auth_mode(os.environ) != "none"
RATE_LIMIT = RateLimit(number(os.environ, "MESSAGE_RATE"), number(os.environ, "MESSAGE_BURST"))
CONNECTIONS = Connections(boto3.client("dynamodb"), TABLE_NAME)
MANAGEMENT_API = boto3.client("apigatewaymanagementapi", endpoint_url=WEBSOCKET_ENDPOINT, config=delivery.CONFIG)
FAN_OUT = FanOut(
    CONNECTIONS,
    post=partial(delivery.post, MANAGEMENT_API),
    close=partial(delivery.close, MANAGEMENT_API),
    needs_proof=NEEDS_PROOF,
)


@answers_errors(refuse_frame)
def lambda_handler(event: Event, context: Context) -> Answer:
    """Answer an ack or an error frame, which API Gateway sends back to the client."""
    connection_id = event["requestContext"]["connectionId"]
    RATE_LIMIT.take(connection_id)
    frame = frames.parse(event.get("body"))
    if isinstance(frame, Ping):
        return reply(frames.PONG)

    now = time.time()
    sender = _sender(connection_id, now)
    logger.append_keys(session_id=sender.session_id)
    _check_grants(sender, frame)

    message_id = frame.id or uuid7(now)
    envelope = Envelope(message_id, sender.session_id, timestamp(now), frame.message)
    envelope.check_size(frame.sessions)
    accounts = FAN_OUT.send(envelope, frame.sessions, leave_out=None if frame.echo else connection_id)
    _log(message_id, accounts)

    return reply(frames.ack(message_id, *totals(accounts)))


def _sender(connection_id: str, now: float) -> Connection:
    """
    Raises:
        Expired: If the credential of the sending connection has run out.
        NotConnected: If the sending connection has no live row.

    """
    sender = CONNECTIONS.find(connection_id)
    if sender and sender.counts(now, NEEDS_PROOF):
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


def _log(message_id: str, accounts: dict[str, Account]) -> None:
    logger.info(
        "sent",
        message_id=message_id,
        sessions=len(accounts),
        delivered=sum(account.delivered for account in accounts.values()),
        failed=sum(account.failed for account in accounts.values()),
    )
