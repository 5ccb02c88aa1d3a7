"""Requests to DynamoDB: which of them are made again, for how long, and why an answer counts as lost."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvloop

from delivery import backoff
from delivery.dynamodb import DynamoDB, Operation
from delivery.dynamodb_answers import CONDITION_FAILED, ENDPOINT, DynamoDBError, result_of
from delivery.http.endpoint import Endpoint
from delivery.http.exchange import Body, Response
from delivery.http.service import DYNAMODB
from delivery.http.whole_answer import MAX_BODY
from hub.connection import Connection
from tests.support.called_tables import PATIENT, CalledTable, table_at
from tests.support.fan_outs import PLENTY, access
from tests.support.faulty_dynamodb import ANSWERS, LOST, SLOW, WHOLE, FaultyDynamoDB, answer

ROW = Connection("s1", "one=", 1_795_000_000_500, 9_999_999_999)

METHODS: dict[str, tuple[Callable[[CalledTable], Any], Any]] = {
    "find": (lambda called: called.find("one="), ROW),
    "page": (lambda called: called.rows("s1"), [ROW]),
    "remove": (lambda called: called.remove(ROW), None),
}


# What is repeated.


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fault", sorted(LOST))
def test_a_request_whose_answer_is_lost_is_made_again(faulty_table: FaultyDynamoDB, fault: str, method: str) -> None:
    call, expected = METHODS[method]
    faulty_table.script = [fault, "whole"]

    with table_at(faulty_table.url) as called:
        assert call(called) == expected
    assert faulty_table.asked == ["DeleteItem" if method == "remove" else "Query"] * 2


@pytest.mark.parametrize("fault", sorted(LOST - {"throttled", "500", "503"}))
def test_a_delete_whose_answer_was_lost_may_find_nothing_to_delete(faulty_table: FaultyDynamoDB, fault: str) -> None:
    faulty_table.script = [fault, "refused"]
    with table_at(faulty_table.url) as called:
        called.remove(ROW)
    assert faulty_table.asked == ["DeleteItem", "DeleteItem"]


def test_a_refusal_is_not_repeated(faulty_table: FaultyDynamoDB) -> None:
    faulty_table.script = ["refused"]
    with table_at(faulty_table.url) as called, pytest.raises(DynamoDBError, match=f"^{CONDITION_FAILED}"):
        called.find("one=")
    assert faulty_table.asked == ["Query"]


def test_each_retry_waits_longer(faulty_table: FaultyDynamoDB, monkeypatch: pytest.MonkeyPatch) -> None:
    faulty_table.script = ["throttled", "500", "another checksum", "a page", "whole"]
    waited: list[float] = []

    def at_once(attempt: int, left: float, chance: Callable[[], float]) -> float:
        assert 0 < left <= PLENTY
        waited.append(backoff.backoff(attempt, left, lambda: 1.0))
        return 0.0

    monkeypatch.setattr("delivery.dynamodb.backoff", at_once)
    with table_at(faulty_table.url) as called:
        assert called.find("one=") == ROW
    assert waited == [0.05, 0.1, 0.2, 0.4]


# For how long.


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fault", sorted(SLOW | {"throttled", "closed"}))
def test_the_time_bounds_all_attempts(faulty_table: FaultyDynamoDB, fault: str, method: str) -> None:
    faulty_table.script = [fault]
    with table_at(faulty_table.url, within=0.05) as called, pytest.raises(DynamoDBError) as caught:
        METHODS[method][0](called)
    assert caught.value.may_pass
    if fault in SLOW:
        assert str(caught.value) == f"no answer in time: {ENDPOINT}"


def test_the_time_that_is_left_bounds_a_search_too(faulty_table: FaultyDynamoDB) -> None:
    faulty_table.script = ["nothing"]
    with table_at(faulty_table.url) as called, pytest.raises(DynamoDBError, match=r"^no answer in time: check"):
        called.find("one=", seconds=0.05)


def test_the_time_bounds_all_four_reads_of_a_search_together(
    faulty_table: FaultyDynamoDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ANSWERS, "none", [answer(200, b'{"Items":[]}')])
    faulty_table.script = ["none"]
    with table_at(faulty_table.url, within=0.05, retry_delays=(0.05, 0)) as called, pytest.raises(DynamoDBError):
        called.find("one=")
    assert len(faulty_table.asked) <= 2


# One attempt.


async def one_attempt(url: str) -> Response:
    """Return the response to a request that is made once."""
    endpoint = Endpoint(DYNAMODB._replace(timing=PATIENT), url, access())
    request = Operation("Query", Body.of(b"{}"), asyncio.get_running_loop().create_future())
    endpoint.submit(request)
    try:
        return await request.response
    finally:
        await endpoint.close()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("closed", "the connection was lost"),
        ("reset", "the connection was lost"),
        ("no HTTP", "the answer is not HTTP"),
        ("half a head", "the connection was lost"),
        ("half a body, closed", "the connection was lost"),
        ("half a body, reset", "the connection was lost"),
        ("half a body in chunks", "the connection was lost"),
        ("half a refusal", "the connection was lost"),
        ("half a body of no length", "not an answer from DynamoDB (HTTP 200, request without an id)"),
        ("half a body that says it is whole", "not an answer from DynamoDB (HTTP 200, request without an id)"),
        ("another checksum", "the answer's checksum does not match its body"),
        ("a checksum that is no number", "the answer's checksum does not match its body"),
    ],
)
def test_a_lost_answer_has_a_reason(faulty_table: FaultyDynamoDB, fault: str, reason: str) -> None:
    faulty_table.script = [fault]
    response = uvloop.run(one_attempt(faulty_table.url))
    with pytest.raises(DynamoDBError) as caught:
        result_of(response, lambda content: content["Items"])
    assert str(caught.value) == f"{reason}: {ENDPOINT}"
    assert caught.value.may_pass
    assert len(faulty_table.asked) == 1


def chunked(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(body), body)


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([answer(200, WHOLE.ljust(MAX_BODY))], id="with-a-length"),
        pytest.param([chunked(WHOLE.ljust(MAX_BODY)), b"0\r\n\r\n"], id="in-chunks"),
        pytest.param([b"HTTP/1.1 200 OK\r\n\r\n" + WHOLE.ljust(MAX_BODY), "close"], id="until-the-end"),
    ],
)
def test_an_answer_may_be_as_long_as_the_limit(
    faulty_table: FaultyDynamoDB, monkeypatch: pytest.MonkeyPatch, steps: list[bytes | str]
) -> None:
    monkeypatch.setitem(ANSWERS, "long", steps)
    faulty_table.script = ["long"]
    with table_at(faulty_table.url) as called:
        assert called.find("one=") == ROW


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([answer(200, WHOLE.ljust(MAX_BODY + 1), length=2 * MAX_BODY), "silence"], id="with-a-length"),
        pytest.param([answer(400, WHOLE.ljust(MAX_BODY + 1))], id="of-a-refusal"),
        pytest.param([chunked(WHOLE.ljust(MAX_BODY + 1)), "silence"], id="in-chunks"),
        pytest.param([b"HTTP/1.1 200 OK\r\n\r\n" + WHOLE.ljust(MAX_BODY + 1), "silence"], id="until-the-end"),
    ],
)
def test_a_longer_answer_is_refused_at_once_and_not_asked_for_again(
    faulty_table: FaultyDynamoDB, monkeypatch: pytest.MonkeyPatch, steps: list[bytes | str]
) -> None:
    monkeypatch.setitem(ANSWERS, "too long", steps)
    faulty_table.script = ["too long"]
    with table_at(faulty_table.url) as called:
        with pytest.raises(DynamoDBError, match=f"^the answer is longer than {MAX_BODY} bytes: ") as caught:
            called.find("one=")
        assert not caught.value.may_pass
        assert faulty_table.asked == ["Query"]

        faulty_table.script = ["whole"]
        assert called.find("one=") == ROW


# Requests that nobody waits for any more.


@dataclass
class Patient:
    """A DynamoDB that answers each request with its number, but not before it may."""

    url: str = ""
    asked: list[int] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError), contextlib.closing(writer):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
                number = json.loads(await reader.readexactly(length))["number"]
                self.asked.append(number)
                self.arrived.set()
                await self.may_answer.wait()
                writer.write(answer(200, b'{"number":%d}' % number))


@contextlib.asynccontextmanager
async def patient() -> AsyncIterator[tuple[Patient, DynamoDB]]:
    """Yield a server, and a table that has one HTTP connection to it."""
    served = Patient()
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    endpoint = Endpoint(DYNAMODB._replace(timing=PATIENT, max_channels=1), url, access())
    try:
        yield served, DynamoDB(endpoint, "t")
    finally:
        await endpoint.close()
        server.close()
        await server.wait_closed()


def ask(dynamodb: DynamoDB, number: int) -> "asyncio.Task[int]":
    return asyncio.create_task(dynamodb.ask("Query", {"number": number}, PLENTY, lambda content: content["number"]))


def test_a_withdrawn_request_is_not_sent_and_a_late_answer_disturbs_nobody() -> None:
    async def scenario() -> None:
        async with patient() as (served, dynamodb):
            first = ask(dynamodb, 1)
            await served.arrived.wait()
            second, third = ask(dynamodb, 2), ask(dynamodb, 3)
            await asyncio.sleep(0)  # both begin
            assert dynamodb.endpoint.waiting == 2
            for withdrawn in (first, second):
                withdrawn.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await withdrawn
            assert dynamodb.endpoint.waiting == 1

            served.may_answer.set()
            assert await third == 3
            assert await ask(dynamodb, 4) == 4
            assert served.asked == [1, 3, 4]

    uvloop.run(scenario())


# Requests that nobody waits for any more.


def test_a_request_that_nobody_waits_for_is_not_made_again() -> None:
    async def run() -> None:
        endpoint = Endpoint(DYNAMODB, "http://127.0.0.1:9", access())
        wanted, unwanted = (
            Operation("Query", Body.of(b"{}"), asyncio.get_running_loop().create_future()) for _ in range(2)
        )
        unwanted.response.cancel()
        endpoint.unanswered(unwanted)
        assert endpoint.waiting == 0
        endpoint.unanswered(wanted)
        assert endpoint.waiting == 1
        await endpoint.close()

    asyncio.run(run())


def test_a_request_without_an_answer_has_its_time_anew_only_once(faulty_table: FaultyDynamoDB) -> None:
    faulty_table.script = ["nothing"]
    now = 0.0
    timing = PATIENT._replace(response=1.0, check=0.001)

    async def run() -> Response:
        nonlocal now
        endpoint = Endpoint(DYNAMODB._replace(timing=timing), faulty_table.url, access(), clock=lambda: now)
        request = Operation("Query", Body.of(b"{}"), asyncio.get_running_loop().create_future())
        endpoint.submit(request)
        while not faulty_table.asked:  # noqa: ASYNC110 - the server is in a thread of its own
            await asyncio.sleep(0.01)
        for _ in range(4):  # messages that follow each other at once
            now += 0.6
            endpoint.begin()
            await asyncio.sleep(0.01)
        try:
            return await asyncio.wait_for(request.response, PLENTY)
        finally:
            await endpoint.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(run()).reason == "no answer in time"
