"""``$connect``: a browser opens a connection and joins a session."""

import os
import time
from http import HTTPStatus

import boto3

from hub.answers import Answer, Context, Event, answers_errors, refuse_handshake
from hub.connections import Connection, Connections
from hub.handshake import Handshake, claimed_session
from hub.log import logger
from hub.origins import check_origin, parse_origins
from hub.settings import require, require_auth_mode

TABLE_NAME, AUTH_MODE = require(os.environ, "TABLE_NAME", "AUTH_MODE")
require_auth_mode(AUTH_MODE)
ALLOWED_ORIGINS = parse_origins(os.environ["ALLOWED_ORIGINS"])
CONNECTIONS = Connections(boto3.client("dynamodb"), TABLE_NAME)


@answers_errors(refuse_handshake)
def lambda_handler(event: Event, context: Context) -> Answer:
    """Answer 200 to open the connection; any other status refuses it."""
    connection_id = event["requestContext"]["connectionId"]
    handshake = Handshake.from_event(event)

    check_origin(handshake.origin, ALLOWED_ORIGINS)
    session_id = claimed_session(handshake)

    CONNECTIONS.add(Connection.opened(session_id, connection_id, time.time()))
    logger.info("connected", session_id=session_id)

    return {"statusCode": int(HTTPStatus.OK), "headers": handshake.subprotocol}
