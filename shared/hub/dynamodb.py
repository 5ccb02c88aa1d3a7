"""What is special about DynamoDB's client: its timeouts, and a check that its answers are whole."""

import binascii
import json
from http import HTTPStatus
from typing import Any

from botocore.config import Config
from botocore.exceptions import ResponseStreamingError

from hub.asking import ATTEMPTS

CONFIG = Config(connect_timeout=1, read_timeout=1, retries={"mode": "standard", "total_max_attempts": ATTEMPTS})
"""For the client. The timeouts are seconds without a byte: an answer that drips outlasts them."""


def check_answer(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object) -> None:
    """
    Check that an answer is whole, and take the items out of it, before botocore parses it.

    For the event ``before-parse.dynamodb``. botocore takes a body that ends early for a whole one: half an answer
    to DeleteItem is a success to it.

    botocore's parser looks for each of DynamoDB's ten types in each value, which took a quarter of the CPU of a large
    delivery. The rows have no binary values, so the items are as JSON has them. Were the event ever to go,
    botocore would parse the items as well as ever.

    Raises:
        ResponseStreamingError: If it is not whole. ``ask`` asks again.

    """
    status = response_dict["status_code"]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return  # botocore asks again, whatever the body
    try:
        content = _whole(response_dict)
    except ValueError as error:
        raise ResponseStreamingError(error=f"status {status}: {error}") from error
    if status == HTTPStatus.OK and "Items" in content:
        customized_response_dict["Items"] = content.pop("Items")
        response_dict["body"] = json.dumps(content).encode()


def _whole(response_dict: dict[str, Any]) -> dict[str, Any]:
    checksum = response_dict["headers"].get("x-amz-crc32")
    if checksum is not None and int(checksum) != binascii.crc32(response_dict["body"]):
        raise ValueError("the checksum is another")
    content = json.loads(response_dict["body"])
    if not isinstance(content, dict):
        raise ValueError("JSON, but not an object")
    return content
