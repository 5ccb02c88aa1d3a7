"""The complete client of docs/protocol.md in Chromium: with history, without, and with a hub that knows no history."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import needs_chromium
from tests.support.documents import script
from tests.support.fake_hub import FIRST, FakeHub, serving
from tests.support.gateway import RunningGateway, wait_until

pytestmark = needs_chromium

AGAIN = 50
"""Milliseconds, in the tests, until a question that failed is asked again."""

HARNESS = """([merging, client, again]) => {
  Math.random = () => 0; // no back-off
  const later = window.setTimeout;
  window.setTimeout = (f, ms, ...rest) => later(f, ms === 5_000 ? again : ms, ...rest);
  const plain = (merging + client).replaceAll("export ", "");
  const openHub = new Function(`${plain}; return openHub`)();
  window.start = (url, session) => {
    window.got = [];
    window.hub = openHub(url, session, ({ message }) => got.push(message), (...gap) => got.push(gap));
  };
}"""


class Client:
    """
    The complete client of one session.

    Attributes:
        warnings: What it wrote to the console.

    """

    def __init__(self, page: Page, url: str, session: str) -> None:
        self.session = session
        self.warnings: list[str] = []
        self._page = page
        page.on("console", lambda entry: self.warnings.append(entry.text) if entry.type == "warning" else None)
        page.evaluate("([url, session]) => start(url, session)", [url, session])

    @property
    def got(self) -> list[Any]:
        """The messages that it handed on, and its gaps."""
        got: list[Any] = self._page.evaluate("got")
        return got

    def send(self, message: str, message_id: str | None = None) -> Any:
        """Send a message to the client's own session as soon as it is connected, and return the answer."""
        return self._page.evaluate(
            """async ([session, ...rest]) => {
              for (;;) {
                try {
                  return await hub.send([session], ...rest);
                } catch {
                  await new Promise((f) => setTimeout(f, 10));
                }
              }
            }""",
            [self.session, message, *([] if message_id is None else [message_id])],
        )

    def wait_for(self, *got: Any) -> None:
        wait_until(lambda: len(self.got) >= len(got))
        assert self.got == list(got)


@pytest.fixture
def page(browser: Browser, gateway: RunningGateway) -> Iterator[Page]:
    """A page of the gateway, since `crypto.randomUUID` needs an origin that the browser trusts."""
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(gateway.endpoints["page"] + "/icon.svg")
    page.evaluate(HARNESS, [script("How to merge") + script("When to ask"), script("A complete client"), AGAIN])
    yield page
    page.close()
    assert errors == []


@pytest.fixture
def hub() -> FakeHub:
    return FakeHub(keeps_history=True)


@pytest.fixture
def client(page: Page, hub: FakeHub) -> Iterator[Client]:
    """A client of ``hub``, which has sent a message and received it."""
    with serving(hub) as url:
        client = Client(page, url, "s1")
        assert client.send("first")["type"] == "ack"
        client.wait_for("first")
        yield client
        page.evaluate("hub.close()")


def missed(hub: FakeHub, *messages: str) -> None:
    """Store messages that are not delivered."""
    for message in messages:
        seq = FIRST + len(hub.stored["s1"])
        frame = {"type": "message", "id": message, "session": "s1", "from": "s9", "seq": seq, "message": message}
        hub.stored["s1"].append(frame)


def test_a_hub_without_history(page: Page, gateway: RunningGateway) -> None:
    client = Client(page, gateway.endpoints["websocket"], "complete")
    answer = client.send("hello")
    assert (answer["type"], answer["delivered"]) == ("ack", {"complete": 1})
    client.wait_for("hello")
    assert client.send("x" * 20_000)["delivered"] == {"complete": 1}
    client.wait_for("hello", "x" * 20_000)
    assert client.warnings == []
    page.evaluate("hub.close()")


