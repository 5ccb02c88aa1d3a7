"""The two kinds of requests about connections, and what each response means."""

from http import HTTPStatus

from delivery.account import Account
from delivery.backoff import backoff
from delivery.http.exchange import Body, Response
from delivery.opening import LEAST_TIME, ToConnection, WorkCalls
from hub.connection import Connection

EMPTY = Body.of(b"")


class Post(ToConnection):
    """A frame for one connection. Its account counts it as delivered, as gone, or as neither, which means failed."""

    __slots__ = ("_account", "_attempts", "_not_taken", "_spent")

    what = "post"

    def __init__(self, work: WorkCalls, row: Connection, account: Account, body: Body) -> None:
        super().__init__("POST", work, row, body)
        self._account = account
        self._attempts = 0
        self._not_taken = 0
        self._spent = 0.0

    def ended(self, response: Response) -> None:
        status = response.status
        if status == HTTPStatus.OK:
            self._account.delivered += 1
            self._work.stuck.took(self._row.connection_id)
            self._work.finished()
        elif status == HTTPStatus.GONE:
            self._account.gone += self._take_gone(response)
        elif response.blames_recipient:
            self._retry_for_recipient(response)
        elif status is None or status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self._retry_for_all(response)
        else:
            self._fail(response)

    def _retry_for_recipient(self, response: Response) -> None:
        """Retry for a few seconds. The recipient alone may be the reason, so the ack should not wait longer for it."""
        patience = self._work.patience
        budget = patience.stuck if self._work.stuck.failures(self._row.connection_id) else patience.first
        self._spent += response.seconds
        left, budget_left = self._work.time_left(), budget.seconds - self._spent
        if min(left, budget_left) >= max(LEAST_TIME, response.retry_after):
            delay = max(min(budget.delay * 2**self._not_taken, left, budget_left), response.retry_after)
            self._not_taken += 1
            self._spent += delay
            self._work.submit_again(self, delay)
            return
        if budget_left < left:
            self._work.stuck.failed(self._row.connection_id, self._spent)
            if self._work.stuck.must_close(self._row.connection_id, patience.closing):
                self._work.submit(Closing(self._work, self._row, self._account))
        self._fail(response)

    def _retry_for_all(self, response: Response) -> None:
        """Retry until the time is up. Posts to all recipients fail: AWS throttles the account, or AWS fails."""
        left = self._work.time_left()
        if response.is_final or left < LEAST_TIME or response.retry_after > left:
            self._fail(response)
            return
        delay = backoff(self._attempts, left, self._work.chance)
        self._attempts += 1
        self._work.submit_again(self, max(delay, response.retry_after))


class Closing(ToConnection):
    """
    A request to close a connection: its credential is no longer valid, or it takes no messages.

    A failed request is not repeated. Only 410 is, while the connection may still be opening. If closing fails, the row
    stays: the next message to the session finds the row again, or DynamoDB's TTL removes it.

    Args:
        account: The account that counts the connection as closed, if the connection took no messages.

    """

    __slots__ = ("_account",)

    what = "close"

    def __init__(self, work: WorkCalls, row: Connection, account: Account | None = None) -> None:
        super().__init__("DELETE", work, row, EMPTY)
        self._account = account

    def ended(self, response: Response) -> None:
        if response.status in (HTTPStatus.OK, HTTPStatus.NO_CONTENT):
            if self._account:
                self._account.closed += 1
                self._work.closed(self._row.connection_id)
            self._work.gone(self._row)
            self._work.finished()
        elif response.status == HTTPStatus.GONE:
            self._take_gone(response)
        else:
            if response.blames_recipient:
                self._work.stuck.failed(self._row.connection_id)
            self._fail(response)
