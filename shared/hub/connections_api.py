"""The ``@connections`` API, as ConnectFunction uses it. MessageFunction has its own way there: see ``delivery``."""

import functools
import time
from collections import defaultdict
from http import HTTPStatus
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from hub.advice import FORBIDDEN
from hub.asking import NoAnswer, Service, Unreadable
from hub.connection import Connection
from hub.log import logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient

CONFIG = Config(connect_timeout=1, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 2})
"""For the client: seconds without a byte, and attempts. API Gateway may have closed an HTTP connection that botocore
keeps open; the second attempt opens a new one."""

WITHIN = 1.0
"""Seconds for all requests of one search."""

AT_ONCE = 3
"""Requests at the same time. Opening an HTTP connection takes botocore 25 ms of CPU, nearly all of it to read the
certificates. For ten HTTP connections, the seventh of a CPU that ConnectFunction has would need longer than WITHIN."""


class NotAUrl(BotoCoreError):
    """botocore cannot make a client for the endpoint. The cause is botocore's own error."""

    fmt = "WEBSOCKET_ENDPOINT is not a URL"


class ConnectionsApi:
    """
    The ``@connections`` API.

    Args:
        make_client: Makes the client when it is needed for the first time.
        within: See WITHIN.

    """

    def __init__(self, make_client: "Callable[[], ApiGatewayManagementApiClient]", within: float = WITHIN) -> None:
        self._client = functools.cache(make_client)
        self._within = within
        self._service = Service("@connections", AT_ONCE)

    def gone(self, connections: list[Connection], deadline: float) -> list[Connection]:
        """
        Return those connections for which ``@connections`` answers 410.

        A connection without an answer, or with an answer that says nothing, is not among them. The log says once for
        each reason how many connections that concerns.

        Args:
            deadline: By the clock ``time.monotonic``.

        Raises:
            NotAUrl: If nobody can be asked.

        """
        try:
            get = self._client().get_connection
        except ValueError as error:
            raise NotAUrl from error
        deadline = min(deadline, time.monotonic() + self._within)
        begun = [(row, self._service.begin(get, deadline, ConnectionId=row.connection_id)) for row in connections]
        gone: list[Connection] = []
        failed: dict[str, list[str]] = defaultdict(list)
        for row, answer in begun:
            try:
                self._service.result(answer, deadline)
            except (BotoCoreError, ClientError) as error:
                if _status(error) == HTTPStatus.GONE:
                    gone.append(row)
                else:
                    failed[_reason(error)].append(row.connection_id)
        for reason, ids in failed.items():
            logger.error("get failed", reason=reason, connections=len(ids), recipient=ids[0])
        return gone


def _status(error: BotoCoreError | ClientError) -> int | None:
    """Return the status of an answer. Its error code does not say more: a 410 may come without one."""
    return error.response["ResponseMetadata"]["HTTPStatusCode"] if isinstance(error, ClientError) else None


def _reason(error: BotoCoreError | ClientError) -> str:
    """Return why an answer says nothing, without text of botocore's."""
    if isinstance(error, ClientError):
        status = _status(error)
        # botocore takes the status for the code if the answer has no code.
        reason = " ".join(dict.fromkeys([str(status), error.response["Error"]["Code"]]))
        return FORBIDDEN.format(reason) if status == HTTPStatus.FORBIDDEN else reason
    return str(error) if isinstance(error, (NoAnswer, Unreadable)) else type(error).__name__
