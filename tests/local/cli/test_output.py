"""A command whose result cannot be written says so, or ends silently if nobody reads the result."""

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import pytest

from local.cli.output import print_json, print_result
from tests.support.paths import ROOT

COMMANDS = [
    pytest.param(["event", "connect"], id="event"),
    pytest.param(["translate", "--template", "template.yaml"], id="translate"),
    pytest.param(["invoke", "ConnectFunction", "--event", "events/connect.json"], id="invoke"),
]


def run(command: list[str], stdout: "IO[Any] | int") -> "subprocess.CompletedProcess[str]":
    """Run a command of the local gateway whose result goes to a file."""
    command = [sys.executable, "-m", "local", *command]
    return subprocess.run(command, cwd=ROOT, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's device that is always full")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_one_sentence(command: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        finished = run(command, full)
    assert finished.returncode == 1
    assert finished.stderr.splitlines()[-1] == "The result cannot be written: No space left on device."
    assert "Traceback" not in finished.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_a_reader_that_ends_early_causes_no_text(command: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        finished = run(command, writing)
    finally:
        os.close(writing)
    assert finished.returncode == 1
    assert "cannot be written" not in finished.stderr
    assert "Traceback" not in finished.stderr


@pytest.mark.parametrize(
    ("encoding", "text", "json_text"),
    [
        pytest.param("utf-8", "olá \\ud800", '"olá \\\\ud800"', id="utf-8"),
        pytest.param("ascii", "ol\\xe1 \\ud800", '"ol\\u00e1 \\\\ud800"', id="ascii"),
    ],
)
def test_characters_that_the_terminal_lacks_are_escaped(
    monkeypatch: pytest.MonkeyPatch, encoding: str, text: str, json_text: str
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    print_result("olá \ud800")
    print_json("olá \\ud800")
    print_json("\ud800\x1b")
    assert written.getvalue().decode(encoding).splitlines() == [text, json_text, '"\\ud800\\u001b"']
