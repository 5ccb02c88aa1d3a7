"""``events/env.json`` leads what runs in ``sam local invoke`` to the gateway that ``make run`` starts."""

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
"""What a function asks at each address."""


@pytest.fixture(scope="module")
def moved() -> Iterator[tuple[RunningGateway, int]]:
    """A gateway, and how far its three ports in a row are from the ones that it has without options."""
    first, sockets = three_in_a_row()
    for each in sockets:
        each.close()
    with RunningGateway.start("--port", str(first)) as running:
        yield running, first - Options.port


def asking(variable: str, offset: int) -> Any:
    """Return a client of the address that a variable has, moved by ``offset``, with the name that containers use."""
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


def test_every_address_is_tried_here() -> None:
    assert set(VARIABLES) == set(SERVICES)


def test_a_function_in_a_container_finds_the_table_and_the_secret(moved: tuple[RunningGateway, int]) -> None:
    running, offset = moved
    tables = asking("AWS_ENDPOINT_URL_DYNAMODB", offset).list_tables()["TableNames"]
    secrets = asking("AWS_ENDPOINT_URL_SECRETS_MANAGER", offset).list_secrets()["SecretList"]
    assert (tables, [each["Name"] for each in secrets]) == (["ConnectionsTable"], [running.endpoints["signing_secret"]])


def test_a_function_in_a_container_posts_to_a_client(moved: tuple[RunningGateway, int]) -> None:
    running, offset = moved
    with running.connect("contained") as client:
        (connection_id,) = running.rows("contained")
        asking("WEBSOCKET_ENDPOINT", offset).post_to_connection(ConnectionId=connection_id, Data=b'{"posted": 1}')
        assert client.receive() == {"posted": 1}
