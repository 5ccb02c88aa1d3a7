"""The addresses of a running gateway, and how its commands find them."""

import http.client
import json
import urllib.error
import urllib.request
from dataclasses import dataclass

from local.place import Place

AUTHORITY, BUNDLE = "authority.pem", "bundle.pem"
"""Files in the gateway's temporary folder: its certificate authority, and that authority with all public ones."""


@dataclass(frozen=True)
class Endpoints:
    """
    The addresses of a running gateway, as URLs without a slash at the end, and other values that its commands need.

    Attributes:
        page: The gateway itself: WebSockets, the management API and, for the hub, the page.
        websocket: The URL that clients connect to.
        management: The management API: functions post to connections here.
        tls: The gateway by TLS. ``domainName`` in events is the host and port of this URL.
        bundle: Path of the BUNDLE file. A client that trusts it trusts the gateway.
        aws: The embedded AWS.
        aws_tls: The embedded AWS by TLS, under every host name that AWS's services have.
        dynamodb: DynamoDB: the embedded one, or the one that the user has named.
        auth_mode: The hub's AUTH_MODE. Empty for another application.
        signing_secret: The name of the hub's signing secret. Empty with an identity provider, and for another
            application.
        provider: The issuer of the tokens that the hub takes from an identity provider. Empty: the hub takes none.
        session_claim: The claim of a token that is the session.
        region, account: The region and the account of the template's resources.

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
    provider: str
    session_claim: str
    region: str
    account: str

    @property
    def place(self) -> Place:
        return Place(self.region, self.account)

    @property
    def is_hub(self) -> bool:
        """Whether the application is the hub, whose protocol the page speaks."""
        return bool(self.auth_mode)

    def environment(self) -> dict[str, str]:
        """
        Return variables that lead boto3 to the gateway's services and make HTTP clients trust its certificates.

        Lambda does not set these variables.

        """
        trust = ("AWS_CA_BUNDLE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
        return {
            **dict.fromkeys(trust, self.bundle),
            "AWS_ENDPOINT_URL": self.aws,
            "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": self.management,
            "AWS_ENDPOINT_URL_DYNAMODB": self.dynamodb,
            "AWS_ENDPOINT_URL_LAMBDA": self.page,
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": self.aws,
            "AWS_ENDPOINT_URL_SQS": self.aws,
        }


def of_running_gateway(host: str, port: int) -> Endpoints | None:
    """Ask the gateway on a port for its addresses. Return None if no gateway answers there."""
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/_local/endpoints", timeout=1) as answer:
            return Endpoints(**json.load(answer))
    except (OSError, http.client.HTTPException, ValueError, TypeError):
        return None  # nothing listens there, or another program
