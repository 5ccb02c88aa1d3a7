"""What a worker prints."""

import asyncio
from collections.abc import AsyncIterator


async def lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """Yield lines of any length, the last one with or without its end."""
    rest = bytearray()
    while chunk := await stream.read(65536):
        first, *others = chunk.split(b"\n")
        rest += first
        for start in others:
            yield rest.decode(errors="replace")
            rest = bytearray(start)
    if rest:
        yield rest.decode(errors="replace")
