"""How the hub asks DynamoDB with boto3: the timeouts, and a check that every answer is complete."""

import binascii
import json
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.config import Config
from botocore.exceptions import ResponseStreamingError

from hub.asking import ATTEMPTS, Service
from hub.connection_requests import Arguments, next_page

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import QueryOutputTypeDef

T = TypeVar("T")

CONFIG = Config(connect_timeout=1, read_timeout=1, retries={"mode": "standard", "total_max_attempts": ATTEMPTS})
"""For the client. A timeout counts seconds without a byte, so an answer that comes byte by byte may take longer."""


class Table:
    """
    One table, each request to which has a deadline. Deadlines are times of the clock ``time.monotonic``.

    Every request raises a ``ClientError`` or ``BotoCoreError`` if DynamoDB fails, or does not answer in time.

    Args:
        within: Seconds from now to the next ``deadline``.

    """

    def __init__(self, client: "DynamoDBClient", name: str, within: float) -> None:
        client.meta.events.register("before-parse.dynamodb", check_answer, unique_id="hub-check-answer")
        self.client = client
        self.name = name
        self._within = within
        self._service = Service("DynamoDB")

    def deadline(self) -> float:
        """Return the deadline for what begins now."""
        return time.monotonic() + self._within

    def request(self, operation: Callable[..., T], deadline: float, **arguments: Any) -> T:
        """Call an operation of the client, such as ``table.client.query``, on this table."""
        return self.ask(operation, deadline, TableName=self.name, **arguments)

    def ask(self, operation: Callable[..., T], deadline: float, **arguments: Any) -> T:
        """Call an operation of the client that names its tables itself."""
        return self._service.ask(operation, deadline, **arguments)

    def query(self, arguments: Arguments, deadline: float) -> Iterator["QueryOutputTypeDef"]:
        """Yield every page of a query."""
        start: Arguments | None = {}
        while start is not None:
            page = self.request(self.client.query, deadline, **arguments, **start)
            yield page
            start = next_page(page)


def check_answer(response_dict: dict[str, Any], **_: object) -> None:
    """
    Check that an answer is complete, before botocore parses it.

    This handles botocore's event ``before-parse.dynamodb``. botocore accepts a body that ends too early: it would
    take half an answer to DeleteItem for a success.

    Raises:
        ResponseStreamingError: If the answer is not complete. ``asking`` then makes the request again.

    """
    status = response_dict["status_code"]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return  # botocore makes the request again, whatever the body
    try:
        _check(response_dict)
    except ValueError as error:
        raise ResponseStreamingError(error=f"status {status}: {error}") from error


def _check(response_dict: dict[str, Any]) -> None:
    """
    Raises:
        ValueError: If the body is not a JSON object, or its checksum is wrong.

    """
    checksum = response_dict["headers"].get("x-amz-crc32")
    if checksum is not None and int(checksum) != binascii.crc32(response_dict["body"]):
        raise ValueError("the checksum does not match the body")
    if not isinstance(json.loads(response_dict["body"]), dict):
        raise ValueError("the body is JSON, but not an object")
