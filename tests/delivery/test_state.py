"""Things that stay open between messages break: one message may fail, and the next message is delivered."""

import asyncio
import contextlib
import io
import os
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import pytest

from delivery.http.endpoint import Endpoint
from delivery.http.exchange import Request
from delivery.http.service import CONNECTIONS_API
from delivery.stuck import PATIENCE
from delivery.table import Page
from hub.connection_requests import Arguments
from tests.support.corpus import TEXT
from tests.support.fan_outs import (
    ENVELOPE,
    NOW,
    PLENTY,
    Rows,
    Sending,
    access,
    account,
    endpoint_at,
    fan_out_to,
    lines,
    row,
)
from tests.support.faulty import FaultyEndpoint


def unix_sockets() -> set[int]:
    """Return the file descriptors of this process that are UNIX sockets, such as uvloop's sockets for signals."""
    numbers = set()
    for number in range(3, 512):
        with contextlib.suppress(OSError):
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                with socket.socket(fileno=os.dup(number)) as copy:
                    numbers |= {number} if copy.family == socket.AF_UNIX else set()
    return numbers


def test_an_event_loop_has_no_sockets_for_signals_that_could_break(faulty: FaultyEndpoint) -> None:
    # As in MagicStack/uvloop#625: other code closed the sockets while the loop ran.
    class Closing(Rows):
        async def page(self, session_id: str, start: Arguments) -> Page:
            for number in unix_sockets() - before:
                os.close(number)
            return await super().page(session_id, start)

    rows = Closing([row("s1", "one=")])
    before = set(range(512))
    with fan_out_to(faulty.url, rows) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=PLENTY) == {"s1": DELIVERED}
        before = unix_sockets()
        for _ in range(2):
            assert out.send(ENVELOPE, ("s1",), None, seconds=PLENTY) == {"s1": DELIVERED}
    assert faulty.opened == 1


@dataclass
class Inside:
    """
    A clock that can do something within the event loop: the delivery reads it there.

    Attributes:
        loops: The event loop at each reading.
        once: What the clock does at the next reading, beside telling the time.

    """

    loops: list[asyncio.AbstractEventLoop] = field(default_factory=list)
    once: Callable[[asyncio.AbstractEventLoop], object] | None = None

    def __call__(self) -> float:
        self.loops.append(asyncio.get_running_loop())
        once, self.once = self.once, None
        if once:
            once(self.loops[-1])
        return NOW


def fail() -> None:
    raise AssertionError("a callback fails")


def exit_() -> None:
    raise SystemExit


@contextlib.contextmanager
def delivering(url: str, inside: Inside, endpoint: type[Endpoint] = Endpoint) -> Iterator[Callable[[], object]]:
    """Yield a function that delivers one message to one connection, and returns the account."""
    table = Rows([row("s1", "one=")])
    out = Sending(lambda: table, lambda: endpoint(CONNECTIONS_API, url, access()), False, clock=inside)
    try:
        yield lambda: out.send(ENVELOPE, ("s1",), None, seconds=PLENTY)["s1"]
    finally:
        out.close()


@contextlib.contextmanager
def with_an_idle_loop(url: str) -> Iterator[tuple[Callable[[], object], asyncio.AbstractEventLoop]]:
    """Yield such a function and its event loop, which has delivered a message and has no HTTP connections."""
    inside, table = Inside(), Rows([row("s1", "one=")])
    out = Sending(lambda: table, lambda: endpoint_at(url), False, clock=inside)
    try:
        assert out.send(ENVELOPE, ("s1",), None, seconds=5) == {"s1": DELIVERED}
        inside.loops[0].run_until_complete(out.endpoint.close())
        yield lambda: out.send(ENVELOPE, ("s1",), None, seconds=5)["s1"], inside.loops[0]
    finally:
        out.close()


DELIVERED = account(1, delivered=1)


