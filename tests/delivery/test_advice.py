"""What log lines advise an operator to check, where AWS's documentation decides what helps."""

import pytest

from delivery.http.service import CONNECTIONS_API, DYNAMODB
from hub.advice import FORBIDDEN


@pytest.mark.parametrize(
    ("advice", "help_"),
    [
        pytest.param(CONNECTIONS_API.way, "In a VPC it needs a NAT gateway", id="unreachable"),
        pytest.param(FORBIDDEN, "has no VPC endpoint for execute-api with private DNS", id="forbidden"),
    ],
)
def test_no_log_line_about_connections_advises_a_vpc_endpoint(advice: str, help_: str) -> None:
    # A VPC endpoint leads to private APIs, and a WebSocket API cannot be private.
    assert help_ in advice
    assert "interface endpoint" not in advice
    assert "policy of the VPC endpoint" not in advice


def test_the_log_line_about_dynamodb_advises_the_endpoint_that_costs_nothing() -> None:
    # Source: "Gateway endpoints for Amazon DynamoDB", Amazon VPC guide.
    assert "a gateway endpoint for DynamoDB, or a NAT gateway" in DYNAMODB.way
