"""A poller with queues and functions of the test: what it receives, and when."""

import asyncio
import io
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from local.console import Console
from local.lambdas.process import Invocation, Result
from local.place import HERE, Place
from local.queues import poller
from local.queues.poller import Poller
from local.queues.sqs import Message, Sqs, SqsError
from local.stack.event_source_types import EventSource
from tests.support.gateway import PATIENCE

SOURCE = EventSource("orders", "Worker", batch_size=2)


def messages(*ids: str) -> list[Message]:
    return [{"MessageId": name, "ReceiptHandle": name, "Body": name, "MD5OfBody": name} for name in ids]


@dataclass
class FakeSqs:
    """Returns the prepared answers of ReceiveMessage in turn, and then none. Errors among them are raised."""

    answers: list[list[Message] | Exception]
    place: Place = HERE
    counts: list[int] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    drained: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self, queue: str, count: int) -> list[Message]:
        self.counts.append(count)
        await asyncio.sleep(0)
        if not self.answers:
            self.drained.set()
            return []
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def delete(self, queue: str, some: list[Message]) -> None:
        self.deleted += [message["MessageId"] for message in some]


@dataclass
class FakeFunction:
    """Keeps the events, and answers when the test lets it."""

    events: list[str] = field(default_factory=list)
    result: Result = field(default_factory=Result)
    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def invoke(self, event: str, invocation: Invocation) -> Result:
        self.events.append(event)
        self.arrived.release()
        await self.may_end.wait()
        return self.result


@dataclass
class Running:
    """A poller at work."""

    sqs: FakeSqs
    function: FakeFunction
    batches: list["asyncio.Task[None]"]
    printed: io.StringIO

    async def end_batches(self) -> None:
        """Let the function answer, and wait until the batches have ended."""
        self.function.may_end.set()
        await asyncio.gather(*self.batches)


def run(
    source: EventSource, answers: list[list[Message] | Exception], work: Callable[[Running], Awaitable[None]]
) -> Running:
    """Run a poller of a source during the work of a test."""

    async def main() -> Running:
        running = Running(FakeSqs(answers), FakeFunction(), [], io.StringIO())

        def start(batch: Coroutine[Any, Any, None]) -> None:
            running.batches.append(asyncio.ensure_future(batch))

        sqs, console = cast("Sqs", running.sqs), Console(running.printed)
        polled = Poller(source, sqs, running.function.invoke, asyncio.Semaphore(8), start, console)
        polling = asyncio.ensure_future(polled.poll())
        try:
            async with asyncio.timeout(PATIENCE):
                await work(running)
        finally:
            polling.cancel()
            running.function.may_end.set()
            await asyncio.wait([polling, *running.batches])
        return running

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("concurrency", "started"), [pytest.param(None, 5, id="default"), pytest.param(2, 2, id="of-the-template")]
)
def test_it_receives_no_more_messages_than_it_may_run(concurrency: int | None, started: int) -> None:
    async def work(running: Running) -> None:
        for _ in range(started):
            await running.function.arrived.acquire()
        for _ in range(100):  # as many steps as a further batch would need many times
            await asyncio.sleep(0)
        assert len(running.sqs.counts) == len(running.function.events) == started
        running.function.may_end.set()
        await running.sqs.drained.wait()
        await running.end_batches()

    source = EventSource("orders", "Worker", batch_size=1, concurrency=concurrency)
    running = run(source, [messages(str(number)) for number in range(9)], work)
    assert sorted(running.sqs.deleted) == [str(number) for number in range(9)]


def test_a_batch_waits_for_more_records_while_its_window_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poller, "LONGEST_PAUSE", 0.001)

    async def work(running: Running) -> None:
        await running.sqs.drained.wait()
        await running.end_batches()

    source = EventSource("orders", "Worker", batch_size=14, window=300)
    answers: list[list[Message] | Exception] = [messages("a", "b"), [], messages("c"), messages(*"defghijklmn")]
    running = run(source, answers, work)
    assert running.sqs.counts[:4] == [14, 12, 12, 11]
    assert (len(running.function.events), len(running.sqs.deleted)) == (1, 14)


def test_a_window_that_is_over_ends_the_batch() -> None:
    async def work(running: Running) -> None:
        await running.function.arrived.acquire()
        await running.end_batches()

    running = run(EventSource("orders", "Worker", batch_size=14, window=1), [messages("a")], work)
    assert running.sqs.deleted == ["a"]


def test_a_failed_batch_is_not_deleted() -> None:
    async def work(running: Running) -> None:
        running.function.result = Result(error={"errorType": "ValueError", "errorMessage": "no"})
        await running.sqs.drained.wait()
        await running.end_batches()

    running = run(SOURCE, [messages("a", "b")], work)
    assert running.sqs.deleted == []
    assert "  orders       Worker  ValueError  " in running.printed.getvalue()


def test_a_queue_that_refuses_is_named_once_and_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poller, "LONGEST_PAUSE", 0.001)
    refusals: list[list[Message] | Exception] = [SqsError("SQS refuses ReceiveMessage: gone") for _ in range(3)]

    async def work(running: Running) -> None:
        await running.sqs.drained.wait()
        await running.end_batches()

    running = run(SOURCE, [*refusals, messages("a"), SqsError("SQS refuses ReceiveMessage: gone")], work)
    assert running.sqs.deleted == ["a"]
    assert running.printed.getvalue().count("orders       SQS refuses ReceiveMessage: gone") == 2
