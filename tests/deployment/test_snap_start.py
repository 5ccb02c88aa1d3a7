"""What functions do when they are restored from a snapshot."""

import random

import pytest
from snapshot_restore_py import get_after_restore

from tests.support.lambdas import cold_start


@pytest.mark.parametrize("function", ["ConnectFunction", "DisconnectFunction", "MessageFunction"])
def test_randomness_is_not_that_of_the_snapshot(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cold_start(function, monkeypatch)
    snapshot = random.getstate()
    drawn = set()
    for _ in range(3):
        random.setstate(snapshot)
        for call, positional, named in get_after_restore():
            if call == random.seed:  # and none of the functions that other tests have loaded
                call(*positional, **named)
        drawn.add(random.random())
    assert len(drawn) == 3


def test_http_connections_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = cold_start("MessageFunction", monkeypatch)
    assert [call for call, _, _ in get_after_restore()].count(handler.FAN_OUT.drop_connections) == 1
