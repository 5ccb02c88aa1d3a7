"""A constant load: what the hub uses each second if connections open, send and close at constant rates."""

import math
from dataclasses import dataclass

from bench import costs, limits
from bench.report import Results
from bench.scaling import function_times
from hub.connection_requests import PAGE
from hub.replies import PONG

ANSWER_MS = 50
"""Milliseconds until ``@connections`` answers a post: the slowest answer in the benchmark, so functions run longest."""


@dataclass(frozen=True)
class Workload:
    """
    What the clients do.

    Attributes:
        connections: Number of open connections.
        lifetime: Average seconds of a connection, 7,200 at most.
        messages: Messages that a connection sends in an hour.
        pings: Pings that a connection sends in an hour.
        together: Connections of a session.
        recipients: Sessions that a message lists.
        payload: Bytes of a message.
        hot: The part of all connections that belong to one session, the hot session.
        hot_messages: Messages that the hot session gets in an hour.

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
    What AWS does for a workload.

    Attributes:
        connects: Connects a second. Disconnects are as many.
        messages: Messages a second, including those to the hot session.
        pings: Pings a second.
        posts: Posts a second.
        reads: Read units of the table a second.
        hot_reads: Read units a second that reading the hot session takes.
        hot_writes: Write units a second that the rows of the hot session take.
        concurrency: Calls at once of ConnectFunction, DisconnectFunction and MessageFunction.
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
        """Requests a second that the stage counts: connects, messages and pings, and by assumption not disconnects."""
        return self.connects + self.messages + self.pings

    @property
    def requests(self) -> float:
        """Requests a second that the account counts: the requests that the stage counts, and the posts."""
        return self.from_clients + self.posts

    @property
    def writes(self) -> float:
        """Write units of the table a second. The index takes as many. A row has less than 1 KB."""
        return 2 * self.connects

    @property
    def index_reads(self) -> float:
        """Read units of the index a second: for the sender of each message, and for each closed connection."""
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
        """Bytes a second of posts, acks and pongs to clients, without the bytes that TLS and TCP add."""
        return self.posts * self.frame + self.messages * self.answer + self.pings * len(PONG)


def read_units(rows: int) -> int:
    """Return the read units of reading so many rows of a session, in pages of PAGE rows. At least one unit is read."""
    pages, rest = divmod(rows, PAGE)
    last = math.ceil(rest * costs.ROW_BYTES / limits.READ_BYTES)
    return max(1, pages * math.ceil(PAGE * costs.ROW_BYTES / limits.READ_BYTES) + last)


def load(workload: Workload, results: Results) -> Load:
    """Return what a workload takes each second. The functions are as fast as in the measurements."""
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
    """Return the minutes that a new table needs to take so many units a second. Its load may double each half hour."""
    return math.ceil(math.log2(max(1.0, units / warm))) * limits.WARMING_SECONDS // 60
