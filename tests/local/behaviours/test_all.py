"""Every numbered behaviour has a test with its number, and a row in the document."""

import ast
import re
from pathlib import Path

from tests.support.paths import ROOT

DOCUMENT = (ROOT / "docs" / "behaviours.md").read_text()


def numbered_tests() -> dict[int, set[str]]:
    """Return the tests of each number, as ``file::test``."""
    tests: dict[int, set[str]] = {}
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        for function in ast.parse(path.read_text()).body:
            if isinstance(function, ast.FunctionDef):
                for decorator in function.decorator_list:
                    if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.behaviour":
                        for number in decorator.args:
                            tests.setdefault(ast.literal_eval(number), set()).add(f"{path.name}::{function.name}")
    return tests


def test_every_number_has_a_test() -> None:
    assert sorted(numbered_tests()) == list(range(1, 69))


def test_the_document_has_a_row_for_each_and_names_the_file_that_holds_it() -> None:
    rows = dict(re.findall(r"^\| (\d+) \| .* \| `(test_\w+\.py)` \|$", DOCUMENT, re.MULTILINE))
    assert [
        number for number, tests in numbered_tests().items() if f"{rows[str(number)]}::" not in " ".join(tests)
    ] == []
    assert len(rows) == 68
