"""What several test modules need: a clean environment, the hub's table, and a running gateway."""

import io
import logging
import os
import types
from collections.abc import Iterator

import boto3
import pytest
from hypothesis import HealthCheck, settings
from moto import mock_aws
from playwright.sync_api import Browser, sync_playwright

from hub.connections import Connections
from hub.log import logger
from local.stack.loading import load
from tests.support.browser import CHROMIUM, QUIET
from tests.support.faulty import FaultyEndpoint, faulty_endpoint
from tests.support.faulty_dynamodb import FaultyDynamoDB, faulty_dynamodb
from tests.support.gateway import RunningGateway
from tests.support.in_moto import HubInMoto
from tests.support.paths import ROOT

# No test depends on the speed of the machine.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test an environment that can reach nothing."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture
def table() -> Iterator[str]:
    """The table that the template declares, in moto. Returns its name."""
    (properties,) = load(ROOT / "template.yaml", {}).store.tables
    with mock_aws():
        known = ("AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema", "TableName")
        boto3.client("dynamodb").create_table(**{name: properties[name] for name in known})
        yield properties["TableName"]


@pytest.fixture
def connections(table: str) -> Connections:
    """The stored connections, none yet. Retries of the index do not wait."""
    return Connections(boto3.client("dynamodb"), table, sleep=lambda _seconds: None)


@pytest.fixture(scope="module")
def opened() -> Iterator[HubInMoto]:
    """An account in moto, for the tests of one module."""
    with HubInMoto.opened() as account:
        yield account


@pytest.fixture
def account(opened: HubInMoto) -> HubInMoto:
    """Moto, without a connection."""
    opened.clear()
    return opened


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the hub logs, one JSON object a line."""
    handler = logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    before = handler.setStream(written)
    yield written
    handler.setStream(before)


@pytest.fixture(scope="session")
def gateway() -> Iterator[RunningGateway]:
    """The whole product as ``make run`` starts it, on free ports. Shared: use session ids of your own."""
    with RunningGateway.start() as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for one module: while it runs, asyncio.run() does not work beside it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", *QUIET])
        yield browser
        browser.close()


@pytest.fixture
def faulty() -> Iterator[FaultyEndpoint]:
    """An ``@connections`` that answers by script."""
    with faulty_endpoint() as served:
        yield served


@pytest.fixture
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have botocore repeat a request without waiting before."""
    monkeypatch.setattr("botocore.endpoint.time", types.SimpleNamespace(sleep=lambda _seconds: None))


@pytest.fixture
def faulty_table() -> Iterator[FaultyDynamoDB]:
    """A DynamoDB that answers by script."""
    with faulty_dynamodb() as served:
        yield served
