"""How much of each limit a load uses, and which limit it reaches first."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from bench import limits
from bench.report import Results
from bench.scaling import function_times
from bench.scaling.steady import ANSWER_MS, Load, read_units


@dataclass(frozen=True)
class Ceiling:
    """A limit, and a function that returns how much of the limit a load uses. The name contains the unit."""

    name: str
    limit: float
    taken: Callable[[Load], float]

    def share(self, load: Load) -> float:
        """Return the part of the limit that a load uses: 1 is the whole limit."""
        return self.taken(load) / self.limit


def reach(results: Results) -> float:
    """Return how many connections one message reaches in its time. The quota or the function's speed limits it."""
    quota = limits.REQUEST_BURST + limits.REQUESTS * limits.DELIVERY_SECONDS
    return min(quota, function_times.pace(results, ANSWER_MS) * limits.DELIVERY_SECONDS)


def ceilings(results: Results) -> tuple[Ceiling, ...]:
    """Return the limits in the order of a message's path, from the client to the table."""
    return (
        Ceiling("new connections/s, account", limits.CONNECTS, lambda load: load.connects),
        Ceiling("requests of clients/s, `StageRate`", limits.STAGE_REQUESTS, lambda load: load.from_clients),
        Ceiling("requests and posts/s, account", limits.REQUESTS, lambda load: load.requests),
        Ceiling("connections of one message, in 27 s", reach(results), lambda load: load.hot_size),
        Ceiling("Lambda calls at once, account", limits.CONCURRENCY, lambda load: sum(load.concurrency)),
        Ceiling(
            "calls of one function/s", limits.CONCURRENCY * limits.CALLS_PER_CONCURRENCY, lambda load: load.messages
        ),
        Ceiling("read units/s, new table", limits.WARM_READS, lambda load: load.reads),
        Ceiling("read units/s, table's quota", limits.TABLE_UNITS, lambda load: load.reads),
        Ceiling("read units/s, new index", limits.WARM_READS, lambda load: load.index_reads),
        Ceiling("write units/s, new table or index", limits.WARM_WRITES, lambda load: load.writes),
        Ceiling("read units/s, hot session's partition", limits.PARTITION_READS, lambda load: load.hot_reads),
        Ceiling("write units/s, hot session's partition", limits.PARTITION_WRITES, lambda load: load.hot_writes),
        Ceiling(
            "reads of the signing key/s, account",
            limits.SECRET_READS,
            lambda load: 2 * load.concurrency[0] / limits.KEY_SECONDS,
        ),
    )


def first(load: Load, results: Results) -> Ceiling:
    """Return the limit that a load reaches first: the load uses the largest part of this limit."""
    return max(ceilings(results), key=lambda ceiling: ceiling.share(load))


class Hot(NamedTuple):
    """Messages a second to one session that reach the account's quota of posts, and its partition's limit of reads."""

    posts: float
    reads: float


def hot(connections: int) -> Hot:
    """Return how often a session with so many connections can get a message."""
    posts = limits.REQUESTS / connections if connections else float("inf")
    return Hot(posts, limits.PARTITION_READS / read_units(connections))
