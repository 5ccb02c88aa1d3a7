"""Fixtures of several test modules: a clean environment, the hub's table, and a running gateway."""

import io
import logging
import os
import threading
import types
from collections.abc import Iterator

import boto3
import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings
from moto import mock_aws
from playwright.sync_api import Browser, sync_playwright

from hub import asking
from hub.connections import Connections
from hub.log import logger
from tests.support.browser import CHROMIUM, QUIET
from tests.support.faulty import FaultyEndpoint, faulty_endpoint
from tests.support.faulty_dynamodb import FaultyDynamoDB, faulty_dynamodb
from tests.support.gateway import RunningGateway
from tests.support.in_moto import HubInMoto, moto_server
from tests.support.tables import create_connections_table
from tests.support.user_pool import PARAMETERS, options

# No test depends on the speed of the machine.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let the abandoned calls of earlier tests end: their backoff uses ``random``, which Hypothesis controls."""
    if is_hypothesis_test(getattr(item, "obj", None)):
        for thread in threading.enumerate():
            if thread.name.startswith(asking.THREAD):
                thread.join()


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove AWS's variables, turn proxies off, and set keys of nobody, so that no test reaches an AWS account."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the keys of the test that made it


@pytest.fixture
def table() -> Iterator[str]:
    """The name of the table of connections, which is in moto and empty."""
    with mock_aws():
        yield create_connections_table()


@pytest.fixture
def connections(table: str) -> Connections:
    """The stored connections in the empty table."""
    return Connections(boto3.client("dynamodb"), table)


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """The URL of moto's services, which all tests share. See ``moto_server``."""
    with moto_server() as url:
        yield url


@pytest.fixture(scope="module")
def shared_hub_in_moto(moto_url: str) -> Iterator[HubInMoto]:
    """The hub on moto's services, which the tests of one module share."""
    with HubInMoto.start(moto_url) as running:
        yield running


@pytest.fixture
def hub_in_moto(shared_hub_in_moto: HubInMoto) -> HubInMoto:
    """The hub on moto's services, without connections."""
    shared_hub_in_moto.clear()
    return shared_hub_in_moto


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The hub's log: one JSON object a line."""
    handler = logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    before = handler.setStream(written)
    yield written
    handler.setStream(before)


@pytest.fixture(scope="session")
def gateway() -> Iterator[RunningGateway]:
    """The gateway as ``make run`` starts it, on free ports. All tests share it, so each uses session ids of its own."""
    with RunningGateway.start() as running:
        yield running


@pytest.fixture(scope="session")
def jwt_gateway() -> Iterator[RunningGateway]:
    """The gateway with AUTH_MODE jwt, shared like ``gateway``. Its signing key stays the same."""
    with RunningGateway.start("--parameter", "AuthMode=jwt") as running:
        yield running


@pytest.fixture(scope="session")
def signature_gateway() -> Iterator[RunningGateway]:
    """The gateway with AUTH_MODE signature, shared like ``gateway``. Its signing key stays the same."""
    with RunningGateway.start("--parameter", "AuthMode=signature") as running:
        yield running


@pytest.fixture(scope="session")
def provider_gateway() -> Iterator[RunningGateway]:
    """The gateway with the tokens of an identity provider: see ``tests.support.user_pool``. Shared like ``gateway``."""
    with RunningGateway.start(*options(PARAMETERS)) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for one module. While it runs, asyncio.run() does not work in the same thread."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", *QUIET])
        yield browser
        browser.close()


@pytest.fixture
def faulty() -> Iterator[FaultyEndpoint]:
    """A server of ``@connections`` that answers by script."""
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
