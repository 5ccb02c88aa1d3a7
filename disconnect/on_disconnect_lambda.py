"""``$disconnect``: a connection has closed. API Gateway calls it once, twice or never."""

import os
from http import HTTPStatus

import boto3

from hub import metrics
from hub.answers import Answer, Context, Event, answers_errors, refuse_handshake
from hub.connections import Connections
from hub.dynamodb import CONFIG
from hub.log import logger
from hub.settings import require

(TABLE_NAME,) = require(os.environ, "TABLE_NAME")
CONNECTIONS = Connections(boto3.client("dynamodb", config=CONFIG), TABLE_NAME)


@answers_errors(refuse_handshake)
def lambda_handler(event: Event, context: Context) -> Answer:
    """Answer 200, also when there was nothing to forget. Nobody reads the answer."""
    # Nothing to parse but the id, and nothing to authorise: the connection is closed already.
    request = event["requestContext"]

    session_id = CONNECTIONS.forget(request["connectionId"])
    metrics.count("Disconnected")
    logger.info("disconnected", session_id=session_id, close_code=request.get("disconnectStatusCode"))

    return {"statusCode": int(HTTPStatus.OK)}
