"""Posting to connections. The only file that knows the ``@connections`` API."""

from enum import Enum, auto
from http import HTTPStatus
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from hub.log import logger

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient

MAX_IN_FLIGHT = 64
"""Posts under way at once. More threads than this only wait for Python's own lock."""

CONFIG = Config(
    connect_timeout=2,  # seconds; without it, a function in a VPC without a way out hangs
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=MAX_IN_FLIGHT,
)


class Outcome(Enum):
    """How one post ended."""

    DELIVERED = auto()
    """API Gateway accepted it for the socket. Not: the application has read it."""
    GONE = auto()
    """The client closed the connection, or API Gateway did: it will not come back."""
    FAILED = auto()
    """Anything else, after the retries; it may pass."""


def post(api: "ApiGatewayManagementApiClient", connection_id: str, payload: bytes) -> Outcome:
    """Post one frame to one connection. Raises nothing: one bad recipient must not stop the rest."""
    try:
        api.post_to_connection(ConnectionId=connection_id, Data=payload)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.GONE:
            return Outcome.GONE
        return _failed(connection_id, error)
    except BotoCoreError as error:
        return _failed(connection_id, error)
    return Outcome.DELIVERED


def close(api: "ApiGatewayManagementApiClient", connection_id: str) -> None:
    """Close a connection that may not stay. Raises nothing: one that is gone already is as good."""
    try:
        api.delete_connection(ConnectionId=connection_id)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != HTTPStatus.GONE:
            logger.error("close failed", recipient=connection_id, error=f"{type(error).__name__}: {error}")
    except BotoCoreError as error:
        logger.error("close failed", recipient=connection_id, error=f"{type(error).__name__}: {error}")


def _failed(connection_id: str, error: Exception) -> Outcome:
    # The error's text names the endpoint and the status, never the payload.
    logger.error("post failed", recipient=connection_id, error=f"{type(error).__name__}: {error}")
    return Outcome.FAILED
