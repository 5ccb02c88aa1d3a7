"""What log lines advise an operator to check, where AWS's documentation decides what helps."""

import pytest

from delivery import opening
from delivery.http import connector


@pytest.mark.parametrize(
    ("advice", "help_"),
    [
        pytest.param(connector.UNREACHABLE, "In a VPC it needs a NAT gateway", id="unreachable"),
        pytest.param(opening.FORBIDDEN, "has no VPC endpoint for execute-api with private DNS", id="forbidden"),
    ],
)
def test_no_log_line_advises_a_vpc_endpoint(advice: str, help_: str) -> None:
    # A VPC endpoint leads to private APIs, and a WebSocket API cannot be private.
    assert help_ in advice
    assert "interface endpoint" not in advice
    assert "policy of the VPC endpoint" not in advice
