"""
Frames of clients, messages of backends, and what operators ask.

API Gateway calls this function for the routes ``sendMessage``, ``resume``, ``who`` and ``$default``, Lambda for records
of the queue PublishedMessages, and backends and operators invoke it themselves.

"""

import functools
import os
from functools import partial
from typing import TYPE_CHECKING

from callers.clients import Clients
from callers.sending import Sending
from delivery.credentials import credentials_of, region_of
from delivery.dynamodb import DynamoDB
from delivery.dynamodb_url import dynamodb_url
from delivery.fan_out import FanOut
from delivery.http.access import Access
from delivery.http.endpoint import Endpoint
from delivery.http.service import CONNECTIONS_API, DYNAMODB
from delivery.table import ConnectionsTable
from hub import invocations
from hub.answers import Answer, Context, Event, answers_errors, attempt, refuse_frame, refuse_invocation, reply
from hub.event_kinds import Kind, kind_of
from hub.invocations import Publish
from hub.log import logger
from hub.rate import RateLimit
from hub.replies import Reply, batch_item_failures
from hub.settings import MessageSettings

if TYPE_CHECKING:
    from callers.backends import Backends
    from callers.operators import Operators
    from callers.records import Records
    from history.history import History

SETTINGS = MessageSettings.from_env(os.environ)
ACCESS = Access(region_of(os.environ), credentials_of(os.environ))
DYNAMODB_URL = dynamodb_url(os.environ, ACCESS.region)
FAN_OUT = FanOut(
    lambda: ConnectionsTable(DynamoDB(Endpoint(DYNAMODB, DYNAMODB_URL, ACCESS), SETTINGS.table_name)),
    lambda: Endpoint(CONNECTIONS_API, SETTINGS.websocket_endpoint, ACCESS),
    SETTINGS.needs_proof,
)

ANSWER_WITHIN = 28.0
"""Seconds for one event, SPARE included. API Gateway waits 29 seconds for the answer, cold start included."""

SPARE = 1.0
"""Seconds at the end of the time for one event that are kept for the answer."""


def _open_history() -> "History | None":
    """Return the history of the sessions, or None if history is off. Then a cold start does not import it."""
    if SETTINGS.history is None:
        return None
    from history.history import History

    return History(SETTINGS.history, FAN_OUT.dynamodb)


HISTORY = _open_history()
CLIENTS = Clients(FAN_OUT, HISTORY, RateLimit(SETTINGS.message_rate, SETTINGS.message_burst))


@answers_errors(refuse_invocation)
def lambda_handler(event: Event, context: Context) -> Answer | Reply:
    """Answer a client with a frame, a queue with the records that failed, and an invocation with an object."""
    kind = kind_of(event)
    if kind is Kind.SOCKET:
        return attempt(
            lambda: reply(CLIENTS.answer(event, _time_left(context))), lambda error: refuse_frame(error, event, context)
        )
    if kind is Kind.QUEUE:
        records = event["Records"]
        # After a fault, SQS keeps all records. Any other answer than this would delete them.
        return attempt(
            lambda: _records().deliver(records, partial(_time_left, context)),
            lambda _: batch_item_failures(record["messageId"] for record in records),
        )
    logger.append_keys(**invocations.origin_of(event))
    invocation = invocations.parse(event)
    if isinstance(invocation, Publish):
        return _backends().publish(invocation, partial(_time_left, context), context.aws_request_id)
    return _operators().answer(invocation, _time_left(context))


def _time_left(context: Context) -> float:
    """Return the seconds until the answer must be on its way."""
    return min(context.get_remaining_time_in_millis() / 1000, ANSWER_WITHIN) - SPARE


# Clients do not wait for the imports of these.


@functools.cache
def _backends() -> "Backends":
    from callers.backends import Backends

    return Backends(FAN_OUT, Sending(FAN_OUT, HISTORY))


@functools.cache
def _records() -> "Records":
    from callers.records import Records

    return Records(_backends(), SETTINGS.dead_letters_url)


@functools.cache
def _operators() -> "Operators":
    from callers.operators import Operators

    return Operators(FAN_OUT, HISTORY)
