"""The two requests of a delivery, and what each answer to them means."""

import random
from http import HTTPStatus

from delivery.account import Account
from delivery.http.exchange import Response
from delivery.http.signer import Body
from delivery.opening import LEAST_TIME, ToConnection, Work
from delivery.stuck import MAX_FAILURES
from hub.connection import Connection

BACKOFF, MAX_BACKOFF = 0.05, 5.0
"""Seconds: a retry waits for a random part of BACKOFF, doubled with each attempt up to MAX_BACKOFF.
Source: "Exponential Backoff And Jitter", AWS architecture blog: full jitter."""

NOTHING = Body.of(b"")


class Post(ToConnection):
    """A frame for one connection. It ends in its account as delivered, gone, or neither: failed."""

    __slots__ = ("_account", "_attempts", "_not_taken", "_spent")

    what = "post"

    def __init__(self, work: Work, row: Connection, account: Account, body: Body) -> None:
        super().__init__("POST", work, row, body)
        self._account = account
        self._attempts = 0
        self._not_taken = 0
        self._spent = 0.0

    def ended(self, response: Response) -> None:
        status = response.status
        if status == HTTPStatus.OK:
            self._account.delivered += 1
            self._work.stuck.took(self.connection_id)
            self._work.finished()
        elif status == HTTPStatus.GONE:
            self._account.gone += self._is_gone(response)
        elif response.is_its_own:
            self._wait_for_it(response)
        elif status is None or status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self._try_again(response)
        else:
            self._fail(response)

    def _wait_for_it(self, response: Response) -> None:
        """Try again for a few seconds what this connection alone did not take: nobody else shall wait for it."""
        patience = self._work.patience
        own = patience.stuck if self._work.stuck.failures(self.connection_id) else patience.first
        self._spent += response.seconds
        left, own_left = self._work.time_left(), own.seconds - self._spent
        if min(left, own_left) >= max(LEAST_TIME, response.retry_after):
            delay = max(min(own.delay * 2**self._not_taken, left, own_left), response.retry_after)
            self._not_taken += 1
            self._spent += delay
            self._work.submit_again(self, delay)
            return
        if own_left < left and self._work.stuck.failed(self.connection_id) % MAX_FAILURES == 0:
            self._work.submit(Closing(self._work, self._row, self._account))
        self._fail(response)

    def _try_again(self, response: Response) -> None:
        """Try again until the time is up what no connection gets through: the account is throttled, or AWS fails."""
        left = self._work.time_left()
        if response.is_final or left < LEAST_TIME or response.retry_after > left:
            self._fail(response)
            return
        delay = random.random() * min(BACKOFF * 2**self._attempts, MAX_BACKOFF, left)  # noqa: S311 - no secret
        self._attempts += 1
        self._work.submit_again(self, max(delay, response.retry_after))


class Closing(ToConnection):
    """
    The end of a connection that may not stay. One that is gone already is as good.

    It is tried once: a 429 may be the account's, which must not close connections that it kept from being reached.
    If it fails the row stays: the next message to its session finds it again, or the TTL removes it.

    Args:
        account: Counts it, if the connection is closed for taking nothing.

    """

    __slots__ = ("_account",)

    what = "close"

    def __init__(self, work: Work, row: Connection, account: Account | None = None) -> None:
        super().__init__("DELETE", work, row, NOTHING)
        self._account = account

    def ended(self, response: Response) -> None:
        if response.status in (HTTPStatus.OK, HTTPStatus.NO_CONTENT):
            if self._account:
                self._account.closed += 1
                self._work.closed(self.connection_id)
            self._work.gone(self._row)
            self._work.finished()
        elif response.status == HTTPStatus.GONE:
            self._is_gone(response)
        else:
            if response.is_its_own:
                self._work.stuck.failed(self.connection_id)
            self._fail(response)
