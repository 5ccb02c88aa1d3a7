"""Watches the code of functions, so that the next event runs what was saved last."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from watchfiles import awatch

from local.console import Console
from local.lambdas.pool import Pool
from local.stack.app import Function

SETTLED = 20
"""Milliseconds without another change until changes count: an editor writes a file in several steps."""


async def watch(template: Path, functions: Mapping[str, Function], pools: Mapping[str, Pool], console: Console) -> None:
    """Renew the workers of each function whose files change, until cancelled. Connections stay open."""
    folders = {folder for function in functions.values() for folder in function.path if folder.exists()}
    template = await asyncio.to_thread(template.resolve)
    async for changes in awatch(*folders, template, step=SETTLED):
        paths = [Path(path) for _, path in changes]
        if template in paths:
            console.warn(f"{_short(template)} has changed: stop and start again to apply it.")
        for name, function in functions.items():
            if own := [path for path in paths if path != template and _is_of(path, function)]:
                console.say(f"{_short(own[0])} has changed: {name} starts anew.")
                pools[name].renew()


def _short(path: Path) -> str:
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def _is_of(path: Path, function: Function) -> bool:
    return any(path.is_relative_to(folder) for folder in function.path)