def test_a_hub_that_is_older_than_history(page: Page) -> None:
    hub = FakeHub("knows no resume")
    with serving(hub) as url:
        client = Client(page, url, "s1")
        client.send("hello")
        client.wait_for("hello")
        page.wait_for_timeout(3 * AGAIN)
        assert (client.warnings, len(hub.asked)) == ([], 1)
        page.evaluate("hub.close()")


def test_what_was_missed_comes_once_and_in_order_after_a_reconnect(client: Client, hub: FakeHub) -> None:
    missed(hub, "second", "third", "fourth")
    hub.disconnect("s1")
    client.wait_for("first", "second", "third", "fourth")
    client.send("fifth")
    client.wait_for("first", "second", "third", "fourth", "fifth")
    assert [question.get("after") for question in hub.asked] == [None, FIRST, FIRST + 2]
    assert client.warnings == []


def test_a_post_that_is_lost_is_noticed_by_the_next_message(client: Client, hub: FakeHub) -> None:
    hub.broken = "loses posts"
    client.send("second")
    hub.broken = ""
    client.send("third")
    client.wait_for("first", "second", "third")


def test_a_gap_is_reported(client: Client, hub: FakeHub) -> None:
    missed(hub, "second", "third")
    hub.forgotten["s1"] = 2
    hub.disconnect("s1")
    client.wait_for("first", [FIRST, FIRST + 2])
    client.send("fourth")
    client.wait_for("first", [FIRST, FIRST + 2], "fourth")


def test_a_message_that_is_sent_again_is_handed_on_once(client: Client) -> None:
    client.send("second", "same-id")
    client.send("again", "same-id")
    client.send("third")
    client.wait_for("first", "second", "third")


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param("fails to resume", id="internal"),
        pytest.param("limits questions", id="rate-limited"),
        pytest.param("breaks off", id="the-connection-ends"),
    ],
)
def test_a_question_that_fails_is_asked_again(client: Client, hub: FakeHub, broken: str) -> None:
    asked = len(hub.asked)
    missed(hub, "second")
    hub.broken = broken
    hub.disconnect("s1")
    wait_until(lambda: len(hub.asked) > asked + 1)
    assert client.got == ["first"]
    hub.broken = ""
    client.wait_for("first", "second")


def test_history_that_is_switched_on_and_off_while_the_client_is_connected(page: Page) -> None:
    hub = FakeHub()
    with serving(hub) as url:
        client = Client(page, url, "s1")
        client.send("off")
        client.wait_for("off")
        hub.keeps_history = True
        client.send("on")
        client.wait_for("off", "on")
        hub.disconnect("s1")
        client.send("resumed")
        client.wait_for("off", "on", "resumed")
        missed(hub, "missed")
        hub.keeps_history = False
        hub.disconnect("s1")
        client.send("off again")
        client.wait_for("off", "on", "resumed", "off again")
        page.evaluate("hub.close()")


def test_a_message_that_waits_is_handed_on_when_history_is_switched_off(client: Client, hub: FakeHub) -> None:
    missed(hub, "lost on its way")
    client.send("waits")
    hub.keeps_history = False
    client.wait_for("first", "waits")
    client.send("after that")
    client.wait_for("first", "waits", "after that")


def test_a_client_that_loses_its_connection_again_and_again_misses_nothing(page: Page) -> None:
    with RunningGateway.start("--parameter", "HistorySeconds=600") as running:
        client = Client(page, running.endpoints["websocket"], "complete")
        client.send("first")
        page.evaluate("Math.random = () => 0.2")  # so that it misses messages before it connects again
        with running.connect("sender") as sender:
            for message in range(40):
                if message % 10 == 0:
                    for connection in running.rows("complete"):
                        with contextlib.suppress(running.management_api().exceptions.GoneException):
                            running.management_api().delete_connection(ConnectionId=connection)
                ack = sender.ask({"action": "sendMessage", "sessions": ["complete"], "message": message})
                assert ack["seq"]["complete"] > FIRST
        client.wait_for("first", *range(40))
        page.evaluate("hub.close()")
