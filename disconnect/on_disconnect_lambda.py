"""
The route ``$disconnect``: a connection has closed.

API Gateway usually calls this route once for each connection, but it may call it twice or never.

"""

import os
from http import HTTPStatus

import boto3

from hub import metrics
from hub.answers import Answer, Context, Event, answers_errors, refuse_handshake
from hub.connections import Connections
from hub.dynamodb import CONFIG
from hub.log import logger
from hub.settings import DisconnectSettings

SETTINGS = DisconnectSettings.from_env(os.environ)
CONNECTIONS = Connections(boto3.client("dynamodb", config=CONFIG), SETTINGS.table_name)


@answers_errors(refuse_handshake)
def lambda_handler(event: Event, context: Context) -> Answer:
    """Remove the connection's row, and answer 200 even if there was no row. Nobody reads the answer."""
    # The request context is all there is to parse. There is nothing to authorise: the connection is closed already.
    request = event["requestContext"]
    logger.append_keys(connection_id=request["connectionId"])

    session_id = CONNECTIONS.forget(request["connectionId"])
    metrics.count("Disconnected")
    logger.info("disconnected", session_id=session_id, close_code=request.get("disconnectStatusCode"))

    return {"statusCode": int(HTTPStatus.OK)}
