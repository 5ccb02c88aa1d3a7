"""What log lines tell an operator to check, where AWS's documents decide what helps."""

import pytest

from delivery import opening
from delivery.http import endpoint


@pytest.mark.parametrize(
    ("advice", "helps"),
    [
        pytest.param(endpoint.UNREACHABLE, "In a VPC it needs a NAT gateway", id="no-way-out"),
        pytest.param(opening.FORBIDDEN, "has no VPC endpoint for execute-api with private DNS", id="forbidden"),
    ],
)
def test_no_advice_sends_anybody_to_a_vpc_endpoint(advice: str, helps: str) -> None:
    # Such an endpoint leads to private APIs, and a WebSocket API cannot be private.
    assert helps in advice
    assert "interface endpoint" not in advice
    assert "policy of the VPC endpoint" not in advice
