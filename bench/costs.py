"""AWS's prices, and what deliveries cost at these prices."""

LAMBDA_GB_SECOND = 0.0000133334
"""Dollars for a GB-second of an arm64 function. Source: AWS Lambda pricing, us-east-1, 2026-11-23."""

LAMBDA_REQUEST = 0.20 / 1e6
"""Dollars for one call of a function. Source: AWS Lambda pricing, us-east-1, 2026-11-23."""

API_GATEWAY_MESSAGE = 1.00 / 1e6
"""Dollars for each 32 KB of a message in either direction, for the first billion a month.
Source: Amazon API Gateway pricing, WebSocket APIs, us-east-1, 2026-11-23."""

API_GATEWAY_CONNECTION_MINUTE = 0.25 / 1e6
"""Dollars for a minute of one open connection.
Source: Amazon API Gateway pricing, WebSocket APIs, us-east-1, 2026-11-23."""

DYNAMODB_READ = 0.125 / 1e6
"""Dollars for a read request unit on demand, which is a consistent read of 4 KB.
Source: DynamoDB pricing, us-east-1, 2026-11-23."""

DYNAMODB_WRITE = 0.625 / 1e6
"""Dollars for a write request unit on demand, which is a write of 1 KB.
Source: DynamoDB pricing, us-east-1, 2026-11-23."""

DYNAMODB_GB_MONTH = 0.25
"""Dollars for a GB that a table of the standard class holds for a month.
Source: DynamoDB pricing, us-east-1, 2026-11-26, as other sites quote it."""

SQS_REQUEST = 0.40 / 1e6
"""Dollars for a request to a standard queue, after the first million a month, which is free.
Source: Amazon SQS pricing, us-east-1, 2026-11-26, as other sites quote it."""

LOG_GB = 0.50
"""Dollars for a GB of functions' log lines, for the first 10 TB a month.
Source: Amazon CloudWatch pricing, Lambda logs, us-east-1, 2026-11-23."""

TRANSFER_GB = 0.09
"""Dollars for a GB sent to the internet, for the first 10 TB a month.
Source: Amazon EC2 on-demand pricing, data transfer, us-east-1, 2026-11-23."""

GB = 1024**3
"""Bytes."""

FULL_CPU_MB = 1769
"""MB of memory at which a function has one whole vCPU.
Source: "Configure Lambda function memory", Lambda developer guide."""

ROW_BYTES = 110
"""Bytes of a row: the names of four attributes, a session id of 20 characters, a connection id of 16, two numbers."""


ONE_MESSAGE_READS = 1.5
"""Read units of a message of the hub to a session with one connection: half a unit for the sender's row in the index,
and one for the session. Source: tests/bench/test_common.py counts the reads."""

LOOP_READS = 1.0
"""Read units of the same message without the hub, by the benchmark's loop over boto3, which reads the session only."""

ONE_MESSAGE_FRAMES = 3
"""Messages that API Gateway bills for a message to one connection: the message, its ack, and the post."""


def seconds(posts: int, per_second: float, cpu_ms: float, memory_mb: int) -> float:
    """Return the seconds of a delivery: the measured time, or the time for its CPU with the memory's share of a vCPU if
    that is longer."""
    return max(posts / per_second, posts * cpu_ms / 1000 * max(1.0, FULL_CPU_MB / memory_mb))


def lambda_dollars(posts: int, duration: float, memory_mb: int) -> float:
    """Return the price of one delivery in Lambda, scaled to a million posts."""
    return (duration * memory_mb / 1024 * LAMBDA_GB_SECOND + LAMBDA_REQUEST) / posts * 1e6


def dynamodb_dollars() -> float:
    """Return the price of reading a million rows, in pages of large sessions."""
    return ROW_BYTES / 4096 * DYNAMODB_READ * 1e6
