"""A real browser for the tests of the page: Chromium, from Debian's package or another system's."""

import os
import shutil

import pytest
from playwright.sync_api import Locator, Page

CANDIDATES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
CHROMIUM = next(filter(None, map(shutil.which, CANDIDATES)), None)
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]

# In CI the browser must be installed: without it, the tests fail there.
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None and "CI" not in os.environ,
    reason="no Chromium on this machine: install it (Debian: apt install chromium) to test the page",
)


def state(page: Page) -> Locator:
    return page.get_by_role("status")


def entries(page: Page, kind: str) -> Locator:
    """Return the page's log entries of a kind. Their text is a sentence, then details in small print."""
    return page.locator(f"#log [data-kind={kind}]")


def send(page: Page, to: str, message: str) -> None:
    page.get_by_label("To sessions").fill(to)
    page.get_by_label("Message", exact=True).fill(message)
    page.get_by_role("button", name="Send").click()
