"""What backends and operators cost: each thing that they can ask of the hub, and a queue that has nothing to do."""

from typing import NamedTuple

from bench import costs, limits
from bench.report import Results, table
from bench.scaling import function_times, steady
from bench.scaling.bill import MONTH
from callers.operators import PAUSE, RECONNECTING

QUEUE_REQUESTS = 3
"""Requests to SQS for each message: it is sent, received and deleted. SQS bills 64 KB as one request."""

POLLS = 5 * MONTH / 20
"""Requests of Lambda to an empty queue in a month: five pollers, each of which waits 20 seconds.
Source: "Configuring scaling behavior for SQS event source mappings", Lambda developer guide, which also says that
Lambda does not reduce the pollers of a mapping with a maximum concurrency."""

CONNECTIONS = 2
"""Connections of the session that a message, a question or a close is about."""

LOG_BYTES = limits.HUB_LOG_BYTES + limits.LAMBDA_LOG_BYTES


class Action(NamedTuple):
    """
    What one action uses.

    Attributes:
        seconds: Seconds that MessageFunction runs.
        calls: Calls of the function, which may be a part of one.
        reads: Read units of the table.
        writes: Write units of the table.
        posts: Messages that API Gateway bills.
        queue: Requests to SQS.
        logs: Bytes of log lines.

    """

    seconds: float
    calls: float = 1
    reads: float = 1
    writes: float = 0
    posts: int = 0
    queue: int = 0
    logs: int = LOG_BYTES

    def dollars(self) -> float:
        """Return the price."""
        return (
            self.seconds * limits.MESSAGE_MB / 1024 * costs.LAMBDA_GB_SECOND
            + self.calls * costs.LAMBDA_REQUEST
            + self.reads * costs.DYNAMODB_READ
            + self.writes * costs.DYNAMODB_WRITE
            + self.posts * costs.API_GATEWAY_MESSAGE
            + self.queue * costs.SQS_REQUEST
            + self.logs / costs.GB * costs.LOG_GB
        )


def actions(results: Results) -> dict[str, Action]:
    """Return what backends and operators can ask, each for one session with CONNECTIONS connections."""
    sending = function_times.delivery_seconds(results, CONNECTIONS, steady.ANSWER_MS) + limits.DYNAMODB_SECONDS
    closing = sending + steady.ANSWER_MS / 1000 + limits.DYNAMODB_SECONDS
    metrics = LOG_BYTES + limits.METRICS_LOG_BYTES
    # A closed connection's row is deleted twice, by the hub and by $disconnect, in the table and in its index.
    close = Action(0, writes=4 * CONNECTIONS, posts=CONNECTIONS)
    return {
        "publish, one message": Action(sending, posts=CONNECTIONS, logs=metrics),
        "publish, one of 100 messages in a call": Action(sending, calls=1 / 100, posts=CONNECTIONS, logs=metrics),
        "a message through the queue": Action(sending, posts=CONNECTIONS, logs=metrics, queue=QUEUE_REQUESTS),
        "`who`, or `list`, by invocation": Action(2 * limits.DYNAMODB_SECONDS),
        "`who` on a socket": Action(2 * limits.DYNAMODB_SECONDS, reads=1.5, posts=2),
        "`close`": close._replace(seconds=closing + PAUSE),
        "`close` with `reconnect`": close._replace(seconds=closing + RECONNECTING),
    }


def backends(results: Results) -> str:
    """Return the table of prices."""
    return table(
        ("Of a session with two connections", "dollars a million"),
        *((name, f"{action.dollars() * 1e6:.2f}") for name, action in actions(results).items()),
        ("**A queue that idles, in a month**", f"**{POLLS * costs.SQS_REQUEST:.2f}**"),
    )
