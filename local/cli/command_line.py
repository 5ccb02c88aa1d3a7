"""
The command line: ``python -m local`` serves; ``invoke``, ``event``, ``token`` and others help to try the hub;
``publish``, ``who``, ``list``, ``close`` and ``purge`` speak to a hub that runs, here or in AWS.

Only the module of the command that runs is imported, so the gateway starts without the libraries of the other commands.

"""

import os
import pkgutil
import sys

from local.cli.arguments import parse
from local.console import Console
from local.credentials import NO_CONFIGURATION
from local.errors import CannotDo

COMMANDS = {
    "serve": "local.cli.serve:run",
    "invoke": "local.cli.invoke:run",
    "event": "local.cli.event:run",
    "token": "local.cli.credentials:print_token",
    "sign": "local.cli.credentials:print_signature",
    "smoke": "local.cli.smoke.run:run",
    **dict.fromkeys(("publish", "who", "list", "close", "purge"), "local.cli.operators.run:run"),
    "build": "local.cli.build:run",
    "translate": "local.cli.translate:run",
}
"""The function that runs each command. It takes the parsed arguments, and returns the exit status."""


def main(argv: list[str] | None = None) -> int:
    """Run a command. Returns the exit status: 0, or 1 if the command could not do what it was asked for."""
    # Our listener limits the head of a handshake as a whole, before the websockets library reads it.
    os.environ |= {"WEBSOCKETS_MAX_LINE_LENGTH": "16384", "WEBSOCKETS_MAX_NUM_HEADERS": "4096"}
    arguments = parse(argv)
    if arguments.stack is None:
        _leave_aws()
        if arguments.command != "smoke":
            os.environ["no_proxy"] = "*"  # the other commands speak to this machine only
    try:
        status: int = pkgutil.resolve_name(COMMANDS[arguments.command])(arguments)
    except CannotDo as error:
        Console(sys.stderr).say(str(error))
        return 1
    return status


def _leave_aws() -> None:
    """Remove the user's AWS settings: without ``--stack``, no command may reach an account, or depend on a profile."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "BOTO_", "MOTO_"))]:
        del os.environ[name]
    os.environ |= NO_CONFIGURATION
