"""``sendMessage`` and ``$default``: a client sends a message to a list of sessions."""

import os
import time
from functools import partial

import boto3

from hub import delivery, frames
from hub.answers import Answer, Context, Event, answers_errors, refuse_frame, reply
from hub.connections import Connection, Connections
from hub.envelope import Envelope
from hub.errors import NotConnected
from hub.fan_out import Account, FanOut, totals
from hub.frames import Ping
from hub.ids import timestamp, uuid7
from hub.log import logger
from hub.settings import require

TABLE_NAME, WEBSOCKET_ENDPOINT = require(os.environ, "TABLE_NAME", "WEBSOCKET_ENDPOINT")
CONNECTIONS = Connections(boto3.client("dynamodb"), TABLE_NAME)
MANAGEMENT_API = boto3.client("apigatewaymanagementapi", endpoint_url=WEBSOCKET_ENDPOINT, config=delivery.CONFIG)
FAN_OUT = FanOut(CONNECTIONS, partial(delivery.post, MANAGEMENT_API))


@answers_errors(refuse_frame)
def lambda_handler(event: Event, context: Context) -> Answer:
    """Answer an ack or an error frame, which API Gateway sends back to the client."""
    frame = frames.parse(event.get("body"))
    if isinstance(frame, Ping):
        return reply(frames.PONG)

    now = time.time()
    sender = _sender(event["requestContext"]["connectionId"], now)

    message_id = frame.id or uuid7(now)
    envelope = Envelope(message_id, sender.session_id, timestamp(now), frame.message)
    envelope.check_size(frame.sessions)
    accounts = FAN_OUT.send(envelope, frame.sessions, leave_out=None if frame.echo else sender.connection_id)
    _log(sender.session_id, message_id, accounts)

    return reply(frames.ack(message_id, *totals(accounts)))


def _sender(connection_id: str, now: float) -> Connection:
    """
    Raises:
        NotConnected: If the sending connection has no live row.

    """
    if sender := CONNECTIONS.find(connection_id, now):
        return sender
    raise NotConnected("This connection is not registered, or no longer; connect again")


def _log(session_id: str, message_id: str, accounts: dict[str, Account]) -> None:
    logger.info(
        "sent",
        session_id=session_id,
        message_id=message_id,
        sessions=len(accounts),
        delivered=sum(account.delivered for account in accounts.values()),
        failed=sum(account.failed for account in accounts.values()),
    )
