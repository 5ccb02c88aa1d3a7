"""Sends the body of every message back."""

from typing import Any


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return {"statusCode": 200, "body": event["body"]}
