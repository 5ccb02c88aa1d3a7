"""What a load costs in a month."""

import math

from bench import costs, limits
from bench.scaling.steady import Load, Workload

MONTH = 30 * 24 * 3600
"""Seconds."""


def dollars(workload: Workload, rates: Load) -> dict[str, float]:
    """Return the bill of a month, by line, all at the price of the first tier: an upper bound."""
    posts = rates.posts * math.ceil(rates.frame / limits.METERED_BYTES)
    messages = rates.messages * (math.ceil(workload.payload / limits.METERED_BYTES) + 1)
    *small, message = rates.concurrency
    gb_seconds = (sum(small) * limits.SMALL_MB + message * limits.MESSAGE_MB) / 1024
    units = 2 * rates.writes * costs.DYNAMODB_WRITE + (rates.reads + rates.index_reads) * costs.DYNAMODB_READ
    second = {
        "API Gateway: connection minutes": workload.connections / 60 * costs.API_GATEWAY_CONNECTION_MINUTE,
        "API Gateway: messages, acks, posts": (messages + posts) * costs.API_GATEWAY_MESSAGE,
        "API Gateway: pings and pongs": 2 * rates.pings * costs.API_GATEWAY_MESSAGE,
        "Lambda": rates.calls * costs.LAMBDA_REQUEST + gb_seconds * costs.LAMBDA_GB_SECOND,
        "DynamoDB": units,
        "CloudWatch Logs": rates.log_bytes / costs.GB * costs.LOG_GB,
        "data transfer out": rates.bytes_out / costs.GB * costs.TRANSFER_GB,
    }
    return {line: price * MONTH for line, price in second.items()}
