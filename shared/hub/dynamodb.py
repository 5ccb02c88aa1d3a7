"""How DynamoDB is asked: again when its answer is lost or cut, and never for longer than some seconds."""

import binascii
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

from botocore.config import Config
from botocore.exceptions import ReadTimeoutError, ResponseStreamingError

T = TypeVar("T")

ATTEMPTS = 4
"""How often a request is made that DynamoDB throttles, does not answer, or answers with half an answer."""

CONFIG = Config(connect_timeout=2, read_timeout=2, retries={"mode": "standard", "total_max_attempts": ATTEMPTS})
"""For the client. The timeouts are seconds without a byte: an answer that drips outlasts them."""


def ask(call: Callable[..., T], end: float, **arguments: Any) -> T:
    """
    Call a method of the client, and wait for its answer until some time, all attempts together.

    No timeout of botocore's bounds an answer whose bytes come one by one, so the call has a thread of its own,
    and one that takes too long is left to end there.

    Args:
        call: A method that may be called again with the same arguments.
        end: By the clock ``time.monotonic``.

    Raises:
        BotoCoreError: If there was no answer in time, or none that was whole.
        ClientError: If DynamoDB refused.

    """
    answer: Future[T] = Future()
    threading.Thread(target=_settle, args=(answer, partial(_repeat, call, arguments)), daemon=True).start()
    try:
        return answer.result(max(0, end - time.monotonic()))
    except TimeoutError:
        raise ReadTimeoutError(endpoint_url="DynamoDB") from None


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


def _repeat(call: Callable[..., T], arguments: dict[str, Any]) -> T:
    for _ in range(ATTEMPTS - 1):
        try:
            return call(**arguments)
        except ResponseStreamingError:
            continue
    return call(**arguments)


def _settle(answer: Future[T], work: Callable[[], T]) -> None:
    try:
        answer.set_result(work())
    except BaseException as error:  # noqa: BLE001 - handed over to the thread that asked
        answer.set_exception(error)
