"""AWS's default quotas in most regions, as AWS documented them on 2026-11-23, and the hub's own limits."""

CONNECTS = 500
"""New connections a second of an account in a region. AWS can raise this quota.
Source: "Quotas for configuring and running a WebSocket API", API Gateway developer guide."""

CONNECTION_SECONDS = 2 * 3600
"""Seconds that a connection lasts at most. AWS does not raise this quota.
Source: "Quotas for configuring and running a WebSocket API", API Gateway developer guide."""

METERED_BYTES = 32 * 1024
"""Bytes of a message that are billed as one message. Source: Amazon API Gateway pricing, WebSocket APIs."""

REQUESTS = 10_000
"""Requests a second of an account in a region: HTTP, REST, WebSocket and callback APIs together.
AWS can raise this quota. It is 2,500 in some regions.
Source: "Amazon API Gateway quotas", API Gateway developer guide."""

REQUEST_BURST = 5_000
"""Requests that the token bucket holds. AWS sets the burst according to the rate.
Source: "Amazon API Gateway quotas", API Gateway developer guide."""

STAGE_REQUESTS = 2_000
"""Requests a second that the stage accepts from clients. Source: template.yaml, the default of StageRate."""

CONCURRENCY = 1_000
"""Function calls at once of an account in a region. AWS can raise this quota. New accounts have a lower one.
Source: "Lambda quotas", Lambda developer guide."""

CALLS_PER_CONCURRENCY = 10
"""Calls a second of one function for each unit of concurrency. Source: "Lambda quotas", Lambda developer guide."""

PARTITION_READS, PARTITION_WRITES = 3_000, 1_000
"""Read and write units a second of one partition. AWS does not raise these quotas.
Source: "Understanding DynamoDB warm throughput in different scenarios", DynamoDB developer guide."""

WARM_READS, WARM_WRITES = 12_000, 4_000
"""Read and write units a second of a new table on demand, or of a new index.
Source: "Understanding DynamoDB warm throughput in different scenarios", DynamoDB developer guide."""

WARMING_SECONDS = 30 * 60
"""Seconds within which the load of a table on demand should at most double.
Source: "Pre-warming a table for on-demand capacity mode", DynamoDB developer guide."""

TABLE_UNITS = 40_000
"""Read units a second of one table on demand, and as many write units. AWS can raise this quota.
Source: "Quotas in Amazon DynamoDB", DynamoDB developer guide."""

READ_BYTES = 4096
"""Bytes of a consistent read for one read unit. A read of an index takes half a read unit.
Source: "DynamoDB read and write operations", DynamoDB developer guide."""

WRITE_BYTES = 1024
"""Bytes of a write for one write unit. Source: "DynamoDB read and write operations", DynamoDB developer guide."""

QUERY_BYTES = 1024**2
"""Bytes of items that one query reads at most. Source: "Query", DynamoDB API reference."""

STORED_ITEM_BYTES = 100
"""Bytes that each item occupies besides its own bytes. Source: DynamoDB pricing."""

TTL_SECONDS = 2 * 24 * 3600
"""Seconds until DynamoDB deletes an item that has expired. The item occupies storage until then.
Source: "UpdateTimeToLive", DynamoDB API reference: "typically within two days"."""

DYNAMODB_SECONDS = 0.010
"""Seconds of a read or a write, usually less: "single-digit millisecond".
Source: "DynamoDB on-demand capacity mode", DynamoDB developer guide."""

SECRET_READS = 10_000
"""GetSecretValue calls a second of an account in a region. AWS does not raise this quota.
Source: "AWS Secrets Manager quotas", Secrets Manager user guide, and the announcement of 2025-03-04."""

KEY_SECONDS = 5 * 60
"""Seconds for which an environment keeps the signing key. It reads two versions of the key.
Source: docs/security.md."""

SMALL_MB, MESSAGE_MB = 256, 1024
"""MB of memory of ConnectFunction and DisconnectFunction, and of MessageFunction. Source: template.yaml."""

DELIVERY_SECONDS = 27.0
"""Seconds that the delivery of one message may take.
Source: ANSWER_WITHIN less SPARE in send-message/on_send_message_lambda.py."""

ENVELOPE_BYTES = 97
"""Bytes of a delivered frame without its message, its id and its two session ids. Source: docs/protocol.md, "Sizes"."""

ID_BYTES = 36
"""Bytes of a message id that the hub makes, a UUID. Source: RFC 9562."""

SESSION_BYTES = 20
"""Bytes of a session id, as in costs.ROW_BYTES."""

SEQ_BYTES = 23
"""Bytes of the number of a message in its frame, with its name and a comma. Source: docs/protocol.md."""

HISTORY_ITEM_BYTES = 86
"""Bytes of a stored message without its frame: the names of six attributes, a session id, four numbers, each of which
has a byte for two digits and one more. Source: "DynamoDB item sizes and formats", DynamoDB developer guide."""

RESUMED_BYTES = 118
"""Bytes of the answer to ``resume`` without its messages."""

HUB_LOG_BYTES = 400
"""Bytes of the line that a function logs, about. Source: tests/bench/test_scaling.py measures one."""

METRICS_LOG_BYTES = 620
"""Bytes of the line with the metrics of a message. The lines of a connect and of a disconnect are shorter."""

LAMBDA_LOG_BYTES = 400
"""Bytes of Lambda's own two lines, platform.start and platform.report, about. This is an estimate from the fields in
"Lambda Telemetry API Event schema reference", Lambda developer guide, and not a measurement on AWS."""
