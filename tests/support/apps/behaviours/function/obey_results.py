"""Results that a handler may return, good and bad, by the name of the order."""

from typing import Any

RESULTS: dict[str, Any] = {
    "none": None,
    "large": {"statusCode": 200, "body": "x" * 100_000},
    "a-list": [1],
    "text": "text",
    "bytes": b"bytes",
    "no-status": {"body": "no status"},
    "no-body": {"statusCode": 200},
    "object-body": {"statusCode": 200, "body": {"a": 1}},
    "unknown-key": {"statusCode": 200, "Data": "x"},
    "text-status": {"statusCode": "OK"},
}
