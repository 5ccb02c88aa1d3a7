"""What Lambda has and the built functions do not bring: its processors' names, and the libraries of its runtime."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.report import ROOT

PINS = ROOT / "requirements-dev.txt"


def this_machine() -> str:
    """Return this machine's processor, by the name that Lambda has for it."""
    return {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")


def install_runtime(folder: Path, *packages: str) -> None:
    """
    Make a folder of libraries that functions find in Lambda without having brought them.

    Args:
        packages: Names. The versions are those of requirements-dev.txt.

    Raises:
        RuntimeError: If pip cannot install them. The text is what it printed.

    """
    shutil.rmtree(folder, ignore_errors=True)
    pins = [line.partition("#")[0].strip() for line in PINS.read_text(encoding="utf-8").splitlines()]
    pinned = [pin for pin in pins if pin.partition("==")[0] in packages]
    _run([sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, *pinned], os.environ)


def _run(command: Sequence[str | Path], environment: Mapping[str, str]) -> None:
    ended = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if ended.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{ended.stdout}")
