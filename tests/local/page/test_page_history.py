"""The page with a hub that keeps history, in a real browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import entries, needs_chromium, send, state
from tests.support.fake_hub import FIRST, FakeHub, serving
from tests.support.gateway import RunningGateway, wait_until

pytestmark = needs_chromium


@pytest.fixture
def hub() -> FakeHub:
    return FakeHub(keeps_history=True)


@pytest.fixture
def page(browser: Browser, gateway: RunningGateway, hub: FakeHub) -> Iterator[Page]:
    """The page in session ``s1`` of ``hub``. An error in the page's script fails the test."""
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{gateway.endpoints['page']}/?session=s1&to=s1")
    expect(page.get_by_label("Hub")).to_have_value(gateway.endpoints["websocket"])
    with serving(hub) as url:
        page.get_by_label("Hub").fill(url)
        connect(page)
        yield page
        page.close()
    assert errors == []


def begin_to_connect(page: Page) -> None:
    page.get_by_role("button", name="Connect", exact=True).click()


def connect(page: Page) -> None:
    begin_to_connect(page)
    expect(state(page)).to_have_text(re.compile("Connected as"))


def disconnect(page: Page) -> None:
    page.get_by_role("button", name="Disconnect").click()
    expect(state(page)).to_have_text("Not connected")


def shown(page: Page, *kinds: str) -> list[str]:
    """Return the sentences of the log's entries of some kinds, in order."""
    return page.locator(", ".join(f"#log [data-kind={kind}] .text" for kind in kinds)).all_text_contents()


def missed(hub: FakeHub, session: str, *messages: str) -> None:
    """Store messages that are not delivered."""
    for message in messages:
        seq = FIRST + len(hub.stored[session])
        frame = {"type": "message", "id": message, "session": session, "from": "s9", "seq": seq, "message": message}
        hub.stored[session].append(frame)


def test_numbers_are_shown(page: Page) -> None:
    send(page, "s1", "hello")
    expect(entries(page, "message")).to_have_text(re.compile(f"hellofrom s1 to s1, number {FIRST}"))
    expect(entries(page, "ack")).to_have_text(re.compile(f"s1: 1 delivered · s1: stored as {FIRST}"))


def test_what_was_missed_appears_once_and_in_order(page: Page, hub: FakeHub) -> None:
    send(page, "s1", "first")
    expect(entries(page, "message")).to_have_count(1)
    disconnect(page)
    missed(hub, "s1", "second", "third", "fourth")
    connect(page)
    expect(entries(page, "message")).to_have_count(4)
    send(page, "s1", "fifth")
    expect(entries(page, "message")).to_have_count(5)
    assert shown(page, "message") == ["first", "second", "third", "fourth", "fifth"]
    assert shown(page, "resumed") == [
        "The hub keeps the history of this session.",
        "3 messages were missed.",
    ]
    expect(entries(page, "message").nth(1)).to_have_text(re.compile("from the history"))


def test_what_came_while_the_connection_was_cut_is_caught_up(page: Page, hub: FakeHub) -> None:
    page.get_by_role("button", name="Cut the connection").click()
    missed(hub, "s1", "missed")
    expect(entries(page, "message")).to_have_text(re.compile("missedfrom s9 to s1"))
    expect(entries(page, "resumed").last).to_have_text(re.compile("1 message was missed."))


def test_a_reload_goes_on_from_the_position(page: Page, hub: FakeHub) -> None:
    url = page.get_by_label("Hub").input_value()
    send(page, "s1", "before")
    expect(entries(page, "message")).to_have_count(1)
    page.reload()
    missed(hub, "s1", "missed")
    expect(page.get_by_label("Hub")).to_have_value(re.compile("/prod$"))
    page.get_by_label("Hub").fill(url)
    connect(page)
    expect(entries(page, "message")).to_have_text(re.compile("missed"))
    assert shown(page, "resumed") == ["1 message was missed."]


def test_another_connection_takes_over_before_the_two_hours_end(page: Page, hub: FakeHub) -> None:
    page.clock.install()
    disconnect(page)
    connect(page)
    page.clock.fast_forward(6_901_000)
    expect(entries(page, "switched")).to_have_text(re.compile("Nothing was interrupted"))
    assert shown(page, "waiting", "lost", "closed") == []


@pytest.mark.parametrize(
    ("reconnect", "text", "then"),
    [
        pytest.param("true", "opens another one first", "Connected as s1", id="connect-again"),
        pytest.param("false", "does not connect again.*reason: signed out", "Not connected", id="for-good"),
    ],
)
def test_what_the_hub_says_before_it_closes_is_shown(
    page: Page, hub: FakeHub, reconnect: str, text: str, then: str
) -> None:
    hub.sessions["s1"][0].send(f'{{"type": "closing", "reconnect": {reconnect}, "reason": "signed out"}}')
    expect(entries(page, "closing")).to_have_text(re.compile(text))
    expect(state(page)).to_have_text(then)


