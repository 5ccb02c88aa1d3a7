"""The bill of a month."""

import math

from bench import costs, limits
from bench.scaling.steady import Load, Workload

MONTH = 30 * 24 * 3600
"""Seconds."""


def dollars(workload: Workload, load: Load) -> dict[str, float]:
    """Return the lines of the bill. All prices are those of the first tier, so the bill is an upper bound."""
    posts = load.posts * math.ceil(load.frame / limits.METERED_BYTES)
    messages = load.messages * (math.ceil(workload.payload / limits.METERED_BYTES) + 1)
    *small, message = load.concurrency
    gb_seconds = (sum(small) * limits.SMALL_MB + message * limits.MESSAGE_MB) / 1024
    units = 2 * load.writes * costs.DYNAMODB_WRITE + (load.reads + load.index_reads) * costs.DYNAMODB_READ
    second = {
        "API Gateway: connection minutes": workload.connections / 60 * costs.API_GATEWAY_CONNECTION_MINUTE,
        "API Gateway: messages, acks, posts": (messages + posts) * costs.API_GATEWAY_MESSAGE,
        "API Gateway: pings and pongs": 2 * load.pings * costs.API_GATEWAY_MESSAGE,
        "Lambda": load.calls * costs.LAMBDA_REQUEST + gb_seconds * costs.LAMBDA_GB_SECOND,
        "DynamoDB": units,
        "CloudWatch Logs": load.log_bytes / costs.GB * costs.LOG_GB,
        "data transfer out": load.bytes_out / costs.GB * costs.TRANSFER_GB,
    }
    return {line: price * MONTH for line, price in second.items()}
