"""Waits for several requests to DynamoDB that are made together."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from delivery.dynamodb_answers import DynamoDBError

T = TypeVar("T")


async def together(requests: list[Coroutine[Any, Any, T]], seconds: float) -> list[T]:
    """
    Return the results of several requests. After the first failure, the others end.

    Args:
        seconds: Time for all of them.

    Raises:
        DynamoDBError: If one fails, or if the time is up.

    """
    tasks = [asyncio.ensure_future(request) for request in requests]
    try:
        async with asyncio.timeout(seconds):
            return list(await asyncio.gather(*tasks))
    except TimeoutError:
        raise DynamoDBError("DynamoDB did not answer all requests in time") from None
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
