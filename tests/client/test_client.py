"""The client's rules, bad input and a bad network, in Node and in Chromium. The clock and the sockets are fake."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Route

from tests.support.browser import needs_chromium
from tests.support.node import NODE, need, npx
from tests.support.paths import ROOT

HERE = Path(__file__).parent
SEEDS = 2_000
SITE = "http://client.test"
"""What a page takes for the server of the project's files. Nothing listens there: Playwright answers."""

Results = list[dict[str, Any]]
Run = Callable[..., Results]
Problems = Callable[[str], dict[str, str | None]]


def run_in_node(script: str, *options: str) -> Results:
    """Run a script of this folder in Node, and return its results."""
    need(NODE)
    printed = npx(NODE, HERE / "in_node.mjs", script, *options)
    return [json.loads(line) for line in printed.splitlines()]


def serve(route: Route) -> None:
    """Answer with the page, or with a module of the project."""
    path = urlsplit(route.request.url).path
    if path == "/":
        route.fulfill(body="<!doctype html><title>page</title>", content_type="text/html")
    else:
        route.fulfill(path=ROOT / path[1:], content_type="text/javascript")


def run_in_chromium(browser: Browser, script: str, *options: str) -> Results:
    """Run a script of this folder in a page of its own, and return its results."""
    with browser.new_page() as page:
        page.route(f"{SITE}/**", serve)
        page.goto(SITE)
        results: Results = page.evaluate(
            "async (options) => (await import('/tests/client/in_page.mjs')).results(...options)", [script, *options]
        )
    return results


@pytest.fixture(scope="module", params=["node", pytest.param("chromium", marks=needs_chromium)])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a script in Node or in Chromium."""
    if request.param == "node":
        return run_in_node
    browser = request.getfixturevalue("browser")
    return lambda *arguments: run_in_chromium(browser, *arguments)


@pytest.fixture(scope="module")
def problems(run: Run) -> Problems:
    """Runs the tests of a script once, and returns the problem of each, or None."""
    known: dict[str, dict[str, str | None]] = {}

    def problems(script: str) -> dict[str, str | None]:
        if script not in known:
            known[script] = {result["name"]: result["problem"] for result in run(script)}
        return known[script]

    return problems


def names(script: str) -> list[str]:
    """Return the names of a script's tests as they stand in it. A template stands for several tests."""
    return re.findall(r'^ *test\(["`](.+)["`], async', (HERE / script).read_text(), re.MULTILINE)


def check(name: str, results: dict[str, str | None]) -> None:
    pattern = ".+".join(re.escape(part) for part in re.split(r"\$\{.+?\}+", name))
    matching = [problem for result, problem in results.items() if re.fullmatch(pattern, result)]
    assert matching, "the script did not run it"
    assert [problem for problem in matching if problem] == []


@pytest.mark.parametrize("name", names("rules.mjs"))
def test_each_rule(name: str, problems: Problems) -> None:
    check(name, problems("rules.mjs"))


@pytest.mark.parametrize("name", names("bad_input.mjs"))
def test_bad_input(name: str, problems: Problems) -> None:
    check(name, problems("bad_input.mjs"))


def test_a_bad_network(run: Run) -> None:
    """One seed again: ``npx -y -p node@22 node tests/client/in_node.mjs network.mjs SEED SEED``."""
    [result] = run("network.mjs", str(SEEDS))
    assert "problem" not in result, f"seed {result['seed']}: {result['problem']}"
    assert result["seeds"] == SEEDS
    assert min(result.values()) > 0, "something did not happen at all"


def test_the_scripts_assert_what_node_would() -> None:
    results = run_in_node("assertions.mjs")
    assert [result for result in results if not result["agrees"]] == []
    assert {result["isRefused"] for result in results} == {True, False}
