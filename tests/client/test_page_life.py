"""What happens to a page in Chromium: two hours pass, its user goes away and comes back, the network is off and on."""

import datetime
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, WebSocket, sync_playwright

from tests.support.browser import CHROMIUM, QUIET, needs_chromium
from tests.support.frames import send_message
from tests.support.gateway import RunningGateway
from tests.support.windows import Open, Window, opened_windows

pytestmark = needs_chromium

BEGINNING = datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)
SECOND = 1_000
MINUTE = 60 * SECOND
HALF = "Math.random = () => 0.5"
"""A script for a page: whatever the client chooses at random is in the middle, as are the next two times."""
LIFETIME = 6_450 * SECOND
IDLE = 8 * MINUTE
OVERLAP = 30 * SECOND


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium as users have it: it keeps a page that is left, for "back". Playwright switches that off."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", *QUIET],
            ignore_default_args=["--disable-back-forward-cache"],
        )
        yield browser
        browser.close()


@pytest.fixture
def open_window(browser: Browser) -> Iterator[Open]:
    with opened_windows(browser) as open_window:
        yield open_window


@pytest.fixture(scope="module")
def keeping() -> Iterator[RunningGateway]:
    """A gateway whose hub keeps history."""
    with RunningGateway.start("--parameter", "HistorySeconds=600") as running:
        yield running


def record(page: Page, sockets: list[WebSocket]) -> None:
    """Add each socket that a page opens."""
    page.on("websocket", lambda socket: sockets.append(socket))


def time_of(window: Window) -> int:
    """Return the time of a window's clock: epoch milliseconds."""
    return int(window.page.evaluate("Date.now()"))


def is_pong(payload: str | bytes) -> bool:
    return payload == '{"type":"pong"}'


def test_two_hours_pass_and_nobody_notices(keeping: RunningGateway, open_window: Open) -> None:
    """The client's clock is Playwright's. It stands still whenever the real socket has something to do."""
    sockets: list[WebSocket] = []

    def prepare(page: Page) -> None:
        record(page, sockets)
        page.add_init_script(HALF)
        page.clock.install(time=BEGINNING)

    alice = open_window(keeping, "alice", prepare, isKept=True)
    clock = alice.page.clock
    end = time_of(alice) + LIFETIME
    clock.pause_at(BEGINNING + datetime.timedelta(minutes=5))
    alice.page.evaluate("it.hub.send('nobody', 'a frame in each direction')")
    for _ in range(12):
        with sockets[0].expect_event("framereceived", is_pong):
            clock.run_for(IDLE)
    clock.run_for(end - time_of(alice) - MINUTE)
    assert len(sockets) == 1
    clock.run_for(MINUTE)
    alice.wait_for("it.record.states.length === 2")
    with keeping.connect("bob") as bob:
        assert bob.ask(send_message("alice", id="in the overlap"))["delivered"] == {"alice": 2}
        with sockets[0].expect_event("close"):
            clock.run_for(OVERLAP)
        keeping.wait_for_rows("alice", 1)
        assert bob.ask(send_message("alice", id="after it"))["delivered"] == {"alice": 1}
    alice.wait_for("it.record.received.length === 2")
    seen = alice.record
    assert seen["states"] == ["open", "switched"]
    assert [message["id"] for message in seen["received"]] == ["in the overlap", "after it"]
    assert seen["gaps"] == seen["errors"] == []
    assert not sockets[1].is_closed()


def test_a_page_that_chromium_kept_for_back_catches_up(keeping: RunningGateway, open_window: Open) -> None:
    erin = open_window(keeping, "erin", isKept=True)
    erin.page.goto("about:blank")
    keeping.wait_for_rows("erin", 0)
    with keeping.connect("frank") as frank:
        assert frank.ask(send_message("erin"))["offline"] == ["erin"]
    erin.page.go_back(wait_until="commit")
    erin.wait_for("it.record.received.length === 1")
    seen = erin.record
    assert seen["states"] == ["open", "waiting", "connecting", "open"]
    assert seen["caughtUp"] == 1
    assert len(keeping.rows("erin")) == 1


def cut(running: RunningGateway, window: Window) -> None:
    [connection_id] = running.rows(window.session)
    running.management_api().delete_connection(ConnectionId=connection_id)
    window.wait_for("it.hub.state === 'waiting'")


def test_while_the_network_is_off_attempts_fail_and_sends_wait(keeping: RunningGateway, open_window: Open) -> None:
    grace = open_window(keeping, "grace", isKept=True)
    grace.page.context.set_offline(True)
    cut(keeping, grace)
    grace.page.evaluate("() => { window.sent = it.hub.send('grace', 'hello') }")
    grace.wait_for("it.record.states.filter((state) => state === 'waiting').length > 3")
    assert grace.record["states"].count("open") == 1
    grace.page.context.set_offline(False)
    assert grace.page.evaluate("sent")["delivered"] == {"grace": 1}
    grace.wait_for("it.record.received.length === 1")


def test_the_network_is_on_again_and_the_client_connects_at_once(keeping: RunningGateway, open_window: Open) -> None:
    hour = 3_600 * SECOND
    heidi = open_window(
        keeping,
        "heidi",
        lambda page: page.add_init_script(HALF),
        isKept=True,
        timing={"backoff": [hour, hour]},
    )
    heidi.page.context.set_offline(True)
    cut(keeping, heidi)
    heidi.page.context.set_offline(False)
    heidi.wait_for("it.hub.state === 'open'")
    assert heidi.record["states"] == ["open", "waiting", "connecting", "open"]


def test_the_network_is_on_again_and_the_connection_proves_itself(keeping: RunningGateway, open_window: Open) -> None:
    sockets: list[WebSocket] = []
    ivan = open_window(keeping, "ivan", lambda page: record(page, sockets), isKept=True)
    ivan.page.context.set_offline(True)
    with sockets[0].expect_event("framereceived", is_pong):
        ivan.page.context.set_offline(False)
    assert ivan.record["states"] == ["open"]
