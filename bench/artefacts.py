"""The functions as ``sam build`` makes them, and beside them what Lambda's runtime has."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
PINS = ROOT / "requirements-dev.txt"


def this_machine() -> str:
    """Return this machine's processor, by the name that Lambda has for it."""
    return {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")


def build(folder: Path, architecture: str | None = None) -> None:
    """
    Build the functions, the layer and the template that names both.

    Args:
        folder: SAM writes a ``build.toml`` beside it.
        architecture: A value for the parameter of that name, or None for the template's default.

    Raises:
        RuntimeError: If SAM cannot build. The text is what it printed.

    """
    bin_folder = Path(sys.executable).parent
    # SAM looks for python3.12 on the PATH. Not cached: what is built here leaves .aws-sam alone.
    command: list[str | Path] = [bin_folder / "sam", "build", "--no-cached", "--build-dir", folder]
    if architecture:
        command += ["--parameter-overrides", f"Architecture={architecture}"]
    environment = {"PATH": f"{bin_folder}:{os.environ['PATH']}", "AWS_DEFAULT_REGION": "us-east-1"}
    environment |= {"SAM_CLI_TELEMETRY": "0"}
    _run(command, os.environ | environment)


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
