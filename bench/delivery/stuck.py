"""Measures messages to recipients that do not read: ``python -m bench.delivery.stuck``."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from bench.delivery.pages import connection_id
from bench.delivery.stub import Requests
from bench.limits import DELIVERY_SECONDS
from delivery.account import Account
from delivery.fan_out import FanOut
from delivery.http.access import Access
from delivery.http.endpoint import Endpoint
from delivery.http.service import CONNECTIONS_API, DYNAMODB
from delivery.stuck import MAX_FAILURES
from delivery.table import ConnectionsTable, Page
from hub.connection import NEVER, Connection
from hub.connection_requests import Arguments
from hub.envelope import Envelope
from hub.log import logger

MESSAGES = MAX_FAILURES + 1
"""Messages of each case, one after another, each to all recipients."""

CASES = ((1, 80, "429"), (500, 80, "429"), (500, 100_000, "429"), (1, 80, "silence"), (500, 80, "silence"))
"""Number of recipients, bytes of a message, and the answer to each post."""

FULL = b"HTTP/1.1 429 Too Many Requests\r\nx-amzn-ErrorType: LimitExceededException\r\nContent-Length: 0\r\n\r\n"
CLOSED = b"HTTP/1.1 204 No Content\r\n\r\n"


ACCESS = Access("us-east-1", lambda: ("AKIDEXAMPLE", "secret", None))


@dataclass
class Rows(ConnectionsTable):
    """The rows of one session, without DynamoDB."""

    rows: list[Connection]
    endpoint: Endpoint = field(default_factory=lambda: Endpoint(DYNAMODB, "http://127.0.0.1:9", ACCESS))

    async def page(self, session_id: str, start: Arguments) -> Page:
        return Page(list(self.rows), None)

    async def remove(self, connection: Connection) -> None:
        self.rows.remove(connection)


@dataclass
class Counts:
    """How many requests the stub got: posts, and requests to close a connection."""

    posts: int = 0
    closed: int = 0


class Full(Requests):
    """A stub of ``@connections`` whose clients do not read."""

    def __init__(self, counts: Counts, is_silent: bool) -> None:
        super().__init__(delay=0.01)
        self._counts = counts
        self._is_silent = is_silent

    def answer(self, body: bytes) -> bytes:
        if not body:
            self._counts.closed += 1
            return CLOSED
        self._counts.posts += 1
        return b"" if self._is_silent else FULL


@contextmanager
def serving(is_silent: bool) -> Iterator[tuple[str, Counts]]:
    """Serve in a thread. Yield the URL and the counts."""
    loop, counts = asyncio.new_event_loop(), Counts()
    served = loop.run_until_complete(loop.create_server(lambda: Full(counts, is_silent), "127.0.0.1", 0, backlog=1024))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{served.sockets[0].getsockname()[1]}/prod", counts
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def send(fan_out: FanOut, envelope: Envelope) -> dict[str, Account]:
    async with fan_out.delivery(("s1",), DELIVERY_SECONDS) as delivery:
        return await delivery.run(envelope, None)


def main() -> None:
    """Print a table with the seconds and the posts of each message, and the connections that the hub closed."""
    logger.setLevel("CRITICAL")
    print("| Recipients | bytes | a post is answered | seconds of each message | posts | closed |")
    print("| ---: | ---: | --- | --- | --- | ---: |")
    for recipients, size, answer in CASES:
        rows = [Connection("s1", connection_id(number), 0, NEVER) for number in range(recipients)]
        envelope = Envelope("bench", "s0", "2026-11-26T00:00:00.000Z", "x" * size)
        with serving(answer == "silence") as (url, counts):
            fan_out = FanOut(partial(Rows, rows), partial(Endpoint, CONNECTIONS_API, url, ACCESS), needs_proof=False)
            seconds, posts = [], []
            for _ in range(MESSAGES):
                before, posted = time.monotonic(), counts.posts
                fan_out.run(send(fan_out, envelope))
                seconds.append(f"{time.monotonic() - before:.2f}")
                posts.append(f"{counts.posts - posted:,}")
            fan_out.close()
        print(
            f"| {recipients} | {size:,} | {answer} | {' · '.join(seconds)} | {' · '.join(posts)} | {counts.closed} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
