"""Watches the code of the functions: the next event runs the code that was saved last."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from watchfiles import awatch

from local.console import Console
from local.lambdas.pool import Pool
from local.stack.app import Function

SETTLED = 20
"""Milliseconds to wait for further changes before changes are applied: an editor writes a file in several steps."""


async def watch(template: Path, functions: Mapping[str, Function], pools: Mapping[str, Pool], console: Console) -> None:
    """Replace the workers of each function whose files change, until cancelled. Connections stay open."""
    folders = {folder for function in functions.values() for folder in function.path if folder.exists()}
    template = await asyncio.to_thread(template.resolve)
    async for changes in awatch(*folders, template, step=SETTLED):
        paths = [Path(path) for _, path in changes]
        if template in paths:
            console.warn(f"{_short(template)} has changed: restart the gateway to apply it.")
        for name, function in functions.items():
            if changed := [path for path in paths if path != template and _belongs_to(path, function)]:
                console.say(f"{_short(changed[0])} has changed: {name} starts anew.")
                pools[name].renew()


def _short(path: Path) -> str:
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def _belongs_to(path: Path, function: Function) -> bool:
    return any(path.is_relative_to(folder) for folder in function.path)
