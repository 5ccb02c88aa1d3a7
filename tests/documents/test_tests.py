"""The tests themselves: no test imports another test, and each helper is in tests/support."""

import ast
from pathlib import Path

import pytest

from tests.support.paths import ROOT

TESTS = sorted(path for path in (ROOT / "tests").rglob("*.py") if "apps" not in path.parts)


def imports(path: Path) -> set[str]:
    """Return the modules that a file imports, with the names that it imports from them."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_test_imports_another_test(path: Path) -> None:
    assert [module for module in imports(path) if module.startswith("tests.") and ".test_" in module] == []
