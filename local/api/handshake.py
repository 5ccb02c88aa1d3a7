"""Who may connect: every check of a handshake before the function of ``$connect`` runs."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from local.api import events
from local.api.authorizer import Authorization, NotAuthorized, has_identity, read_policy
from local.api.events import Client, Pairs
from local.api.integrations import IntegrationCalls
from local.api.results import NotInvoked
from local.lambdas.process import Result
from local.stack.app import ApiKeys, App, IamAuthorization, LambdaAuthorizer, Route
from local.stack.domains import domain_of, name_of


@dataclass(eq=False)
class Refused(Exception):
    """
    The gateway refuses a handshake.

    Attributes:
        status: The HTTP status that the client gets.
        explanation: For the page and the terminal. A client of AWS sees the status alone.
        is_reported: Whether the terminal has a line about it already.

    """

    status: int
    explanation: str
    is_reported: bool = False


@dataclass(frozen=True)
class Handshake:
    """
    The HTTP request that opens a WebSocket connection.

    Attributes:
        path: As the client wrote it.
        query: As the client wrote it, without the question mark; empty if the target has no query.
        headers: In order.

    """

    path: str
    query: str
    headers: Pairs
    source_ip: str

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    def header(self, lower_name: str) -> str | None:
        """Return the first value of a header, whose name is given in lower case, or None."""
        return next((value for name, value in self.headers if name.lower() == lower_name), None)


def client_of(handshake: Handshake, app: App, domain_name: str, now: float) -> Client:
    """
    Return what the events of this client will say about it, as far as the handshake alone tells.

    Args:
        domain_name: The ``domainName`` of events, unless the client came by a custom domain.
        now: Epoch seconds.

    Raises:
        Refused: If the path is not the path of the stage.

    """
    host = name_of(handshake.header("host") or "")
    domain = domain_of(host, app.domains)
    base = app.stage if domain is None else app.domains[domain]
    if handshake.path.strip("/") != base:
        # unsure: no capture shows this status on a WebSocket API; REST APIs answer 403.
        raise Refused(403, f"There is no stage at {handshake.path}; it is /{base}.")
    return Client(
        connection_id=events.new_id(),
        connected_at=int(now * 1000),
        api_id=app.api_id,
        stage=app.stage,
        domain_name=domain_name if domain is None else host,
        source_ip=handshake.source_ip,
        user_agent=handshake.header("user-agent"),
        stage_variables=app.stage_variables,
        place=app.place,
    )


async def authorize(
    route: Route, client: Client, handshake: Handshake, integrations: IntegrationCalls, clock: Callable[[], float]
) -> Client:
    """
    Check the API key, the signature and the authorizer, as far as the route requires them.

    Args:
        route: ``$connect``.

    Returns:
        The client, with what the authorizer, the signature and the key add to its events.

    Raises:
        Refused: If the client may not connect.

    """
    keys, usage_key = route.api_keys, None
    if keys and not keys.from_authorizer:
        client = _with_key(keys, client, handshake.header("x-api-key"))
    if isinstance(route.authorizer, IamAuthorization):
        client = _with_signer(client, handshake)
    elif isinstance(route.authorizer, LambdaAuthorizer):
        authorization = await _ask(route.authorizer, client, handshake, integrations, clock())
        client, usage_key = replace(client, authorizer=authorization.values), authorization.usage_key
    if keys and keys.from_authorizer:
        client = _with_key(keys, client, usage_key)
    return client


def _with_key(keys: ApiKeys, client: Client, key: str | None) -> Client:
    if not key or (keys.values is not None and key not in keys.values):
        source = "authorizer's answer" if keys.from_authorizer else "handshake"
        raise Refused(403, f"The {source} has no API key, or a wrong one.")  # unsure: the status of REST APIs
    return replace(client, caller={"apiKey": key, "apiKeyId": "local"})


def _with_signer(client: Client, handshake: Handshake) -> Client:
    by_header = (handshake.header("authorization") or "").startswith("AWS4-HMAC-SHA256")
    if not by_header and "X-Amz-Signature" not in dict(events.values_of(handshake.query)):
        raise Refused(403, "The handshake is not signed, and AWS_IAM requires a signature.")  # unsure: as REST APIs
    arn = client.place.iam_arn("user/local")
    signer = {"accountId": client.place.account, "caller": "local", "user": "local", "userArn": arn}
    return replace(client, caller={**client.caller, **signer})


async def _ask(
    authorizer: LambdaAuthorizer, client: Client, handshake: Handshake, integrations: IntegrationCalls, now: float
) -> Authorization:
    if not has_identity(authorizer.identity_sources, client, handshake.headers, handshake.query):
        raise Refused(401, f"The handshake lacks one of {', '.join(authorizer.identity_sources)}.")
    event = events.authorize(client, now, handshake.headers, handshake.query)

    def read(result: Result) -> Authorization:
        return read_policy(result, event)

    try:
        return await integrations.call("authorizer", authorizer.integration, event, read)
    except NotAuthorized as error:
        raise Refused(error.status, f"The authorizer refused: {error}.", is_reported=True) from error
    except NotInvoked as error:
        explanation = "The gateway could not call the authorizer; its terminal shows why."
        raise Refused(500, explanation, is_reported=True) from error
    except TimeoutError as error:
        raise Refused(500, "The authorizer took longer than the integration timeout.") from error
