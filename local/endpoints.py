"""Where a running gateway is to be found."""

import http.client
import json
import urllib.error
import urllib.request
from dataclasses import dataclass

from local.place import Place

AUTHORITY, BUNDLE = "authority.pem", "bundle.pem"
"""Files in a folder that is the running gateway's own."""


@dataclass(frozen=True)
class Endpoints:
    """
    Where everything is, as URLs without a slash at the end.

    Attributes:
        page: Of the gateway itself: sockets, management API and, for the hub, the page.
        websocket: Where clients connect.
        management: Where functions post to connections.
        tls: The same as page, by TLS: ``domainName`` in events is its host and port.
        bundle: Path of the certificates that a function has to trust, to believe that.
        aws: Of the embedded AWS.
        aws_tls: The same by TLS, under every name that AWS's services have.
        auth_mode: The hub's AUTH_MODE; empty for another application.
        signing_secret: The name of the hub's signing secret, likewise.
        region, account: Where the template's resources are.

    """

    page: str
    websocket: str
    management: str
    tls: str
    bundle: str
    aws: str
    aws_tls: str
    dynamodb: str
    auth_mode: str
    signing_secret: str
    region: str
    account: str

    @property
    def place(self) -> Place:
        return Place(self.region, self.account)

    @property
    def is_hub(self) -> bool:
        """Whether the page knows how to speak to the application."""
        return bool(self.auth_mode)

    def environment(self) -> dict[str, str]:
        """
        Return the variables by which boto3 finds the services, and any HTTP client trusts them.

        Lambda would not set them. Nothing else is added but empty files of configuration.

        """
        trust = ("AWS_CA_BUNDLE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
        return {
            **dict.fromkeys(trust, self.bundle),
            "AWS_ENDPOINT_URL": self.aws,
            "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": self.management,
            "AWS_ENDPOINT_URL_DYNAMODB": self.dynamodb,
            "AWS_ENDPOINT_URL_LAMBDA": self.page,
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": self.aws,
        }


def of_running_gateway(host: str, port: int) -> Endpoints | None:
    """Ask the gateway on a port, if there is one."""
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/_local/endpoints", timeout=1) as answer:
            return Endpoints(**json.load(answer))
    except (OSError, http.client.HTTPException, ValueError, TypeError):
        return None  # nothing there, or something else
