"""The page in a real browser, Chromium."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import entries, needs_chromium, send, state
from tests.support.gateway import RunningGateway
from tests.support.paths import ROOT

SCREENSHOT = ROOT / "docs" / "img" / "page.png"
Open = Callable[..., Page]

pytestmark = needs_chromium


@pytest.fixture
def open_page(browser: Browser, gateway: RunningGateway) -> Iterator[Open]:
    """Opens the page, each time in a new window. An error in the page's script fails the test."""
    context = browser.new_context(viewport={"width": 1200, "height": 940})
    errors: list[str] = []

    def open_window(session: str, connect: bool = True) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{gateway.endpoints['page']}/?session={session}")
        expect(page.get_by_label("Hub")).to_have_value(gateway.endpoints["websocket"])
        if connect:
            page.get_by_role("button", name="Connect").click()
            expect(state(page)).to_have_text(f"Connected as {session}")
        return page

    yield open_window
    context.close()
    assert errors == []


def test_two_windows_on_two_sessions_talk_to_each_other(open_page: Open) -> None:
    alice, bob = open_page("alice"), open_page("bob")

    send(alice, "bob, carol", "Hello bob")
    expect(entries(bob, "message")).to_have_text(re.compile("Hello bobfrom alice to bob"))
    expect(entries(alice, "ack")).to_have_text(re.compile("bob: 1 delivered · carol: offline"))
    send(bob, "alice", "Hello alice")
    expect(entries(alice, "message")).to_have_text(re.compile("Hello alicefrom bob to alice"))


def test_two_windows_of_one_session_both_receive(open_page: Open) -> None:
    first, second, sender = open_page("shared"), open_page("shared"), open_page("someone")

    send(sender, "shared", "to both")
    expect(entries(sender, "ack")).to_have_text(re.compile("shared: 2 delivered"))
    for window in (first, second):
        expect(entries(window, "message")).to_have_text(re.compile("to both"))


def test_the_page_can_be_used_by_keyboard_alone(open_page: Open) -> None:
    page = open_page("keys", connect=False)

    page.keyboard.press("Enter")  # the session field has the focus
    expect(state(page)).to_have_text("Connected as keys")
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    page.keyboard.type("first line")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("second line")
    page.keyboard.press("Enter")  # to its own session, which the page has filled in
    expect(entries(page, "message").locator(".text")).to_have_text("first line\nsecond line")


def test_json_is_sent_as_json_and_other_text_is_not_sent(open_page: Open) -> None:
    page = open_page("json")
    page.get_by_label("The message is JSON").check()

    send(page, "json", '{"order": 17}')
    expect(entries(page, "message").locator(".text")).to_have_text('{"order":17}')
    send(page, "json", "{order: 17}")
    expect(page.get_by_role("alert").filter(has_text="This is not JSON")).to_be_visible()
    expect(entries(page, "sent")).to_have_count(1)


def test_without_echo_this_window_does_not_receive_the_message(open_page: Open) -> None:
    page = open_page("no-echo")
    page.get_by_label("Send it to this window too").uncheck()

    send(page, "no-echo", "for the others")
    expect(entries(page, "ack")).to_have_text(re.compile("no-echo: 0 delivered"))
    page.get_by_label("Send it to this window too").check()
    send(page, "no-echo", "for all")
    expect(entries(page, "message")).to_have_text(re.compile("for all"))


def test_coded_errors_are_shown(open_page: Open) -> None:
    page = open_page("errors")

    send(page, "fine not?fine", "hello")
    expect(entries(page, "error")).to_have_text(
        re.compile(r"bad_request: sessions\[1\] must be a session idfield sessions\[1\]")
    )
    send(page, "", "hello")
    expect(entries(page, "error").last).to_have_text(re.compile("bad_request: sessions must be 1 to 100 session ids"))


def test_a_frame_that_api_gateway_would_close_on_is_not_sent(open_page: Open) -> None:
    page = open_page("large")

    send(page, "large", "x" * 33_000)
    expect(page.get_by_role("alert").filter(has_text="A browser cannot send more than 32768")).to_be_visible()
    expect(page.get_by_label("Message", exact=True)).to_have_value("x" * 33_000)
    expect(state(page)).to_have_text("Connected as large")


def test_a_message_is_shown_as_text_never_as_markup(open_page: Open) -> None:
    page = open_page("markup")

    send(page, "markup", "<img src=x onerror=\"document.title='owned'\">")
    expect(entries(page, "message").locator(".text")).to_have_text(re.compile("^<img"))
    expect(page).to_have_title("WebSocket hub")


@pytest.mark.parametrize(
    "session",
    [
        pytest.param("", id="empty"),
        pytest.param("a b", id="a-space"),
        pytest.param("é", id="not-ascii"),
        pytest.param("x" * 129, id="129-characters"),
    ],
)
def test_a_session_id_is_checked_before_connecting(open_page: Open, session: str) -> None:
    page = open_page("checked", connect=False)

    page.get_by_label("Your session").fill(session)
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("alert").filter(has_text="A session id is 1 to 128")).to_be_visible()
    expect(page.get_by_label("Your session")).to_be_focused()
    expect(state(page)).to_have_text("Not connected")


