"""DynamoDB over delivery's own HTTP engine. boto3 takes three times the CPU for a read."""

import asyncio
import itertools
import json
import random
import time
from collections.abc import Callable
from typing import Any, TypeVar

from delivery.backoff import backoff
from delivery.dynamodb_answers import ENDPOINT, DynamoDBError, result_of
from delivery.http.endpoint import Endpoint
from delivery.http.exchange import Body, Request, Response

T = TypeVar("T")

VERSION = "DynamoDB_20120810"
"""The version of DynamoDB's API, which the header X-Amz-Target names."""


class Operation(Request):
    """A request to DynamoDB, whose response somebody awaits."""

    __slots__ = ("response", "target")

    def __init__(self, name: str, body: Body, response: "asyncio.Future[Response]") -> None:
        super().__init__("POST", "", body)
        self.target = f"{VERSION}.{name}"
        self.response = response

    @property
    def is_wanted(self) -> bool:
        return not self.response.done()

    def ended(self, response: Response) -> None:
        if self.is_wanted:
            self.response.set_result(response)


class DynamoDB:
    """
    One table of DynamoDB.

    Args:
        endpoint: Makes the requests.
        table_name: Of the table that the requests are about.
        chance: Returns a random number from 0 to 1. See ``backoff``.
        clock: Returns epoch seconds. Unlike the event loop's clock, it goes on while Lambda freezes the environment.

    """

    def __init__(
        self,
        endpoint: Endpoint,
        table_name: str,
        chance: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.endpoint = endpoint
        self._table_name = table_name
        self._chance = chance
        self._clock = clock

    async def ask(
        self, operation: str, arguments: dict[str, Any], seconds: float, read: Callable[[dict[str, Any]], T]
    ) -> T:
        """
        Ask for an operation, and return what ``read`` makes of its result.

        DynamoDB may do the operation more than once, because a request is repeated if its answer is lost.

        Args:
            operation: ``Query``, for example.
            arguments: Without the table's name.
            seconds: Time for all attempts.
            read: Reads the result. An error such as KeyError says that the result is not DynamoDB's.

        Raises:
            DynamoDBError: If DynamoDB refuses, or if the time is up. Then the error is that of the last attempt.

        """
        body = Body.of(json.dumps({"TableName": self._table_name, **arguments}).encode())
        end, end_by_clock = asyncio.get_running_loop().time() + seconds, self._clock() + seconds
        last = DynamoDBError(f"no answer in time: {ENDPOINT}")
        try:
            async with asyncio.timeout_at(end):
                for attempt in itertools.count():
                    if self._clock() >= end_by_clock:
                        break
                    try:
                        return result_of(await self._response(operation, body), read)
                    except DynamoDBError as error:
                        last = error
                    if not last.may_pass:
                        break
                    left = end - asyncio.get_running_loop().time()
                    await asyncio.sleep(backoff(attempt, left, self._chance))
        except TimeoutError:
            pass
        raise last

    async def _response(self, operation: str, body: Body) -> Response:
        request = Operation(operation, body, asyncio.get_running_loop().create_future())
        self.endpoint.submit(request)
        try:
            return await request.response
        finally:
            if request.response.cancelled():
                self.endpoint.withdraw(request)
