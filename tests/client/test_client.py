"""The client's rules, bad input and a bad network, in Node with a fake clock, a fake page and fake sockets."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.node import NODE, need, npx

HERE = Path(__file__).parent

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
