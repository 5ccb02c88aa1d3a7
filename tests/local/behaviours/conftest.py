"""The applications that the tests of API Gateway's behaviours share."""

from collections.abc import Iterator

import pytest

from tests.support.api import Api, Connected


@pytest.fixture(scope="package")
def api() -> Iterator[Api]:
    """The application with every kind of route. Shared: its throttled route has one token."""
    with Api.start("--integration-timeout", "5") as started:
        yield started


@pytest.fixture
def client(api: Api) -> Iterator[Connected]:
    """A client of it."""
    with api.connect() as connected:
        yield connected
