"""Asks a service of AWS: repeats a request whose answer is cut, and waits only until a deadline."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

from botocore.exceptions import ReadTimeoutError, ResponseStreamingError

T = TypeVar("T")

ATTEMPTS = 4
"""The most times that one request is made, if the service throttles it, does not answer, or cuts the answer."""


def ask(service: str, operation: Callable[..., T], deadline: float, **arguments: Any) -> T:
    """
    Call an operation of a client, and wait for its answer until the deadline, all attempts included.

    No timeout of botocore's bounds an answer that comes byte by byte. Therefore the call runs in a thread of its own.
    A call that is not done at the deadline goes on in its thread, and nobody waits for it any more.

    Args:
        service: The service's name, for the error when there is no answer in time.
        operation: A method of the client. It may be called again with the same arguments.
        deadline: By the clock ``time.monotonic``.

    Raises:
        BotoCoreError: If there is no complete answer before the deadline, or in ATTEMPTS attempts.
        ClientError: If the service refuses the request.

    """
    answer: Future[T] = Future()
    threading.Thread(target=_settle, args=(answer, partial(_repeat, operation, arguments)), daemon=True).start()
    try:
        return answer.result(max(0, deadline - time.monotonic()))
    except TimeoutError:
        raise ReadTimeoutError(endpoint_url=service) from None


def _repeat(operation: Callable[..., T], arguments: dict[str, Any]) -> T:
    """Repeat a call whose answer is cut. botocore itself repeats a request that is throttled or not answered."""
    for _ in range(ATTEMPTS - 1):
        try:
            return operation(**arguments)
        except ResponseStreamingError:
            continue
    return operation(**arguments)


def _settle(answer: Future[T], call: Callable[[], T]) -> None:
    try:
        answer.set_result(call())
    except BaseException as error:  # noqa: BLE001 - passed on to the thread that waits
        answer.set_exception(error)
