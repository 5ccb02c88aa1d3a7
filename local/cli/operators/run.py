"""Finds the hub, runs a command, and prints its outcome."""

import argparse

from local.cli.operators.local_hub import function_of_gateway
from local.cli.operators.message_function import MessageFunction, Refused
from local.cli.operators.outcome import Outcome
from local.cli.operators.publish import publish
from local.cli.operators.sessions import close, list_connections, purge, who
from local.cli.operators.stack import function_of_stack
from local.cli.output import print_json, print_result
from local.console import on_one_line
from local.errors import CannotDo

ACTS = {"publish": publish, "who": who, "list": list_connections, "close": close, "purge": purge}


def run(arguments: argparse.Namespace) -> int:
    """Run a command. Returns 1 if it was not done, or not completely."""
    try:
        outcome = ACTS[arguments.command](arguments, _function(arguments))
    except Refused as refused:
        if not arguments.json:
            raise
        outcome = Outcome(refused.answer, [], status=1)
    if arguments.json:
        print_json(outcome.answer)
    else:
        print_result("\n".join(map(on_one_line, outcome.lines)))
    return outcome.status


def _function(arguments: argparse.Namespace) -> MessageFunction:
    if arguments.stack is not None:
        return function_of_stack(arguments.stack, arguments.region, arguments.profile)
    if arguments.region or arguments.profile:
        raise CannotDo("--region and --profile are for a stack in AWS: name it with --stack.")
    return function_of_gateway(arguments.host, arguments.port)
