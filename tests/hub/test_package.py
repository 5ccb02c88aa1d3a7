"""The docstring of the package says what is where."""

import hub
from tests.support.paths import ROOT


def test_the_docstring_names_every_module() -> None:
    folder = ROOT / "shared" / "hub"
    modules = {
        ".".join(path.relative_to(folder).with_suffix("").parts)
        for path in folder.rglob("*.py")
        if path.name != "__init__.py"
    }
    assert {module for module in modules if f"``{module}``" not in str(hub.__doc__)} == set()
    assert str(hub.__doc__).count("``") == 2 * (len(modules) + len(["@connections", "callers", "delivery", "history"]))
