"""What Lambda provides to a built function: the libraries of its runtime, and the name of its processor."""

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
    """Return Lambda's name for this machine's processor: ``arm64`` or ``x86_64``."""
    return {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")


def install_runtime(folder: Path, *packages: str) -> None:
    """
    Make a folder with libraries that Lambda's runtime provides, so that functions do not contain them.

    Args:
        packages: Names of packages. requirements-dev.txt has their versions.

    Raises:
        RuntimeError: If pip cannot install the packages. The message is what pip printed.

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
