"""AWS's default quotas in most regions, as documented on 2026-11-23, and the hub's own limits."""

CONNECTS = 500
"""New connections a second, of an account in a region. Can be raised.
Source: "Quotas for configuring and running a WebSocket API", API Gateway developer guide."""

CONNECTION_SECONDS = 2 * 3600
"""Seconds that a connection lasts at most. Fixed.
Source: "Quotas for configuring and running a WebSocket API", API Gateway developer guide."""

METERED_BYTES = 32 * 1024
"""Bytes of a message that are billed as one message. Source: Amazon API Gateway pricing, WebSocket APIs."""

REQUESTS = 10_000
"""Requests a second of an account in a region: HTTP, REST, WebSocket and callback APIs together. Can be raised.
Some regions have 2,500. Source: "Amazon API Gateway quotas", API Gateway developer guide."""

REQUEST_BURST = 5_000
"""Requests that the token bucket holds. AWS sets it by the rate.
Source: "Amazon API Gateway quotas", API Gateway developer guide."""

STAGE_REQUESTS = 2_000
"""Requests a second that the stage takes from clients. Source: template.yaml, the default of StageRate."""

CONCURRENCY = 1_000
"""Function calls under way at once, of an account in a region. Can be raised; new accounts have less.
Source: "Lambda quotas", Lambda developer guide."""

CALLS_PER_CONCURRENCY = 10
"""Calls a second of one function for each unit of concurrency. Source: "Lambda quotas", Lambda developer guide."""

PARTITION_READS, PARTITION_WRITES = 3_000, 1_000
"""Read and write units a second of one partition. Fixed.
Source: "Understanding DynamoDB warm throughput in different scenarios", DynamoDB developer guide."""

WARM_READS, WARM_WRITES = 12_000, 4_000
"""Read and write units a second of a table on demand, or an index, that is new.
Source: "Understanding DynamoDB warm throughput in different scenarios", DynamoDB developer guide."""

WARMING_SECONDS = 30 * 60
"""Seconds in which the load of a table on demand should not more than double.
Source: "Pre-warming a table for on-demand capacity mode", DynamoDB developer guide."""

TABLE_UNITS = 40_000
"""Read units a second, and as many write units, of one table on demand. Can be raised.
Source: "Quotas in Amazon DynamoDB", DynamoDB developer guide."""

READ_BYTES = 4096
"""Bytes of a read unit for a consistent read. A read of an index takes half a read unit.
Source: "DynamoDB read and write operations", DynamoDB developer guide."""

DYNAMODB_SECONDS = 0.010
"""Seconds of a read or a write, at most as a rule: "single-digit millisecond".
Source: "DynamoDB on-demand capacity mode", DynamoDB developer guide."""

SECRET_READS = 10_000
"""GetSecretValue calls a second, of an account in a region. Fixed.
Source: "AWS Secrets Manager quotas", Secrets Manager user guide, and the announcement of 2025-03-04."""

KEY_SECONDS = 5 * 60
"""Seconds that an environment keeps the signing key, which it reads in two versions. Source: docs/security.md."""

SMALL_MB, MESSAGE_MB = 256, 1024
"""Memory of ConnectFunction and DisconnectFunction, and of MessageFunction. Source: template.yaml."""

DELIVERY_SECONDS = 27.0
"""Seconds that one message may take. Source: ANSWER_WITHIN less SPARE in send-message/on_send_message_lambda.py."""

ENVELOPE_BYTES = 97
"""Bytes of a delivered frame around message, id and two session ids. Source: docs/protocol.md, "Sizes"."""

ID_BYTES = 36
"""Bytes of a message id: a UUID, as the hub makes them. Source: RFC 9562."""

SESSION_BYTES = 20
"""Bytes of a session id: as in costs.ROW_BYTES."""

HUB_LOG_BYTES = 400
"""Bytes of the line that a function logs, about. Source: measured by tests/bench/test_scaling.py."""

METRICS_LOG_BYTES = 620
"""The line of metrics of a message; those of a connect and a disconnect are shorter. Source: a test."""

LAMBDA_LOG_BYTES = 400
"""Bytes of Lambda's own two lines, platform.start and platform.report, about. Source: estimated from the
fields in "Lambda Telemetry API Event schema reference", Lambda developer guide; not measured on AWS."""
