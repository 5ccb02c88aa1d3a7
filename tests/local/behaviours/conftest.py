"""The gateways that the tests of API Gateway's behaviours share."""

from collections.abc import Iterator

import pytest

from tests.support.api import Api, Connected
from tests.support.gate import Gate


@pytest.fixture(scope="package")
def api() -> Iterator[Api]:
    """The application with every kind of route. All tests share it, and its throttled route has one token."""
    with Api.start() as started:
        yield started


@pytest.fixture
def client(api: Api) -> Iterator[Connected]:
    """A client of the shared application."""
    with api.connect() as connected:
        yield connected


@pytest.fixture(scope="package")
def impatient() -> Iterator[Api]:
    """The same application in a gateway that waits two seconds for a handler."""
    with Api.start("--integration-timeout", "2") as started:
        yield started


@pytest.fixture
def gate() -> Iterator[Gate]:
    """A gate that is closed until the test opens it, or ends."""
    closed = Gate()
    yield closed
    closed.open()
