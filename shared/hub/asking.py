"""Asks a service of AWS: repeats a request whose answer is cut, and waits only until a deadline."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, ResponseStreamingError

T = TypeVar("T")

ATTEMPTS = 4
"""The most times that one request is made, if the service throttles it, does not answer, or cuts the answer."""

MAX_CALLS = 16
"""Calls of one service that may run at the same time, calls without a waiting caller included. Each call has a thread
and an HTTP connection. A function makes few calls at a time; the others are calls that nobody waits for any more."""

THREAD = "call of "
"""How the name of a call's thread begins. The name of the service follows."""


class NoAnswer(BotoCoreError):
    """There is no complete answer before the deadline."""

    fmt = "{service} did not answer in time"


class Unreadable(BotoCoreError):
    """botocore cannot read the answer, which is not an answer of this service. The cause is botocore's own error."""

    fmt = "{service}'s answer cannot be read"


class Service:
    """
    A service of AWS.

    Args:
        name: For the errors.
        max_calls: See MAX_CALLS.

    """

    def __init__(self, name: str, max_calls: int = MAX_CALLS) -> None:
        self._name = name
        self._free = threading.Semaphore(max_calls)

    def ask(self, operation: Callable[..., T], deadline: float, **arguments: Any) -> T:
        """
        Call an operation of a client, and wait for its answer until the deadline, all attempts included.

        Args:
            operation: A method of the client. It may be called again with the same arguments.
            deadline: By the clock ``time.monotonic``.

        Raises:
            NoAnswer: If there is no complete answer before the deadline.
            Unreadable: If botocore cannot read the answer.
            BotoCoreError: If there is no complete answer in ATTEMPTS attempts.
            ClientError: If the service refuses the request.

        """
        return self.result(self.begin(operation, deadline, **arguments), deadline)

    def begin(self, operation: Callable[..., T], deadline: float, **arguments: Any) -> Future[T]:
        """
        Begin a call as ``ask`` makes it, for ``result``.

        No timeout of botocore's bounds an answer that comes byte by byte. Therefore the call runs in a thread of its
        own. A call that is not done at the deadline goes on in its thread, and nobody waits for it any more. If
        ``max_calls`` calls are running, this waits until one of them ends, or until the deadline.

        """
        answer: Future[T] = Future()
        if self._free.acquire(timeout=max(0, deadline - time.monotonic())):
            name = f"{THREAD}{self._name}"
            threading.Thread(target=self._settle, args=(answer, operation, arguments), name=name, daemon=True).start()
        return answer

    def result(self, answer: Future[T], deadline: float) -> T:
        """Return the answer to a call that ``begin`` began. Raises the errors of ``ask``."""
        try:
            return answer.result(max(0, deadline - time.monotonic()))
        except TimeoutError:
            raise NoAnswer(service=self._name) from None

    def _settle(self, answer: Future[T], operation: Callable[..., T], arguments: dict[str, Any]) -> None:
        try:
            answer.set_result(_repeat(operation, arguments))
        except (BotoCoreError, ClientError) as error:
            answer.set_exception(error)
        except BaseException as error:  # noqa: BLE001 - botocore's parsers raise any type of error
            unreadable = Unreadable(service=self._name)
            unreadable.__cause__ = error
            answer.set_exception(unreadable)
        finally:
            self._free.release()


def _repeat(operation: Callable[..., T], arguments: dict[str, Any]) -> T:
    """Repeat a call whose answer is cut. botocore itself repeats a request that is throttled or not answered."""
    for _ in range(ATTEMPTS - 1):
        try:
            return operation(**arguments)
        except ResponseStreamingError:
            continue
    return operation(**arguments)
