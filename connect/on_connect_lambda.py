"""The route ``$connect``: a client opens a connection, which joins a session."""

import os
import time
from functools import partial
from http import HTTPStatus

import boto3

from hub import connections_api, metrics
from hub.answers import Answer, Context, Event, answers_errors, refuse_handshake
from hub.auth import signing_secret
from hub.auth.authentication import authenticator
from hub.auth.identity import Identity
from hub.auth.origins import check_origin, parse_origins
from hub.connect_request import ConnectRequest
from hub.connection import Connection
from hub.connections import Connections
from hub.connections_api import ConnectionsApi
from hub.dynamodb import CONFIG
from hub.errors import Forbidden, TooManyConnections
from hub.ghosts import Ghosts
from hub.log import logger
from hub.settings import ConnectSettings

SETTINGS = ConnectSettings.from_env(os.environ)
ALLOWED_ORIGINS = parse_origins(SETTINGS.allowed_origins)
CONNECTIONS = Connections(boto3.client("dynamodb", config=CONFIG), SETTINGS.table_name)
MAKE_API_CLIENT = partial(
    boto3.client,
    "apigatewaymanagementapi",
    endpoint_url=SETTINGS.websocket_endpoint,
    config=connections_api.CONFIG,
)
GHOSTS = Ghosts(CONNECTIONS, ConnectionsApi(MAKE_API_CLIENT))
identify = authenticator(SETTINGS, partial(boto3.client, "secretsmanager", config=signing_secret.CONFIG))


@answers_errors(refuse_handshake)
def lambda_handler(event: Event, context: Context) -> Answer:
    """Answer 200 to open the connection. With any status but 2xx, API Gateway refuses the handshake."""
    connection_id = event["requestContext"]["connectionId"]
    logger.append_keys(connection_id=connection_id)
    request = ConnectRequest.from_event(event)
    logger.append_keys(session_id=request.session_id)
    now = time.time()

    check_origin(request.origin, ALLOWED_ORIGINS)
    identity = identify(request, now)
    logger.append_keys(session_id=identity.session_id)

    _check_limit(identity.session_id, now)
    # The time is read again, because reading the signing key may have taken seconds. A delivery uses the age of
    # the row: for some seconds it cannot tell a connection that is still opening from one that is gone.
    _store(identity, Connection.opened(identity, connection_id, time.time()))
    metrics.count("Connected")
    logger.info("connected")

    return {"statusCode": int(HTTPStatus.OK), "headers": request.subprotocol}


def _check_limit(session_id: str, now: float) -> None:
    """
    Raises:
        TooManyConnections: If the session has MAX_CONNECTIONS_PER_SESSION connections already, and no ghost makes room.

    """
    limit, deadline = SETTINGS.max_connections_per_session, CONNECTIONS.deadline()
    if not limit or CONNECTIONS.count(session_id, now, deadline) < limit:
        return
    if not GHOSTS.make_room(session_id, now, limit, deadline):
        raise TooManyConnections("The session has as many connections as it may have", "session_id")


def _store(identity: Identity, connection: Connection) -> None:
    """
    Raises:
        Forbidden: If the credential may open only one connection, and has opened one already.

    """
    if identity.once is None:
        CONNECTIONS.add(connection)
    elif not CONNECTIONS.add_once(connection, identity.once, identity.once_until):
        raise Forbidden("The signature has been used already")
