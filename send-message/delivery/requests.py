"""The two requests of a delivery, and what each answer to them means."""

import random
from http import HTTPStatus
from typing import Protocol

from delivery.account import Account
from delivery.exchange import Request, Response
from delivery.signer import Body
from hub.connection import Connection

BACKOFF, MAX_BACKOFF = 0.05, 5.0
"""Seconds: a retry waits for a random part of BACKOFF, doubled with each attempt up to MAX_BACKOFF.
Source: "Exponential Backoff And Jitter", AWS architecture blog: full jitter."""

LEAST_TIME = 0.05
"""Seconds before the end in which nothing is tried again."""

OPENING_DELAYS = (0.05, 0.15, 0.4)
"""Seconds before each further post to a connection that may be opening still."""

OPENING = 3
"""Seconds after its row is stored in which a connection may be opening still. API Gateway
answers 410 until $connect has returned, so a 410 this early does not mean gone."""

FORBIDDEN = (
    "{}: check that the function's role allows execute-api:ManageConnections on this API and stage, "
    "that WEBSOCKET_ENDPOINT is this API's, and that the VPC, if the function is in one, has no VPC endpoint "
    "for execute-api with private DNS"
)

NOTHING = Body.of(b"")


class Work(Protocol):
    """The delivery that a request is part of."""

    def now(self) -> float: ...
    def time_left(self) -> float: ...
    def submit_again(self, request: Request, delay: float) -> None: ...
    def finished(self) -> None: ...
    def gone(self, row: Connection) -> None: ...
    def failed(self, what: str, recipient: str, reason: str) -> None: ...


class Post(Request):
    """A frame for one connection. It ends in its account as delivered, gone, or neither: failed."""

    __slots__ = ("_account", "_attempts", "_openings", "_row", "_work")

    def __init__(self, work: Work, row: Connection, account: Account, body: Body) -> None:
        super().__init__("POST", row.connection_id, body)
        self._work = work
        self._row = row
        self._account = account
        self._attempts = 0
        self._openings = 0

    def ended(self, response: Response) -> None:
        status = response.status
        if status == HTTPStatus.OK:
            self._account.delivered += 1
            self._work.finished()
        elif status == HTTPStatus.GONE:
            self._missed()
        elif status is None or status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self._try_again(response)
        else:
            self._fail(response)

    def _missed(self) -> None:
        age = self._work.now() - self._row.connected_at / 1000
        if age <= OPENING and self._openings < len(OPENING_DELAYS):
            self._openings += 1
            self._work.submit_again(self, OPENING_DELAYS[self._openings - 1])
            return
        self._account.gone += 1
        self._work.gone(self._row)
        self._work.finished()

    def _try_again(self, response: Response) -> None:
        left = self._work.time_left()
        if response.is_final or left < LEAST_TIME or response.retry_after > left:
            self._fail(response)
            return
        delay = random.random() * min(BACKOFF * 2**self._attempts, MAX_BACKOFF, left)  # noqa: S311 - no secret
        self._attempts += 1
        self._work.submit_again(self, max(delay, response.retry_after))

    def _fail(self, response: Response) -> None:
        self._work.failed("post", self.connection_id, _reason(response))
        self._work.finished()


class Closing(Request):
    """The end of a connection that may not stay. One that is gone already is as good."""

    __slots__ = ("_row", "_work")

    def __init__(self, work: Work, row: Connection) -> None:
        super().__init__("DELETE", row.connection_id, NOTHING)
        self._work = work
        self._row = row

    def ended(self, response: Response) -> None:
        if response.status in (HTTPStatus.OK, HTTPStatus.NO_CONTENT, HTTPStatus.GONE):
            self._work.gone(self._row)
        else:
            # The row stays: the next message to its session finds it again, or the TTL removes it.
            self._work.failed("close", self.connection_id, _reason(response))
        self._work.finished()


def _reason(response: Response) -> str:
    if response.status is None:
        return response.reason
    reason = f"{response.status} {response.reason}".strip()
    return FORBIDDEN.format(reason) if response.status == HTTPStatus.FORBIDDEN else reason
