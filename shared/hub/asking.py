"""How a service of AWS is asked: again when its answer is cut, and never for longer than some seconds."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

from botocore.exceptions import ReadTimeoutError, ResponseStreamingError

T = TypeVar("T")

ATTEMPTS = 4
"""How often a request is made that the service throttles, does not answer, or answers with half an answer."""


def ask(service: str, call: Callable[..., T], end: float, **arguments: Any) -> T:
    """
    Call a method of the client, and wait for its answer until some time, all attempts together.

    No timeout of botocore's bounds an answer whose bytes come one by one, so the call has a thread of its own,
    and one that takes too long is left to end there.

    Args:
        service: Its name, for the error that there was no answer in time.
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
        raise ReadTimeoutError(endpoint_url=service) from None


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
