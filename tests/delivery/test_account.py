"""What an ack says about the connections of a session."""

import pytest

from delivery.account import Account, totals
from tests.support.fan_outs import account


@pytest.mark.parametrize(
    ("ended", "delivered", "failed", "offline"),
    [
        pytest.param(account(live=2, delivered=2), {"s": 2}, {}, [], id="all-delivered"),
        pytest.param(account(live=3, delivered=1), {"s": 1}, {"s": 2}, [], id="delivered-and-failed"),
        pytest.param(account(live=2), {}, {"s": 2}, [], id="all-failed"),
        pytest.param(account(live=1, left_out=1), {"s": 0}, {}, [], id="only-the-left-out-sender"),
        pytest.param(account(live=2, left_out=1, gone=1), {"s": 0}, {}, [], id="the-left-out-sender-and-one-gone"),
        pytest.param(account(live=0), {}, {}, ["s"], id="no-connection"),
        pytest.param(account(live=2, gone=2), {}, {}, ["s"], id="all-gone"),
        pytest.param(account(live=2, gone=1), {}, {"s": 1}, [], id="gone-and-failed"),
        pytest.param(account(live=0, readable=False), {}, {"s": 0}, [], id="not-readable"),
        pytest.param(account(live=1, delivered=1, readable=False), {"s": 1}, {"s": 0}, [], id="half-readable"),
    ],
)
def test_an_ack_accounts_for_every_session(
    ended: Account, delivered: dict[str, int], failed: dict[str, int], offline: list[str]
) -> None:
    assert totals({"s": ended}) == (delivered, offline, failed)
