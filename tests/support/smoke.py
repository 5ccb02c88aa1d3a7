"""Runs the checks of ``python -m local smoke``, and returns their report."""

import asyncio
import io

from local.cli.smoke.access import Given
from local.cli.smoke.run import smoke
from local.console import Console

NO_CREDENTIAL = Given()


def checked(url: str, given: Given = NO_CREDENTIAL, seconds: float = 60, patience: float = 20) -> tuple[int, list[str]]:
    """Check a hub. Returns the exit status, and the printed lines without the first."""
    printed = io.StringIO()
    status = asyncio.run(smoke(url, given, Console(printed), seconds, patience))
    first, *others = printed.getvalue().splitlines()
    assert first == f"Checking {url}"
    return status, others
