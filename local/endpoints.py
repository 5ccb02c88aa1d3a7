"""Where a running gateway is to be found."""

import http.client
import json
import urllib.error
import urllib.request
from dataclasses import dataclass


@dataclass(frozen=True)
class Endpoints:
    """
    Where everything is, as URLs without a slash at the end.

    Attributes:
        auth_mode: The hub's AUTH_MODE; empty for another application.
        signing_secret: The name of the hub's signing secret, likewise.

    """

    page: str
    websocket: str
    management: str
    aws: str
    dynamodb: str
    auth_mode: str
    signing_secret: str

    def environment(self) -> dict[str, str]:
        """Return the variables by which boto3 finds the services; the only ones that Lambda would not set."""
        return {
            "AWS_ENDPOINT_URL": self.aws,
            "AWS_ENDPOINT_URL_DYNAMODB": self.dynamodb,
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": self.aws,
            "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": self.management,
        }


def of_running_gateway(host: str, port: int) -> Endpoints | None:
    """Ask the gateway on a port, if there is one."""
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/_local/endpoints", timeout=1) as answer:
            return Endpoints(**json.load(answer))
    except (OSError, http.client.HTTPException, ValueError, TypeError):
        return None  # nothing there, or something else
