"""A hub whose connections come, speak and go at a constant rate: what it takes a second."""

import math
from dataclasses import dataclass

from bench import costs, limits
from bench.report import Results
from bench.scaling import function_times
from hub.connections import PAGE

ANSWER_MS = 50
"""Milliseconds until ``@connections`` answers: the slowest that was measured, so that the functions run longest."""


@dataclass(frozen=True)
class Workload:
    """
    What the clients do.

    Attributes:
        connections: That are open.
        lifetime: Seconds that a connection lasts on average, 7,200 at most.
        messages: That a connection sends in an hour.
        pings: That a connection sends in an hour.
        together: Connections of a session.
        recipients: Sessions that a message is for.
        payload: Bytes of a message.
        hot: The share of all connections that are of one session, the hot one.
        hot_messages: That the hot session gets in an hour.

    """

    connections: int
    lifetime: float = limits.CONNECTION_SECONDS
    messages: float = 6
    pings: float = 12
    together: int = 2
    recipients: int = 5
    payload: int = 1024
    hot: float = 0.01
    hot_messages: float = 60


@dataclass(frozen=True)
class Load:
    """
    What AWS does for it.

    Attributes:
        connects: A second, and as many disconnects.
        messages: A second, those to the hot session too.
        pings: A second.
        posts: A second.
        reads: Read units of the table a second.
        hot_reads: Those of the hot session.
        hot_writes: Write units a second of the hot session.
        concurrency: Calls under way at once, by function: connect, disconnect, message.
        hot_size: Connections of the hot session.
        frame: Bytes of a delivered frame.
        answer: Bytes of an ack.

    """

    connects: float
    messages: float
    pings: float
    posts: float
    reads: float
    hot_reads: float
    hot_writes: float
    concurrency: tuple[float, float, float]
    hot_size: int
    frame: int
    answer: int

    @property
    def from_clients(self) -> float:
        """Requests a second that the stage counts: connects, messages, pings. Disconnects are taken not to count."""
        return self.connects + self.messages + self.pings

    @property
    def requests(self) -> float:
        """Requests a second that the account counts: those, and the posts."""
        return self.from_clients + self.posts

    @property
    def writes(self) -> float:
        """Write units of the table a second, and of the index as many: a row has less than 1 KB."""
        return 2 * self.connects

    @property
    def index_reads(self) -> float:
        """Read units of the index a second: the sender of each message, the row of each closed connection."""
        return (self.messages + self.connects) / 2

    @property
    def calls(self) -> float:
        """Calls of functions a second."""
        return 2 * self.connects + self.messages

    @property
    def log_bytes(self) -> float:
        """Bytes of log lines a second."""
        return self.calls * (limits.HUB_LOG_BYTES + limits.METRICS_LOG_BYTES + limits.LAMBDA_LOG_BYTES)

    @property
    def bytes_out(self) -> float:
        """Bytes a second to clients, without TLS and TCP: posts, acks, pongs."""
        return self.posts * self.frame + self.messages * self.answer + self.pings * len('{"type":"pong"}')


def read_units(rows: int) -> int:
    """Return the read units of reading a session, in pages of PAGE rows. Reading none takes one."""
    pages, rest = divmod(rows, PAGE)
    last = math.ceil(rest * costs.ROW_BYTES / limits.READ_BYTES)
    return max(1, pages * math.ceil(PAGE * costs.ROW_BYTES / limits.READ_BYTES) + last)


def load(workload: Workload, results: Results) -> Load:
    """Return what a workload takes, with the function's speed as measured."""
    connects = workload.connections / workload.lifetime
    usual, hot = workload.connections * workload.messages / 3600, workload.hot_messages / 3600
    fan_out, hot_size = workload.recipients * workload.together, round(workload.connections * workload.hot)
    hot_reads = hot * read_units(hot_size)
    deliveries = usual * function_times.delivery_seconds(results, fan_out, ANSWER_MS)
    deliveries += hot * function_times.delivery_seconds(results, hot_size, ANSWER_MS)
    connecting, disconnecting = (connects * function_times.small_seconds(results, calls) for calls in (1, 2))
    return Load(
        connects=connects,
        messages=usual + hot,
        pings=workload.connections * workload.pings / 3600,
        posts=usual * fan_out + hot * hot_size,
        reads=usual * workload.recipients * read_units(workload.together) + hot_reads,
        hot_reads=hot_reads,
        hot_writes=2 * connects * workload.hot,
        concurrency=(connecting, disconnecting, deliveries),
        hot_size=hot_size,
        frame=limits.ENVELOPE_BYTES + limits.ID_BYTES + 2 * limits.SESSION_BYTES + workload.payload,
        answer=limits.ENVELOPE_BYTES + limits.ID_BYTES + workload.recipients * limits.SESSION_BYTES,
    )


def warming_minutes(units: float, warm: float) -> int:
    """Return how long the load of a new table has to grow to so many units a second: it may double every half hour."""
    return math.ceil(math.log2(max(1.0, units / warm))) * limits.WARMING_SECONDS // 60
