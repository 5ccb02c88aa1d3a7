"""A hub's stack as the commands of operators see it. The fixtures are in tests/local/cli/conftest.py."""

from collections.abc import Callable
from typing import Any, TypeAlias

ARN = "arn:aws:lambda:us-east-1:123456789012:function:hub-MessageFunction-1"

TEMPLATE: dict[str, Any] = {
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
    "Outputs": {"MessageFunctionArn": {"Value": ARN}, "Version": {"Value": "1.0.0"}},
}

ME = "arn:aws:sts::123456789012:user/moto"
"""Who runs the commands, as moto says."""

HI = ["publish", "--id", "o-1", "--session", "s1"]
"""A command that lacks its message."""

Run: TypeAlias = Callable[..., tuple[int, str, str]]
"""Runs a command for the stack, whose function gives these answers. Returns status, output and complaints."""
