"""How ``make smoke`` gives the URL and the secrets to the command."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PYTHON = f"""#!{sys.executable}
import json, os, sys
print(json.dumps({{"url": sys.argv[-1], **{{name: os.environ.get(name, "") for name in ("TOKEN", "KEY")}}}}))
"""
"""Replaces .venv/bin/python, and prints its last argument and the variables TOKEN and KEY."""


def smoke(folder: Path, arguments: list[str], environment: dict[str, str]) -> dict[str, str]:
    """Return what PYTHON prints. ``make`` installs nothing, because the command ``true`` replaces ``$(MAKE)``."""
    python = folder / "python"
    python.write_text(PYTHON)
    python.chmod(0o755)
    command = ["make", "-s", "smoke", f"BIN={folder}", "MAKE=true", *arguments]
    ran = subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=True, capture_output=True, text=True)
    given: dict[str, str] = json.loads(ran.stdout)
    return given


@pytest.mark.parametrize("value", ["pa$word", "pa$$word", "$(shell echo x)", "${HOME}", "a#b", "it's", 'a"b', "a b\\c"])
@pytest.mark.parametrize("name", ["TOKEN", "KEY"])
def test_make_smoke_changes_no_character_of_a_secret(name: str, value: str, tmp_path: Path) -> None:
    expected = {"url": "ws://a/$stage", "TOKEN": "", "KEY": "", name: value}
    assert smoke(tmp_path, ["URL=ws://a/$stage"], {name: value}) == expected
    assert smoke(tmp_path, ["URL=ws://a/$stage", f"{name}={value}"], {}) == expected


def test_the_url_may_come_from_the_environment(tmp_path: Path) -> None:
    assert smoke(tmp_path, [], {"URL": "ws://a/$stage"})["url"] == "ws://a/$stage"
