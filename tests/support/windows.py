"""Windows of Chromium with a client in each, over a local gateway. What they do is in tests/client/gateway.mjs."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from playwright.sync_api import Browser, Page

from tests.support.gateway import PATIENCE, RunningGateway
from tests.support.paths import ROOT

SCRIPT = ROOT / "tests" / "client" / "gateway.mjs"

Open = Callable[..., "Window"]
"""Called with a gateway, a session, and the options of the client. ``prepare`` gets the page before it is loaded."""


class Window:
    """A window with a client in a session."""

    def __init__(self, page: Page, running: RunningGateway, session: str, options: dict[str, Any]) -> None:
        self.session = session
        self.page = page
        self._options = {"url": running.endpoints["websocket"], "session": session, **options}
        page.route("**/test/gateway.mjs", lambda route: route.fulfill(path=SCRIPT, content_type="text/javascript"))
        # A document of the gateway itself: Chromium lets no other one connect to this machine.
        page.goto(f"{running.endpoints['page']}/_local/endpoints")
        self._open()

    def _open(self) -> None:
        self.page.evaluate(
            "async (options) => { window.it = (await import('/test/gateway.mjs')).open(options); }", self._options
        )
        self.wait_for("it.hub.state === 'open'")

    def wait_for(self, condition: str) -> None:
        self.page.wait_for_function(condition, timeout=PATIENCE * 1_000)

    def reload(self) -> None:
        self.page.reload()
        self._open()

    def start_to_talk(self, to: str, count: int, pause: int) -> None:
        self.page.evaluate(
            """async (args) => {
                window.isDone = false;
                const { talk } = await import('/test/gateway.mjs');
                talk(it, ...args).then(() => { window.isDone = true; });
            }""",
            [to, count, pause],
        )

    @property
    def is_done(self) -> bool:
        return bool(self.page.evaluate("isDone"))

    @property
    def acks(self) -> int:
        """How many of its messages have an ack."""
        return int(self.page.evaluate("it.record.acks.length"))

    @property
    def record(self) -> dict[str, Any]:
        record: dict[str, Any] = self.page.evaluate("it.record")
        return record


@contextlib.contextmanager
def opened_windows(browser: Browser) -> Iterator[Open]:
    """Open windows of a context of their own. An error in the script of a window fails the test."""
    context = browser.new_context()
    errors: list[str] = []

    def open_window(
        running: RunningGateway, session: str, prepare: Callable[[Page], object] = lambda _page: None, **options: Any
    ) -> Window:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        prepare(page)
        return Window(page, running, session, options)

    yield open_window
    context.close()
    assert errors == []
