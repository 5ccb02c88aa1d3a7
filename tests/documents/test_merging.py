"""The functions of docs/protocol.md merge live messages with what a client missed. They run in Chromium."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page

from tests.support.browser import needs_chromium
from tests.support.documents import PROTOCOL, script

pytestmark = needs_chromium

HARNESS = """(code) => {
  let events, due, started = 0;
  const setTimeout = (f, milliseconds) => { due = { f, milliseconds }; return ++started; };
  const clearTimeout = () => { due = undefined; };
  const make = new Function("setTimeout", "clearTimeout", code.replaceAll("export ", "") + "return history;");
  window.start = (position) => {
    due = undefined;
    started = 0;
    const send = (frame) => events.push(["ask", JSON.parse(JSON.stringify(frame))]);
    const handOn = ({ seq }) => events.push(["message", seq]);
    window.past = make(setTimeout, clearTimeout)(send, handOn, (...gap) => events.push(["gap", gap]), position);
    window.past.timer = () => { const { f } = due ?? {}; due = undefined; f?.(); };
  };
  window.call = ([name, argument]) => {
    events = [];
    window.past[name](argument);
    return [events, due ? started : 0, due?.milliseconds];
  };
}"""
"""Starts the function with a clock that stands still. ``timer`` calls what waits for the clock."""


class Client:
    """
    A client of the function.

    Attributes:
        log: The numbers of the messages that it handed on, and ``("gap", from, to)`` for each gap.
        question: The question without an answer.
        waits: 0 if no timer runs. Else how many timers have been started.
        milliseconds: Until the timer is due, or None.

    """

    def __init__(self, page: Page, position: int | None = None) -> None:
        self.log: list[Any] = []
        self.question: dict[str, Any] | None = None
        self.waits = 0
        self.milliseconds: int | None = None
        self._page = page
        page.evaluate("(position) => start(position ?? undefined)", position)

    def do(self, name: str, argument: Any = None) -> "Client":
        events, self.waits, self.milliseconds = self._page.evaluate("(step) => call(step)", [name, argument])
        for kind, value in events:
            if kind == "ask":
                self.question = value
            else:
                self.log.append(value if kind == "message" else ("gap", *value))
        return self

    def resume(self) -> "Client":
        return self.do("resume")

    def receive(self, *numbers: int) -> "Client":
        for number in numbers:
            self.do("message", {"seq": number})
        return self

    def answer(self, seq: int, *numbers: int, recovered: bool | None = True, more: bool = False) -> "Client":
        assert self.question
        frame = {"id": self.question["id"], "seq": seq, "more": more, "messages": [{"seq": n} for n in numbers]}
        self.question = None
        return self.do("resumed", frame if recovered is None else frame | {"recovered": recovered})

    @property
    def after(self) -> int | None:
        """The position in the open question, or None if the question has no position."""
        assert self.question
        assert self.question["action"] == "resume"
        return self.question.get("after")


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.evaluate(HARNESS, script("How to merge") + script("When to ask"))
    yield page
    page.close()


def first_visit(page: Page, position: int = 10) -> Client:
    """Return a client that has connected for the first time, and has this position."""
    return Client(page).resume().answer(position, recovered=None)


def test_the_merge_has_as_many_lines_as_the_document_says() -> None:
    assert "in ten lines of JavaScript" in " ".join(PROTOCOL.split())
    assert len(script("How to merge").splitlines()) == 10


def test_the_document_says_how_long_the_function_waits() -> None:
    assert "askAgainIn(250)" in script("When to ask")
    assert "a quarter of a second" in " ".join(PROTOCOL.split())
    assert "askAgainIn(30_000)" in script("When to ask")
    assert "A question without an answer after 30 seconds is lost" in " ".join(PROTOCOL.split())


def test_a_first_visit_asks_for_the_position_alone(page: Page) -> None:
    client = Client(page).resume()
    assert client.after is None
    client.answer(10, recovered=None).receive(11, 12)
    assert (client.log, client.question, client.waits) == ([11, 12], None, 0)


def test_a_reload_goes_on_from_the_stored_position(page: Page) -> None:
    client = Client(page, position=7).resume()
    assert client.after == 7
    assert client.answer(9, 8, 9).log == [8, 9]


@pytest.mark.parametrize(
    ("received", "handed_on"),
    [
        pytest.param([11, 11, 12, 11, 12], [11, 12], id="duplicates"),
        pytest.param([13, 12, 11], [11, 12, 13], id="reordered"),
        pytest.param([9, 10, 11], [11], id="older-than-the-first-position"),
        pytest.param([12, 11, 14, 13, 14], [11, 12, 13, 14], id="two-gaps-that-close"),
    ],
)
def test_live_messages_are_handed_on_once_and_in_order(page: Page, received: list[int], handed_on: list[int]) -> None:
    client = first_visit(page).receive(*received)
    assert (client.log, client.question, client.waits) == (handed_on, None, 0)


def test_a_number_that_stays_absent_is_asked_for_after_a_moment(page: Page) -> None:
    client = first_visit(page).receive(11, 13)
    assert (client.log, client.question, client.milliseconds) == ([11], None, 250)
    client.do("timer")
    assert client.after == 11
    assert client.answer(13, 12, 13).log == [11, 12, 13]
    assert not client.waits


def test_a_number_without_a_message_is_passed(page: Page) -> None:
    client = first_visit(page).receive(11, 13).do("timer").answer(13, 13)
    assert (client.log, client.waits) == ([11, 13], 0)


def test_more_messages_do_not_put_off_the_question(page: Page) -> None:
    client = first_visit(page).receive(12, 13, 14, 15)
    assert client.waits == 2  # the first was for the answer to the first question
    assert client.do("timer").after == 10


def test_another_number_that_stays_absent_is_asked_for_too(page: Page) -> None:
    client = first_visit(page).receive(12).do("timer").receive(15).answer(13, 11, 12, 13)
    assert (client.log, client.milliseconds) == ([11, 12, 13], 250)
    assert client.do("timer").after == 13


def test_live_messages_wait_while_a_question_is_open(page: Page) -> None:
    client = first_visit(page).resume().receive(13, 12, 11, 16)
    assert client.log == []
    client.answer(14, 11, 12, 13, 14)
    assert (client.log, client.milliseconds) == ([11, 12, 13, 14], 250)
    assert client.receive(15).log == [11, 12, 13, 14, 15, 16]


def test_pages_follow_each_other(page: Page) -> None:
    client = first_visit(page).resume().answer(12, 11, 12, more=True)
    assert client.after == 12
    client.answer(40, more=True)
    assert client.after == 40
    assert client.answer(42, 41, 42).log == [11, 12, 41, 42]
    assert client.question is None


def test_the_answer_to_an_older_question_is_ignored(page: Page) -> None:
    client = first_visit(page).resume()
    first = client.question
    client.resume()
    client.do("resumed", {**(first or {}), "seq": 11, "recovered": True, "more": False, "messages": [{"seq": 11}]})
    assert client.log == []
    assert client.answer(12, 11, 12).log == [11, 12]


def test_a_question_without_an_answer_is_asked_again(page: Page) -> None:
    client = first_visit(page).resume().receive(11)
    assert (client.log, client.milliseconds) == ([], 30_000)
    client.do("timer")
    assert (client.after, client.milliseconds) == (10, 30_000)
    client.answer(12, 11, 12)
    assert (client.log, client.question, client.waits) == ([11, 12], None, 0)


def test_a_question_that_fails_is_asked_again_when_the_client_says(page: Page) -> None:
    client = first_visit(page).resume().do("askAgainIn", 5_000)
    assert client.milliseconds == 5_000
    assert client.do("timer").after == 10


def test_what_is_held_is_handed_on_when_history_is_switched_off(page: Page) -> None:
    client = first_visit(page).receive(11, 15, 13).do("timer").receive(14).do("off")
    assert (client.log, client.waits) == ([11, 13, 14, 15], 0)
    assert client.resume().after == 15


def test_a_gap_is_reported_and_the_client_goes_on_from_the_head(page: Page) -> None:
    client = first_visit(page).resume().answer(50, recovered=False).receive(51)
    assert client.log == [("gap", 10, 50), 51]


def test_after_a_gap_the_client_goes_on_from_what_it_holds(page: Page) -> None:
    client = first_visit(page).resume().receive(48, 51).answer(50, recovered=False)
    assert (client.log, client.after, client.milliseconds) == ([("gap", 10, 47), 48], 48, 30_000)
    assert client.answer(51, 49, 50, 51).log == [("gap", 10, 47), 48, 49, 50, 51]


def test_a_head_below_the_position_is_a_gap_too(page: Page) -> None:
    client = first_visit(page).resume().answer(3, recovered=False).receive(4)
    assert client.log == [("gap", 10, 3), 4]


def test_messages_before_the_first_position_are_handed_on_if_they_came_first(page: Page) -> None:
    client = Client(page).resume().receive(9, 11).answer(10, recovered=None)
    assert (client.log, client.after, client.milliseconds) == ([9], 9, 30_000)
    assert client.answer(11, 10, 11).log == [9, 10, 11]


def test_a_client_that_holds_the_newest_messages_asks_for_those_between(page: Page) -> None:
    client = first_visit(page).resume().receive(48).answer(50, recovered=False)
    assert (client.log, client.after) == ([("gap", 10, 47), 48], 48)
    assert client.answer(50, recovered=False).log == [("gap", 10, 47), 48, ("gap", 48, 50)]
    assert client.question is None


def test_the_newest_messages_are_handed_on_too(page: Page) -> None:
    client = Client(page).resume().answer(10, 8, 9, 10, recovered=None)
    assert (client.log, client.question, client.waits) == ([8, 9, 10], None, 0)
    client = Client(page).resume().answer(9, 8, 9, recovered=None, more=True)
    assert client.after == 9
    assert client.answer(10, 10).log == [8, 9, 10]


def test_a_hole_among_the_newest_messages_is_asked_for(page: Page) -> None:
    client = Client(page).resume().answer(10, 7, 10, recovered=None)
    assert (client.log, client.after) == ([7], 7)
    assert client.answer(10, 10).log == [7, 10]


@dataclass
class Log:
    """
    The history of one session, as the hub answers from it.

    Attributes:
        messages: For each number whether it has a message.
        expired: The numbers up to which nothing is alive.

    """

    messages: dict[int, bool] = field(default_factory=dict)
    head: int = 100
    expired: int = 0

    def store(self, is_message: bool) -> int:
        self.head += 1
        self.messages[self.head] = is_message
        return self.head

    def between(self, after: int, last: int) -> list[int]:
        """Return the numbers of the messages after one number, up to another."""
        return [number for number in range(after + 1, last + 1) if self.messages[number]]

    def page(self, after: int | None, size: int) -> tuple[int, list[int], bool | None, bool]:
        """Return ``seq``, the numbers of the messages, ``recovered`` and ``more``."""
        if after is None:
            return self.head, [], None, False
        if after == self.head:
            return self.head, [], True, False
        if after + 1 <= self.expired or after > self.head:
            return self.head, [], False, False
        seq = min(after + size, self.head)
        return seq, self.between(after, seq), True, seq < self.head


@dataclass
class Run:
    """
    One client and the hub, which do as a test says.

    Attributes:
        choose: Returns one of some numbers, from the first to the second.
        on_the_way: The numbers of messages that are posted to the client, and have not arrived.
        delivered: Those that have arrived.

    """

    client: Client
    choose: Callable[[int, int], int]
    log: Log = field(default_factory=Log)
    on_the_way: list[int] = field(default_factory=list)
    delivered: list[int] = field(default_factory=list)

    def send(self) -> None:
        self.on_the_way.append(self.log.store(True))

    def lose(self) -> None:
        self.log.store(True)

    def lose_posts(self) -> None:
        self.on_the_way.clear()

    def leave_out(self) -> None:
        self.log.store(False)

    def deliver(self) -> None:
        if self.on_the_way:
            self.delivered.append(self.on_the_way.pop(self.choose(0, len(self.on_the_way) - 1)))
            self.client.receive(self.delivered[-1])

    def deliver_again(self) -> None:
        if self.delivered:
            self.client.receive(self.delivered[self.choose(0, len(self.delivered) - 1)])

    def answer(self) -> None:
        if self.client.question:
            seq, numbers, recovered, more = self.log.page(self.client.after, self.choose(1, 4))
            self.client.answer(seq, *numbers, recovered=recovered, more=more)

    def timer(self) -> None:
        if self.client.waits:
            self.client.do("timer")

    def reconnect(self) -> None:
        self.client.resume()

    def expire(self) -> None:
        self.log.expired = self.choose(self.log.expired, self.log.head)


STEPS = (
    *[Run.send] * 6,
    *[Run.deliver] * 6,
    *[Run.answer] * 2,
    Run.lose,
    Run.lose_posts,
    Run.leave_out,
    Run.deliver_again,
    Run.timer,
    *[Run.reconnect] * 2,
    Run.expire,
)


@settings(max_examples=60, phases=[Phase.reuse, Phase.generate])  # to shrink an example takes minutes
@given(data=st.data(), steps=st.lists(st.sampled_from(STEPS), min_size=20, max_size=80))
def test_whatever_happens_each_message_is_handed_on_once_and_in_order_or_a_gap_is_reported(
    page: Page, data: st.DataObject, steps: list[Callable[[Run], None]]
) -> None:
    run = Run(Client(page).resume(), lambda first, last: data.draw(st.integers(first, last)))
    client, log = run.client, run.log
    for step in (Run.answer, *steps, Run.reconnect):
        step(run)
    for _ in steps * 4:
        run.timer()
        run.answer()
    assert (client.question, client.waits) == (None, 0)

    position = 100
    for entry in client.log:
        # A gap begins at the client's position, and that may be a number without a message.
        _, reached, goes_on = entry if isinstance(entry, tuple) else ("message", entry - 1, entry)
        assert reached >= position
        assert log.between(position, reached) == []
        position = goes_on
    assert log.between(position, log.head) == []
