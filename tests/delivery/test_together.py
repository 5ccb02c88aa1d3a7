"""Several requests that are made together: all results in order, or one error, and nothing goes on after it."""

import asyncio

import pytest

from delivery.dynamodb_answers import DynamoDBError
from delivery.together import together


class Requests:
    """
    Requests to nobody.

    Attributes:
        ended: What happened to those that did not answer.

    """

    def __init__(self) -> None:
        self.ended: list[str] = []

    async def answer(self, value: int, steps: int = 0) -> int:
        for _ in range(steps):
            await asyncio.sleep(0)
        return value

    async def fail(self, error: Exception) -> int:
        await asyncio.sleep(0)
        raise error

    async def wait(self) -> int:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise
        raise AssertionError


def test_the_results_are_in_the_order_of_the_requests() -> None:
    requests = Requests()
    assert asyncio.run(together([requests.answer(n, steps=9 - n) for n in range(9)], 60)) == [*range(9)]


def test_nothing_is_waited_for_if_there_is_nothing() -> None:
    nothing: list[int] = asyncio.run(together([], 60))
    assert nothing == []


@pytest.mark.parametrize("error", [DynamoDBError("throttled"), ZeroDivisionError("a fault of the hub")], ids=repr)
def test_after_the_first_failure_the_others_end(error: Exception) -> None:
    requests = Requests()
    with pytest.raises(type(error), match=str(error)):
        asyncio.run(together([requests.wait(), requests.fail(error), requests.wait()], 60))
    assert requests.ended == ["cancelled"] * 2


def test_of_two_failures_one_is_raised() -> None:
    requests = Requests()
    with pytest.raises(DynamoDBError, match="first"):
        asyncio.run(together([requests.fail(DynamoDBError(name)) for name in ("first", "second")], 60))


@pytest.mark.parametrize("seconds", [0.01, 0.0, -1.0], ids=["soon", "at-once", "before"])
def test_when_the_time_is_up_all_end(seconds: float) -> None:
    requests = Requests()
    with pytest.raises(DynamoDBError, match="in time"):
        asyncio.run(together([requests.answer(1), requests.wait()], seconds))
    assert requests.ended in (["cancelled"], [])  # a request that has not begun ends without a word


def test_who_ends_the_caller_ends_the_requests() -> None:
    requests = Requests()

    async def cancelled() -> bool:
        caller = asyncio.create_task(together([requests.wait(), requests.wait()], 60))
        await asyncio.sleep(0.01)
        caller.cancel()
        await asyncio.wait([caller])
        return caller.cancelled()

    assert asyncio.run(cancelled())
    assert requests.ended == ["cancelled"] * 2
