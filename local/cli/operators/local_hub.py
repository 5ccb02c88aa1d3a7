"""MessageFunction of the hub that a gateway on this machine runs."""

import getpass

from local.aws.client import client
from local.cli.operators.message_function import CONFIG, MessageFunction
from local.endpoints import of_running_gateway
from local.errors import CannotDo

FUNCTION = "MessageFunction"
"""The function's logical id in the hub's template, which is its name here."""


def function_of_gateway(host: str, port: int) -> MessageFunction:
    """
    Return the function of the hub that runs at an address.

    Raises:
        CannotDo: If no gateway runs there, or if it serves another application.

    """
    endpoints = of_running_gateway(host, port)
    if not endpoints:
        raise CannotDo(f"No hub runs at http://{host}:{port}/. Start it with make run, or name a stack with --stack.")
    if not endpoints.is_hub:
        raise CannotDo(f"The gateway at {endpoints.page}/ serves another application than the hub.")
    lambda_api = client("lambda", endpoints.page, endpoints.region, CONFIG)
    return MessageFunction(lambda_api, FUNCTION, f"local:{_user()}", log="the gateway's output")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError):  # the user id has no name, as may be in a container
        return "unknown"