@pytest.mark.parametrize(
    ("once", "error"),
    [
        pytest.param(lambda loop: fail(), AssertionError, id="a-fault-midway"),
        pytest.param(lambda loop: loop.stop(), RuntimeError, id="the-loop-stopped"),
        pytest.param(lambda loop: loop.call_soon(exit_), SystemExit, id="an-exit-in-a-callback"),
        pytest.param(
            lambda loop: [task.cancel() for task in asyncio.all_tasks(loop)], asyncio.CancelledError, id="cancelled"
        ),
    ],
)
def test_an_event_loop_that_broke_a_message_is_replaced(
    faulty: FaultyEndpoint, once: Callable[[asyncio.AbstractEventLoop], object], error: type[BaseException]
) -> None:
    inside = Inside()
    with delivering(faulty.url, inside) as deliver:
        assert deliver() == DELIVERED
        inside.once = once
        with pytest.raises(error):
            deliver()
        assert [deliver(), deliver()] == [DELIVERED] * 2
        first, *_, broken, third, fourth = inside.loops
    assert first is broken
    assert broken is not third
    assert third is fourth
    assert broken.is_closed()


def test_a_loop_that_was_closed_is_replaced(faulty: FaultyEndpoint) -> None:
    with with_an_idle_loop(faulty.url) as (deliver, loop):
        loop.close()
        with pytest.raises(RuntimeError, match="closed"):
            deliver()
        assert [deliver(), deliver()] == [DELIVERED] * 2


def test_a_loop_that_is_left_running_is_replaced(faulty: FaultyEndpoint) -> None:
    with with_an_idle_loop(faulty.url) as (deliver, loop):
        started = threading.Event()
        loop.call_soon(started.set)
        running = threading.Thread(target=loop.run_forever)
        running.start()
        started.wait()
        try:
            with pytest.raises(RuntimeError, match="already running"):
                deliver()
            assert [deliver(), deliver()] == [DELIVERED] * 2
        finally:
            loop.call_soon_threadsafe(loop.stop)
            running.join()
            loop.close()


def test_a_callback_that_fails_is_logged_once_and_its_event_loop_is_replaced(
    faulty: FaultyEndpoint, log: io.StringIO
) -> None:
    inside = Inside(once=lambda loop: loop.call_soon(fail))
    with delivering(faulty.url, inside) as deliver:
        assert [deliver(), deliver(), deliver()] == [DELIVERED] * 3
        first, *_, third = inside.loops
    assert first is not third
    (line,) = lines(log)
    assert (line["level"], line["message"], line["exception_name"]) == ("ERROR", "callback failed", "AssertionError")


def test_a_message_does_not_wait_for_a_request_that_a_failed_callback_has_lost(faulty: FaultyEndpoint) -> None:
    faulty.scripts["one="] = ["silence"]
    inside, rows = Inside(once=lambda loop: loop.call_soon(fail)), Rows([row("s1", "one=")])
    with fan_out_to(faulty.url, rows, clock=inside, patience=PATIENCE._replace(broken=0)) as out:
        began = time.monotonic()
        assert out.send(ENVELOPE, ("s1",), None, seconds=PLENTY)["s1"].failed == 1
        assert time.monotonic() - began < PLENTY / 2


def quote(secret: str) -> None:
    raise AssertionError


def test_the_log_line_of_a_failed_callback_does_not_quote_its_arguments(
    faulty: FaultyEndpoint, log: io.StringIO
) -> None:
    with delivering(faulty.url, Inside(once=lambda loop: loop.call_soon(partial(quote, TEXT)))) as deliver:
        deliver()
    assert "callback failed" in log.getvalue()
    assert TEXT not in log.getvalue()


def test_an_endpoint_that_fails_is_replaced(faulty: FaultyEndpoint) -> None:
    class Broken(Endpoint):
        broken = False

        def submit(self, request: Request) -> None:
            assert not self.broken
            self.broken = True
            super().submit(request)

    with delivering(faulty.url, Inside(), Broken) as deliver:
        assert deliver() == DELIVERED
        with pytest.raises(AssertionError):
            deliver()
        assert deliver() == DELIVERED


def test_the_end_of_a_delivery_ends_its_own_reads() -> None:
    # After a failure, the next message begins while the message before it still ends in its old event loop.
    async def work() -> set[asyncio.Task[object]]:
        async with out.delivery(("s1",), PLENTY), out.delivery(("s1",), PLENTY):
            await asyncio.sleep(0)
        return asyncio.all_tasks() - {asyncio.current_task()}

    with fan_out_to("http://127.0.0.1:9/prod", Rows([row("s1", "one=")])) as out:
        assert out.run(work()) == set()
