"""``events/env.json`` has the addresses by which ``sam local invoke`` reaches the gateway that ``make run`` starts."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest

from local.options import Options
from tests.support.gateway import RunningGateway, three_in_a_row
from tests.support.paths import ROOT

VARIABLES: dict[str, str] = json.loads((ROOT / "events" / "env.json").read_text())["Parameters"]
SERVICES = {
    "AWS_ENDPOINT_URL_DYNAMODB": "dynamodb",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER": "secretsmanager",
    "WEBSOCKET_ENDPOINT": "apigatewaymanagementapi",
}
"""The service at each address."""


@pytest.fixture(scope="module")
def moved() -> Iterator[tuple[RunningGateway, int]]:
    """A gateway on three ports in a row, and the distance of its first port from the default port."""
    first, sockets = three_in_a_row()
    for sock in sockets:
        sock.close()
    with RunningGateway.start("--port", str(first)) as running:
        yield running, first - Options.port


def client_of(variable: str, offset: int) -> Any:
    """Return a client of the address in a variable, with the port moved, and with the host name that containers use."""
    url = urlsplit(VARIABLES[variable])
    assert url.hostname == "host.docker.internal"
    assert url.port
    client = boto3.client(
        SERVICES[variable],  # type: ignore[call-overload]
        endpoint_url=f"{url.scheme}://127.0.0.1:{url.port + offset}{url.path}",
    )
    host = f"{url.hostname}:{url.port + offset}"
    client.meta.events.register("before-send", lambda request, **_: request.headers.__setitem__("Host", host))
    return client


def test_this_module_tries_every_address() -> None:
    assert set(VARIABLES) == set(SERVICES)


def test_a_function_in_a_container_finds_the_table_and_the_secret(moved: tuple[RunningGateway, int]) -> None:
    running, offset = moved
    tables = client_of("AWS_ENDPOINT_URL_DYNAMODB", offset).list_tables()["TableNames"]
    secrets = client_of("AWS_ENDPOINT_URL_SECRETS_MANAGER", offset).list_secrets()["SecretList"]
    assert (tables, [secret["Name"] for secret in secrets]) == (
        ["ConnectionsTable"],
        [running.endpoints["signing_secret"]],
    )


def test_a_function_in_a_container_posts_to_a_client(moved: tuple[RunningGateway, int]) -> None:
    running, offset = moved
    with running.connect("contained") as client:
        (connection_id,) = running.rows("contained")
        client_of("WEBSOCKET_ENDPOINT", offset).post_to_connection(ConnectionId=connection_id, Data=b'{"posted": 1}')
        assert client.receive() == {"posted": 1}
