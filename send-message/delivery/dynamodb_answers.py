"""What DynamoDB's answers mean: a result, a fault that may pass, or a refusal, and what to check then."""

import json
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

from delivery.http.exchange import Response

T = TypeVar("T")

CONDITION_FAILED = "ConditionalCheckFailedException"

THROTTLED = {
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
}
PASSING = THROTTLED | {
    "InternalServerError",
    "ReplicatedWriteConflictException",
    "RequestTimeout",
    "RequestTimeoutException",
}
"""Errors after which the same request may succeed. Source: botocore's standard retry mode."""

IDENTITY = (
    "check the clock of this machine, the function's credentials, and that AWS_ENDPOINT_URL_DYNAMODB, if it is set, "
    "names DynamoDB in the function's region"
)

ADVICE = {
    "ResourceNotFoundException": "check that the table exists in the function's region: TABLE_NAME, or HISTORY_TABLE",
    "ValidationException": "check that the table (TABLE_NAME, or HISTORY_TABLE) has the keys and the index that "
    "template.yaml gives it",
    "AccessDeniedException": "check that the function's role allows dynamodb:Query on the table TABLE_NAME and on its "
    "index, dynamodb:DeleteItem on the table, and dynamodb:GetItem, PutItem, Query and UpdateItem on HISTORY_TABLE; "
    "that it may use the table's KMS key, if there is one; and that the policy of the VPC endpoint, if there is one, "
    "allows the same",
    **dict.fromkeys(
        (
            "ExpiredTokenException",
            "IncompleteSignatureException",
            "InvalidClientTokenId",
            "InvalidSignatureException",
            "MissingAuthenticationTokenException",
            "RequestExpired",
            "RequestTimeTooSkewed",
            "UnrecognizedClientException",
        ),
        IDENTITY,
    ),
    **dict.fromkeys(THROTTLED, "DynamoDB throttles the requests: check the table's quotas and its hottest sessions"),
}
"""What to check, by the error that DynamoDB names.
Source: "Error handling with DynamoDB" and "Common error types", DynamoDB developer guide."""

REFUSED = "DynamoDB refused the request"

ENDPOINT = "check the way to DynamoDB, and AWS_ENDPOINT_URL_DYNAMODB if it is set"
"""What to check if there is not an answer from DynamoDB."""

PLAIN = r"[A-Za-z0-9_-]{1,80}"
"""An error or an id that may be in the log. Anything else could be any text."""


class DynamoDBError(Exception):
    """
    DynamoDB has not done what it was asked. The text says what to check, and quotes nothing from the answer.

    Attributes:
        code: The error that DynamoDB names, or empty.
        may_pass: Whether the same request may succeed later.

    """

    def __init__(self, text: str, code: str = "", may_pass: bool = True) -> None:
        super().__init__(text)
        self.code = code
        self.may_pass = may_pass


def result_of(response: Response, read: Callable[[dict[str, Any]], T]) -> T:
    """
    Return what ``read`` makes of the result in the response to a request.

    Raises:
        DynamoDBError: If there is no result.

    """
    if response.status is None:
        raise DynamoDBError(f"{response.reason}: {ENDPOINT}", may_pass=not response.is_final)
    request = f"HTTP {response.status}, request {_plain(response.request_id) or 'without an id'}"
    try:
        content = json.loads(response.body)
        if not isinstance(content, dict):
            raise ValueError("not an object")
        if response.status == HTTPStatus.OK:
            return read(content)
        code = _plain(content["__type"].partition(":")[0].rpartition("#")[2])
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):  # not JSON, or of another shape
        raise DynamoDBError(f"not an answer from DynamoDB ({request}): {ENDPOINT}") from None
    is_fault = response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    raise DynamoDBError(
        f"{code or 'an error without a name'} ({request}): {ADVICE.get(code, REFUSED)}",
        code,
        is_fault or code in PASSING,
    )


def _plain(text: str) -> str:
    return text if re.fullmatch(PLAIN, text) else ""
