"""Node and tools of npm for the tests of the client, through npx. Each is pinned; npm keeps it in its own cache."""

import functools
import os
import shutil
import subprocess
from pathlib import Path

import pytest

NODE = "node@22.23.3"
ESBUILD = "esbuild@0.28.2"
TYPESCRIPT = "typescript@7.0.2"

# Taken here, since the tests' own environment has no proxy.
ENVIRONMENT = dict(os.environ)


COMMANDS = {NODE: "node", ESBUILD: "esbuild", TYPESCRIPT: "tsc"}


def run(*command: str | Path, **variables: str) -> str:
    """
    Run a command, and return what it prints.

    Args:
        variables: Additional environment variables.

    Raises:
        AssertionError: If it fails. The text is the end of what it has printed.

    """
    call = list(map(str, command))
    result = subprocess.run(call, env=ENVIRONMENT | variables, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stdout[-4_000:] + result.stderr[-4_000:]
    return result.stdout


def npx(package: str, *arguments: str | Path, **variables: str) -> str:
    """Run the command of a package, and return what it prints. See ``run``."""
    return run("npx", "-y", "-p", package, COMMANDS[package], *arguments, **variables)


def npm(*arguments: str | Path) -> str:
    """Run npm, and return what it prints. See ``run``."""
    return run("npm", *arguments)


@functools.cache
def missing(package: str) -> str:
    """Return why a package cannot be used on this machine, or an empty text."""
    if not shutil.which("npx"):
        return "no npx on this machine: install Node and npm to test the client"
    try:
        npx(package, "--version")
    except (AssertionError, subprocess.TimeoutExpired) as error:
        return f"npx cannot get {package}: {str(error)[-200:]}"
    return ""


def need(package: str) -> None:
    """Skip the test if a package cannot be used on this machine."""
    if missing(package):
        pytest.skip(missing(package))
