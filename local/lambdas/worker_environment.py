"""What a function finds around itself, and what all functions of a gateway have in common."""

import tempfile
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from local.credentials import CREDENTIALS, NO_CONFIGURATION
from local.place import HERE, Place
from local.stack.app import LATEST, Function


def access_key(function: Function) -> str:
    """Return what a function signs with: it tells who calls."""
    return f"local-{function.name}"


@dataclass(frozen=True)
class Host:
    """
    Hosts that exist on AWS only, and what serves them here.

    Attributes:
        pattern: A regular expression for their names, in lower case.
        address: Of what serves them.
        tls_port, plain_port: Its ports by TLS, and without it; 0 for the one that is asked for.

    """

    pattern: str
    address: str
    tls_port: int
    plain_port: int


@dataclass(frozen=True)
class WorkerEnvironment:
    """
    What every worker of a gateway has in common.

    Attributes:
        variables: Variables beside the template's and Lambda's.
        output: Called with a function's name and each line that its processes print.
        hosts: Where hosts lead that exist on AWS only. The first that fits a name counts.
        authority: A PEM file with the certificate authority of what serves them.
        debug: Whether ``breakpoint()`` waits for a debugger.
        scratch: A folder for code that has to be unpacked.
        place: The region and the account of the functions.

    """

    variables: Mapping[str, str]
    output: Callable[[str, str], None]
    hosts: Sequence[Host] = ()
    authority: Path | None = None
    debug: bool = False
    scratch: Path = Path(tempfile.gettempdir())
    place: Place = HERE

    def cannot_start(self, function: Function, because: str) -> None:
        """Print why a function has no worker."""
        self.output(function.name, f"{function.name} cannot start: {because}")


def task_root(function: Function) -> Path:
    return Path(tempfile.gettempdir()) if function.inline is not None else function.path[0]


def environment_of(function: Function, added: Mapping[str, str], place: Place = HERE) -> dict[str, str]:
    """
    Return all that a handler sees: the template's variables, what Lambda sets, what was added.

    Nothing comes from the gateway's own environment. ``LD_LIBRARY_PATH`` alone of Lambda's is missing: it
    would lead Python to libraries of another system. The X-Ray daemon is at an address where nobody listens.

    Source of Lambda's: "Defined runtime environment variables", Lambda developer guide.

    """
    return {
        "AWS_DEFAULT_REGION": place.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_FUNCTION_NAME": function.aws_name,
        "AWS_LAMBDA_FUNCTION_VERSION": LATEST,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
        "AWS_REGION": place.region,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LAMBDA_TASK_ROOT": str(task_root(function)),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "PYTHONPATH": "/var/runtime",
        "TZ": ":UTC",
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
