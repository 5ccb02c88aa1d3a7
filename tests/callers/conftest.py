"""Fixtures of the tests of all callers: MessageFunction, and the connections that it finds."""

from collections.abc import Iterator

import pytest

from tests.support.faulty import FaultyEndpoint
from tests.support.faulty_rows import FaultyRows, faulty_rows
from tests.support.in_moto import row
from tests.support.message_functions import MessageFunction, message_function
from tests.support.stored_history import HISTORY


@pytest.fixture
def rows() -> Iterator[FaultyRows]:
    """A DynamoDB with two connections of ``s1``, and one of ``s2``."""
    with faulty_rows() as served:
        served.add(row("s1", "a="), row("s1", "b="), row("s2", "c="))
        yield served


@pytest.fixture
def function(rows: FaultyRows, faulty: FaultyEndpoint) -> Iterator[MessageFunction]:
    """MessageFunction without history."""
    with message_function(rows, faulty) as started:
        yield started


@pytest.fixture
def with_history(rows: FaultyRows, faulty: FaultyEndpoint) -> Iterator[MessageFunction]:
    """MessageFunction with history for the sessions ``s…``."""
    own = {"HISTORY_TABLE": HISTORY, "HISTORY_SECONDS": "600", "HISTORY_SESSIONS": "s*"}
    with message_function(rows, faulty, **own) as started:
        yield started