def test_a_refused_handshake_and_an_unreachable_hub_look_different(open_page: Open, gateway: RunningGateway) -> None:
    page = open_page("refused", connect=False)

    page.get_by_label("Hub").fill(gateway.endpoints["websocket"].replace("/prod", "/dev"))
    page.get_by_role("button", name="Connect").click()
    expect(entries(page, "refused")).to_have_text(
        re.compile("refused the connection with status 403. There is no stage")
    )
    expect(state(page)).to_have_text("Refused")

    page.get_by_label("Hub").fill("ws://127.0.0.1:9/prod")
    page.get_by_role("button", name="Connect").click()
    expect(entries(page, "unreachable")).to_have_text(re.compile("Nothing answers at http://127.0.0.1:9"))
    expect(state(page)).to_have_text("Unreachable")


def test_a_refusal_by_the_function_is_explained(browser: Browser) -> None:
    with RunningGateway.start("--parameter", "AllowedOrigins=https://ours.example") as strict:
        page = browser.new_page()
        page.goto(f"{strict.endpoints['page']}/?session=foreign")
        expect(page.get_by_label("Hub")).to_have_value(strict.endpoints["websocket"])
        page.get_by_role("button", name="Connect").click()
        expect(entries(page, "refused")).to_have_text(re.compile("status 403. Pages of this origin may not connect"))


def test_a_page_that_cannot_know_the_reason_says_so(open_page: Open, gateway: RunningGateway) -> None:
    page = open_page("elsewhere", connect=False)

    # The embedded AWS answers, is of another origin, and opens no WebSocket.
    page.get_by_label("Hub").fill(gateway.endpoints["aws"].replace("http", "ws"))
    page.get_by_role("button", name="Connect").click()
    expect(entries(page, "refused")).to_have_text(
        re.compile("answers, but did not open the connection. A browser does not learn why")
    )


def test_a_hub_that_stops_is_noticed(browser: Browser) -> None:
    with RunningGateway.start() as short_lived:
        page = browser.new_page()
        page.goto(f"{short_lived.endpoints['page']}/?session=left")
        expect(page.get_by_label("Hub")).to_have_value(short_lived.endpoints["websocket"])
        page.get_by_role("button", name="Connect").click()
        expect(state(page)).to_have_text("Connected as left")
    expect(entries(page, "closed")).to_have_text(re.compile("The hub closed the connection: it was idle"))
    expect(entries(page, "unreachable")).to_have_count(1)
    expect(state(page)).to_have_text("Unreachable")
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"^next attempt in \d+ s$"))
    expect(entries(page, "waiting").last).to_have_text(re.compile("after 3 failures in a row"))
    expect(entries(page, "unreachable")).to_have_count(1)  # each attempt says the same


def test_the_page_cuts_its_connection_and_the_client_connects_again(open_page: Open) -> None:
    page = open_page("cut")

    page.get_by_role("button", name="Cut the connection").click()
    expect(entries(page, "waiting")).to_have_text(re.compile(r"The page connects again in \d\.\d seconds"))
    expect(entries(page, "connected")).to_have_count(2)
    expect(state(page)).to_have_text("Connected as cut")
    assert page.locator("#log .kind").all_text_contents() == ["connected", "cut", "waiting", "connected"]


def test_what_is_sent_without_a_connection_waits_for_the_next_one(open_page: Open) -> None:
    page = open_page("patient")
    page.evaluate("Math.random = () => 1")  # wait as long as the client may

    page.get_by_role("button", name="Cut the connection").click()
    expect(entries(page, "waiting")).to_have_count(1)
    send(page, "patient", "hello")
    expect(entries(page, "queued")).to_have_text(re.compile("hellowaits for a connection"))
    expect(entries(page, "message")).to_have_text(re.compile("hellofrom patient to patient"))
    expect(entries(page, "sent")).to_have_count(1)


def test_disconnecting_and_connecting_again(open_page: Open) -> None:
    page = open_page("again")

    page.get_by_role("button", name="Disconnect").click()
    expect(state(page)).to_have_text("Not connected")
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    page.get_by_role("button", name="Connect").click()
    expect(state(page)).to_have_text("Connected as again")
    send(page, "again", "back")
    expect(entries(page, "message")).to_have_count(1)


def test_the_screenshot_of_the_readme(open_page: Open, tmp_path: Path) -> None:
    alice, bob = open_page("alice"), open_page("bob")
    send(alice, "bob, carol", "Your order is on its way")
    expect(entries(alice, "ack")).to_have_count(1)
    bob.get_by_label("The message is JSON").check()
    send(bob, "alice", '{"order": 17, "state": "received"}')
    expect(entries(alice, "message")).to_have_count(1)
    send(alice, "somebody else?", "hello")
    expect(entries(alice, "error")).to_have_count(1)
    alice.get_by_role("button", name="Cut the connection").click()
    expect(entries(alice, "connected")).to_have_count(2)
    alice.get_by_label("To sessions").fill("bob")

    # Committed by hand when the page changes: UPDATE_SCREENSHOT=1 make test ARGS="-k screenshot"
    target = SCREENSHOT if "UPDATE_SCREENSHOT" in os.environ else tmp_path / "page.png"
    assert alice.screenshot(path=target).startswith(b"\x89PNG")
    assert SCREENSHOT.read_bytes().startswith(b"\x89PNG")
