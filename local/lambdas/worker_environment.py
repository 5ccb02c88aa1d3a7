"""The environment variables of a function, and the settings that all workers of a gateway share."""

import tempfile
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from local.credentials import CREDENTIALS, NO_CONFIGURATION
from local.place import HERE, Place
from local.stack.app import LATEST, Function

FIXED_VARIABLES = {
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
    "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
    "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
    "LAMBDA_RUNTIME_DIR": "/var/runtime",
    "LANG": "en_US.UTF-8",
    "PATH": "/usr/local/bin:/usr/bin/:/bin:/opt/bin",
    "PYTHONPATH": "/var/runtime",
    "TZ": ":UTC",
}
"""
Variables that Lambda sets to the same value for every function. Nothing listens at their addresses.

``LD_LIBRARY_PATH`` is left out: it would lead Python to libraries of another system. Source: "Defined runtime
environment variables", Lambda developer guide.
"""

INIT_TIMEOUT = 30.0
"""Seconds that a worker has to import its handler. Lambda allows 10; laptops are slower."""


def access_key(function: Function) -> str:
    """Return the access key of a function. The management API tells by it which function calls."""
    return f"local-{function.name}"


@dataclass(frozen=True)
class Host:
    """
    Host names of AWS, and the address that serves them here.

    Attributes:
        pattern: A regular expression for the names, in lower case.
        address: The address that the names lead to.
        tls_port, plain_port: The ports that connections with and without TLS lead to; 0 leaves the port as it is.

    """

    pattern: str
    address: str
    tls_port: int
    plain_port: int


@dataclass(frozen=True)
class WorkerEnvironment:
    """
    The settings that all workers of a gateway share.

    Attributes:
        variables: Variables to add to those of the template and of Lambda.
        output: Called with the name of a function and each line that its processes print.
        hosts: Where AWS's host names lead. The first pattern that matches a name counts.
        authority: A PEM file with the certificate authority of the servers that ``hosts`` lead to.
        debug: Whether ``breakpoint()`` waits for a debugger. No timeout applies then.
        scratch: A folder for unpacked code.
        place: The region and the account of the functions.
        init_timeout: Seconds that a worker has to import its handler.

    """

    variables: Mapping[str, str]
    output: Callable[[str, str], None]
    hosts: Sequence[Host] = ()
    authority: Path | None = None
    debug: bool = False
    scratch: Path = Path(tempfile.gettempdir())
    place: Place = HERE
    init_timeout: float = INIT_TIMEOUT

    def cannot_start(self, function: Function, because: str) -> None:
        """Print why a function has no worker."""
        self.output(function.name, f"{function.name} cannot start: {because}")


def task_root(function: Function) -> Path:
    """Return the folder that a function runs in. An inline function has no folder of its own."""
    return Path(tempfile.gettempdir()) if function.inline is not None else function.path[0]


def environment_of(function: Function, added: Mapping[str, str], place: Place = HERE) -> dict[str, str]:
    """
    Return the variables of a function: those that Lambda sets, those of the template, and those that are added.

    Later ones win. None comes from the gateway's own environment.

    """
    return {
        **FIXED_VARIABLES,
        "AWS_DEFAULT_REGION": place.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_FUNCTION_NAME": function.aws_name,
        "AWS_LAMBDA_FUNCTION_VERSION": LATEST,
        "AWS_REGION": place.region,
        "LAMBDA_TASK_ROOT": str(task_root(function)),
        "_HANDLER": function.handler,
        **_logging(function),
        **CREDENTIALS,
        "AWS_ACCESS_KEY_ID": access_key(function),
        "AWS_SESSION_TOKEN": "localgateway",
        **NO_CONFIGURATION,
        **function.environment,
        **added,
    }


def _logging(function: Function) -> dict[str, str]:
    group = function.logging.group
    stream = f"{datetime.now(UTC):%Y/%m/%d}/{function.aws_name if group else ''}[{LATEST}]{uuid.uuid4().hex}"
    controls = {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": function.logging.level}
    return {
        "AWS_LAMBDA_LOG_GROUP_NAME": group or f"/aws/lambda/{function.aws_name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        **(controls if function.logging.format == "JSON" else {}),
    }
