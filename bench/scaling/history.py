"""What history costs: a stored message, an answer to ``resume``, and what a load takes in addition."""

import math
from dataclasses import dataclass

from bench import costs, limits
from bench.report import Results
from bench.scaling.bill import MONTH, dollars
from bench.scaling.steady import Load, Workload
from history.items import SLACK
from history.resuming import LIMIT
from hub.replies import MAX_PAGE_BYTES

SENDER_READS = 0.5
"""Read units for the row of the asking connection, in the index."""

MISSED = 1
"""Messages that a client of the model has missed when it connects again: hardly any, if it connects at once."""

ACK_BYTES = limits.SESSION_BYTES + 20
"""Bytes of an ack for each session with its number."""


def frame_bytes(payload: int) -> int:
    """Return the bytes of a delivered frame with a number."""
    return limits.ENVELOPE_BYTES + limits.ID_BYTES + 2 * limits.SESSION_BYTES + limits.SEQ_BYTES + payload


def item_bytes(payload: int) -> int:
    """Return the bytes of a stored message."""
    return limits.HISTORY_ITEM_BYTES + frame_bytes(payload)


def put_units(payload: int) -> int:
    """Return the write units of a message, without the unit for its number."""
    return math.ceil(item_bytes(payload) / limits.WRITE_BYTES)


def write_units(payload: int) -> int:
    """Return the write units of a message for each session: one for its number, and those of the message."""
    return 1 + put_units(payload)


def storage_dollars(payload: int, seconds: int) -> float:
    """Return the price of keeping a message until DynamoDB deletes it, if it can be resumed for ``seconds``."""
    kept = (seconds + SLACK + limits.TTL_SECONDS) / MONTH
    return (item_bytes(payload) + limits.STORED_ITEM_BYTES) / costs.GB * kept * costs.DYNAMODB_GB_MONTH


def per_second(payload: int) -> float:
    """Return the messages a second that one session can store: its items are all in one partition."""
    return limits.PARTITION_WRITES / write_units(payload)


@dataclass(frozen=True)
class Answer:
    """
    What one answer to ``resume`` takes.

    Attributes:
        frames: Messages in the answer.
        reads: Read units, with the row of the asking connection.
        billed: Messages that API Gateway bills, the question included.
        size: Bytes.

    """

    frames: int
    reads: float
    billed: int
    size: int


def answer(payload: int, missed: int) -> Answer:
    """
    Return what one answer takes. Its history has no holes.

    Args:
        payload: Bytes of each message.
        missed: Messages that the client has missed. If they do not fit a page, it is the first page.

    """
    frame = frame_bytes(payload) + 1  # with a comma
    room = MAX_PAGE_BYTES - limits.RESUMED_BYTES
    frames = min(missed, max(1, room // frame), LIMIT - 1)
    # The query begins with the message that the client has. It reads more than the page takes, if there is more.
    items = min(missed + 1, LIMIT, math.ceil(limits.QUERY_BYTES / item_bytes(payload))) if missed else 0
    query = max(1, math.ceil(items * item_bytes(payload) / limits.READ_BYTES)) if missed else 0
    size = limits.RESUMED_BYTES + frames * frame
    return Answer(frames, SENDER_READS + 1 + query, 1 + math.ceil(size / limits.METERED_BYTES), size)


def answer_dollars(one: Answer, seconds: float) -> float:
    """Return the price of one answer, for which the function runs for some seconds. Log lines are left out."""
    function = seconds * limits.MESSAGE_MB / 1024 * costs.LAMBDA_GB_SECOND + costs.LAMBDA_REQUEST
    return one.reads * costs.DYNAMODB_READ + one.billed * costs.API_GATEWAY_MESSAGE + function


def answer_seconds(measured: Results, frames: int) -> float:
    """Return for how long the function runs for one answer: as measured with no messages, or else with a full page."""
    figures = measured["page" if frames else "nothing"]
    return costs.seconds(1, figures["per_second"], figures["cpu_ms"], limits.MESSAGE_MB)


@dataclass(frozen=True)
class Added:
    """
    What history adds to a load each second: each message is stored for all its sessions, each connect is followed by
    ``resume``.

    Attributes:
        stored: Messages that are stored, for each session.
        writes: Write units of the table of history.
        resumes: Requests of clients.
        reads: Read units of the table of history.
        gb: What the table holds.

    """

    stored: float
    writes: float
    resumes: float
    reads: float
    gb: float


def added(workload: Workload, load: Load, seconds: int) -> Added:
    """
    Return what history adds to a load.

    Args:
        seconds: How long a message can be resumed.

    """
    hot = workload.hot_messages / 3600
    stored = (load.messages - hot) * workload.recipients + hot
    size = item_bytes(workload.payload) + limits.STORED_ITEM_BYTES
    return Added(
        stored=stored,
        writes=stored * write_units(workload.payload),
        resumes=load.connects,
        reads=load.connects * (answer(workload.payload, MISSED).reads - SENDER_READS),
        gb=stored * (seconds + SLACK + limits.TTL_SECONDS) * size / costs.GB,
    )


def bills(workload: Workload, load: Load, seconds: int, measured: Results) -> dict[str, tuple[float, float]]:
    """
    Return the lines of a month's bill: without history, and with it.

    Args:
        seconds: How long a message can be resumed.
        measured: By ``python -m bench.delivery.history``. A message with history takes as much longer as it did there
            for the most sessions.

    """
    more, one = added(workload, load, seconds), answer(workload.payload, MISSED)
    resume_seconds = answer_seconds(measured, MISSED)
    function_seconds = load.messages * measured["storing"][-1]["added_ms"] / 1000 + more.resumes * resume_seconds
    gb_seconds = function_seconds * limits.MESSAGE_MB / 1024
    out = load.posts * limits.SEQ_BYTES + load.messages * workload.recipients * ACK_BYTES + more.resumes * one.size
    log_bytes = more.resumes * (limits.HUB_LOG_BYTES + limits.METRICS_LOG_BYTES + limits.LAMBDA_LOG_BYTES)
    second = {
        "API Gateway: `resume` and its answers": more.resumes * one.billed * costs.API_GATEWAY_MESSAGE,
        "Lambda": more.resumes * costs.LAMBDA_REQUEST + gb_seconds * costs.LAMBDA_GB_SECOND,
        "DynamoDB": more.resumes * SENDER_READS * costs.DYNAMODB_READ,
        "DynamoDB: writes of history": more.writes * costs.DYNAMODB_WRITE,
        "DynamoDB: reads of history": more.reads * costs.DYNAMODB_READ,
        "CloudWatch Logs": log_bytes / costs.GB * costs.LOG_GB,
        "data transfer out": out / costs.GB * costs.TRANSFER_GB,
    }
    month = {line: price * MONTH for line, price in second.items()}
    month["DynamoDB: storage of history"] = more.gb * costs.DYNAMODB_GB_MONTH
    without = dollars(workload, load)
    return {
        line: (without.get(line, 0.0), without.get(line, 0.0) + month.get(line, 0.0)) for line in {**without, **month}
    }
