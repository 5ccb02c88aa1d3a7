"""The handlers are the top layer: they import ``hub`` and ``delivery``, and no deployed module imports a handler."""

import ast
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

HANDLERS = {
    "connect/on_connect_lambda.py": {"boto3", "hub"},
    "disconnect/on_disconnect_lambda.py": {"boto3", "hub"},
    "send-message/on_send_message_lambda.py": {"boto3", "delivery", "hub"},
}
"""Each handler, and what it may import beside Python's own library."""


def imported(source: Path) -> set[str]:
    """Return the packages that a file imports."""
    packages: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            packages |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            packages.add((node.module or "").partition(".")[0])
    return packages


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_handler_imports_the_layers_below_it_only(handler: str) -> None:
    assert imported(ROOT / handler) - sys.stdlib_module_names <= HANDLERS[handler]


def test_no_deployed_module_imports_a_handler() -> None:
    handlers = {Path(handler).stem for handler in HANDLERS}
    modules = [*ROOT.glob("shared/hub/**/*.py"), *ROOT.glob("send-message/delivery/**/*.py")]
    assert [module for module in modules if imported(module) & handlers] == []
    assert len(modules) > 20
