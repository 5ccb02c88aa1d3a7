"""What a function finds around itself, and what all functions of a gateway have in common."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.stack.app import Function
from local.stack.names import REGION

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "localgateway", "AWS_SECRET_ACCESS_KEY": "localgateway"}
"""Obviously not real, so that nothing here can reach an account."""


def access_key(function: Function) -> str:
    """Return what a function signs with: it tells who calls."""
    return f"local-{function.name}"


@dataclass(frozen=True)
class Surroundings:
    """
    What every worker of a gateway has in common.

    Attributes:
        environment: Variables beside the template's and Lambda's.
        output: Called with a function's name and each line that its processes print.
        hosts: Where hosts lead that exist on AWS only: to an address and a port.
        debug: Whether ``breakpoint()`` waits for a debugger.
        scratch: A folder for code that has to be unpacked.

    """

    environment: Mapping[str, str]
    output: Callable[[str, str], None]
    hosts: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    debug: bool = False
    scratch: Path = Path(tempfile.gettempdir())

    def cannot_start(self, function: Function, because: str) -> None:
        """Print why a function has no worker."""
        self.output(function.name, f"{function.name} cannot start: {because}")


def task_root(function: Function) -> Path:
    return Path(tempfile.gettempdir()) if function.inline is not None else function.path[0]


def environment_of(function: Function, added: Mapping[str, str]) -> dict[str, str]:
    """
    Return all that a handler sees: the template's variables, what Lambda sets, what was added.

    Source of Lambda's: "Defined runtime environment variables", Lambda developer guide.

    """
    return {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.12",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_FUNCTION_NAME": function.aws_name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.aws_name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "AWS_REGION": REGION,
        "LAMBDA_TASK_ROOT": str(task_root(function)),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TZ": ":UTC",
        "_HANDLER": function.handler,
        **CREDENTIALS,
        "AWS_ACCESS_KEY_ID": access_key(function),
        "AWS_SESSION_TOKEN": "localgateway",
        **function.environment,
        **added,
    }
