"""The client's rules, bad input and a bad network, in Node with a fake clock, a fake page and fake sockets."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.node import NODE, need, npx

HERE = Path(__file__).parent
SEEDS = 2_000

Problems = Callable[[str], dict[str, str | None]]


@pytest.fixture(scope="module")
def problems() -> Problems:
    """Runs the tests of a script once, and returns the problem of each, or None."""
    known: dict[str, dict[str, str | None]] = {}

    def run(script: str) -> dict[str, str | None]:
        need(NODE)
        if script not in known:
            printed = npx(NODE, HERE / script)
            results = map(json.loads, printed.splitlines())
            known[script] = {result["name"]: result["problem"] for result in results}
        return known[script]

    return run


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


def test_a_bad_network() -> None:
    """One seed again: ``npx -y -p node@22 node tests/client/network.mjs SEED SEED``."""
    need(NODE)
    result = json.loads(npx(NODE, HERE / "network.mjs", str(SEEDS)))
    assert "problem" not in result, f"seed {result['seed']}: {result['problem']}"
    assert result["seeds"] == SEEDS
    assert min(result.values()) > 0, "something did not happen at all"
