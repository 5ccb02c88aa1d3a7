"""
Runs moto's services one request at a time.

moto's transactions of DynamoDB are not atomic, and its services call each other: SNS and S3 put messages into queues of
SQS. Therefore all services share one turn. A request for SQS's messages gives up the turn while it waits for a message.

"""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from aiohttp import web
from moto.sqs.models import Queue

MAX_WAITING = 256
"""Requests that wait for messages at once. More of them wait until one of these is answered."""

PAUSE = 0.05
"""Seconds between two looks into an empty queue."""

Answer = Callable[[web.Request, bytes], web.Response]


class Turns:
    """
    Calls a function with one request at a time.

    Args:
        answer: Called in a thread.

    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._turn = threading.Lock()
        self._one = ThreadPoolExecutor(1)
        self._waiting = ThreadPoolExecutor(MAX_WAITING)
        Queue.wait_for_messages = lambda *_: self._step_aside()  # type: ignore[method-assign]

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        threads = self._waiting if _may_wait(request, body) else self._one
        return await asyncio.get_running_loop().run_in_executor(threads, self._in_turn, request, body)

    def _in_turn(self, request: web.Request, body: bytes) -> web.Response:
        with self._turn:
            return self._answer(request, body)

    def _step_aside(self) -> None:
        """Let other requests run. moto calls this method, in a request's turn, if a queue has no message for it."""
        self._turn.release()
        try:
            time.sleep(PAUSE)
        finally:
            self._turn.acquire()


def _may_wait(request: web.Request, body: bytes) -> bool:
    """Return whether a request is SQS's ReceiveMessage, in JSON or as a form. The queue may say how long it waits."""
    target = request.headers.get("X-Amz-Target", "")
    return target.endswith(".ReceiveMessage") or b"Action=ReceiveMessage" in body + request.query_string.encode()