def test_a_lost_post_is_noticed_while_the_page_is_connected(page: Page, hub: FakeHub) -> None:
    expect(entries(page, "resumed")).to_have_count(1)
    missed(hub, "s1", "first")
    send(page, "s1", "second")
    expect(entries(page, "message")).to_have_count(2)
    assert shown(page, "message") == ["first", "second"]


def test_what_is_gone_is_said_plainly(page: Page, hub: FakeHub) -> None:
    expect(entries(page, "resumed")).to_have_count(1)
    disconnect(page)
    missed(hub, "s1", "first", "second")
    hub.forgotten["s1"] = 2
    connect(page)
    expect(entries(page, "gap")).to_have_text(
        re.compile(f"Messages are gone: the hub no longer has all that came after number {FIRST - 1}.what follows has")
    )
    send(page, "s1", "third")
    expect(entries(page, "message")).to_have_count(1)
    assert shown(page, "gap", "message")[1:] == ["third"]


def test_the_history_of_another_hub_at_the_address_is_a_gap_too(page: Page, hub: FakeHub) -> None:
    missed(hub, "s1", *"abc")
    send(page, "s1", "d")
    expect(entries(page, "message")).to_have_count(4)
    disconnect(page)
    hub.stored["s1"], hub.forgotten["s1"] = [], 9
    connect(page)
    expect(entries(page, "gap")).to_have_text(re.compile("the hub has begun a new history"))


def test_another_session_begins_with_its_own_position(page: Page, hub: FakeHub) -> None:
    disconnect(page)
    missed(hub, "s2", "not for s1")
    page.get_by_label("Your session").fill("s2")
    connect(page)
    expect(entries(page, "resumed")).to_have_count(2)
    assert [question.get("after") for question in hub.asked] == [None, None]
    assert shown(page, "message", "gap") == []


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        pytest.param("fails to resume", "internal", id="shown"),
        pytest.param("limits questions", "", id="asked-at-the-time-that-the-hub-says"),
    ],
)
def test_a_question_that_fails_is_asked_again(page: Page, hub: FakeHub, broken: str, error: str) -> None:
    expect(entries(page, "resumed")).to_have_count(1)
    disconnect(page)
    missed(hub, "s1", "first")
    hub.broken = broken
    begin_to_connect(page)
    wait_until(lambda: len(hub.asked) > 2)
    if error:
        expect(entries(page, "error").first).to_have_text(re.compile(error))
    hub.broken = ""
    expect(entries(page, "message")).to_have_text(re.compile("first"))


@pytest.mark.parametrize(
    ("broken", "keeps_history"),
    [pytest.param("", False, id="no-history"), pytest.param("knows no resume", False, id="older")],
)
def test_without_history_nothing_looks_different(page: Page, hub: FakeHub, broken: str, keeps_history: bool) -> None:
    disconnect(page)
    page.get_by_role("button", name="Clear").click()
    hub.broken, hub.keeps_history, asked = broken, keeps_history, len(hub.asked)
    connect(page)
    if not broken:
        wait_until(lambda: len(hub.asked) > asked)
    send(page, "s1", "hello")
    expect(entries(page, "ack")).to_have_text(re.compile("s1: 1 delivered"))
    expect(entries(page, "message")).to_have_text(re.compile("hellofrom s1 to s1"))
    assert page.locator("#log .kind").all_text_contents() == ["connected", "sent", "message", "ack"]


def test_the_page_of_the_gateway_gets_what_it_missed(browser: Browser) -> None:
    with RunningGateway.start("--parameter", "HistorySeconds=600") as running:
        page = browser.new_page()
        page.goto(f"{running.endpoints['page']}/?session=away&to=away")
        expect(page.get_by_label("Hub")).to_have_value(running.endpoints["websocket"])
        connect(page)
        send(page, "away", "before")
        expect(entries(page, "message")).to_have_count(1)
        disconnect(page)
        with running.connect("sender") as sender:
            for message in ("first", "second"):
                assert sender.ask({"action": "sendMessage", "sessions": ["away"], "message": message})["type"] == "ack"
        connect(page)
        expect(entries(page, "message")).to_have_count(3)
        send(page, "away", "after")
        expect(entries(page, "message")).to_have_count(4)
        assert shown(page, "message") == ["before", "first", "second", "after"]
        page.close()


def test_an_answer_that_is_lost_is_asked_for_again(page: Page, hub: FakeHub) -> None:
    page.clock.install()
    disconnect(page)
    missed(hub, "s1", "missed")
    hub.broken, asked = "no answer to resume", len(hub.asked)
    begin_to_connect(page)
    wait_until(lambda: len(hub.asked) > asked)
    send(page, "s1", "live")
    expect(state(page)).to_have_text("Connecting…")
    assert shown(page, "message") == []
    hub.broken = ""
    page.clock.fast_forward(11_000)
    expect(entries(page, "message")).to_have_count(2)
    assert shown(page, "message") == ["missed", "live"]
