"""Reads the lines that a worker prints."""

import asyncio
from collections.abc import AsyncIterator


async def lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """Yield the lines of a stream. Lines may have any length, and the last one need not end with a line break."""
    rest = bytearray()
    while chunk := await stream.read(65536):
        first, *others = chunk.split(b"\n")
        rest += first
        for start in others:
            yield rest.decode(errors="replace")
            rest = bytearray(start)
    if rest:
        yield rest.decode(errors="replace")
