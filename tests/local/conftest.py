"""The prober: a gateway whose function runs the code of a test."""

from collections.abc import Iterator

import pytest

from tests.support.prober import Prober


@pytest.fixture(scope="session")
def default_prober() -> Iterator[Prober]:
    """A prober in the default region and account. All tests share it: leave its resources as they are."""
    with Prober.start("--idle-timeout", "7200") as started:  # the tests between two of its own may take long
        yield started
