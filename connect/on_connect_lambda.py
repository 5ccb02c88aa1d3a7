"""``$connect``: a browser opens a connection and joins a session."""

import os
import time
from functools import partial
from http import HTTPStatus

import boto3

from hub import metrics
from hub.answers import Answer, Context, Event, answers_errors, refuse_handshake
from hub.auth import signing_key
from hub.auth.authentication import authenticator
from hub.auth.identity import Identity
from hub.auth.origins import check_origin, parse_origins
from hub.connect_request import ConnectRequest
from hub.connection import Connection
from hub.connections import Connections
from hub.dynamodb import CONFIG
from hub.errors import Forbidden, TooManyConnections
from hub.log import logger
from hub.settings import number, require

SECRET = () if os.environ.get("AUTH_MODE") == "none" else ("SIGNING_SECRET_NAME",)
TABLE_NAME, *_, ORIGINS = require(os.environ, "TABLE_NAME", "AUTH_MODE", *SECRET, may_be_empty=("ALLOWED_ORIGINS",))
ALLOWED_ORIGINS = parse_origins(ORIGINS)
MAX_CONNECTIONS = number(os.environ, "MAX_CONNECTIONS_PER_SESSION")
CONNECTIONS = Connections(boto3.client("dynamodb", config=CONFIG), TABLE_NAME)
identify = authenticator(os.environ, partial(boto3.client, "secretsmanager", config=signing_key.CONFIG))


@answers_errors(refuse_handshake)
def lambda_handler(event: Event, context: Context) -> Answer:
    """Answer 200 to open the connection; any other status refuses it."""
    connection_id = event["requestContext"]["connectionId"]
    request = ConnectRequest.from_event(event)
    logger.append_keys(session_id=request.session_id)
    now = time.time()

    check_origin(request.origin, ALLOWED_ORIGINS)
    identity = identify(request, now)
    logger.append_keys(session_id=identity.session_id)

    _check_room(identity.session_id, now)
    # Now: the row is opening for some seconds from here on, and the signing key may have been slow to come.
    _store(identity, Connection.opened(identity, connection_id, time.time()))
    metrics.count("Connected")
    logger.info("connected")

    return {"statusCode": int(HTTPStatus.OK), "headers": request.subprotocol}


def _check_room(session_id: str, now: float) -> None:
    """
    Raises:
        TooManyConnections: If the session has as many connections as it may have.

    """
    if MAX_CONNECTIONS and CONNECTIONS.count(session_id, now) >= MAX_CONNECTIONS:
        raise TooManyConnections("The session has as many connections as it may have.", "session_id")


def _store(identity: Identity, connection: Connection) -> None:
    """
    Raises:
        Forbidden: If the credential has opened its one connection already.

    """
    if identity.once is None:
        CONNECTIONS.add(connection)
    elif not CONNECTIONS.add_once(connection, identity.once, identity.once_until):
        raise Forbidden("The signature has been used already.")
