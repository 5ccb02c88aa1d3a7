"""The client in Chromium over the local gateway, whose connections last three seconds. Windows write to each other."""

import itertools
import json
import random
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from playwright.sync_api import Browser

from tests.support.browser import needs_chromium
from tests.support.gateway import RunningGateway
from tests.support.windows import Open, Window, opened_windows

pytestmark = needs_chromium

DURATION = ("--connection-duration", "3")
IN_TIME = {"lifetime": [1_000, 1_500], "overlap": 500}
"""Another connection takes over long before the gateway closes the first one."""
BETWEEN_CUTS = 30
"""Messages with an ack."""


@pytest.fixture(scope="module")
def keeping() -> Iterator[RunningGateway]:
    """A gateway whose hub keeps history."""
    with RunningGateway.start(*DURATION, "--parameter", "HistorySeconds=600") as running:
        yield running


@pytest.fixture(scope="module")
def forgetful() -> Iterator[RunningGateway]:
    """A gateway whose hub keeps no history."""
    with RunningGateway.start(*DURATION) as running:
        yield running


@pytest.fixture
def open_window(browser: Browser) -> Iterator[Open]:
    with opened_windows(browser) as open_window:
        yield open_window


def cut_until_done(running: RunningGateway, windows: list[Window], seed: int) -> int:
    """
    Close connections by ``@connections`` until all is said: one or two of a window, each window in turn.

    A window's turn comes after BETWEEN_CUTS more of its messages have an ack, so a slow machine cuts no more often.

    Returns:
        How many connections were closed.

    """
    chance = random.Random(seed)
    management = running.management_api()
    cuts = 0
    for window in itertools.cycle(windows):
        if all(window.is_done for window in windows):
            return cuts
        goal = window.acks + BETWEEN_CUTS
        window.wait_for(f"isDone || (it.hub.state === 'open' && it.record.acks.length >= {goal})")
        rows = running.rows(window.session)
        for connection_id in chance.sample(rows, k=min(len(rows), chance.choice([1, 2]))):
            try:
                management.delete_connection(ConnectionId=connection_id)
            except management.exceptions.GoneException:
                continue  # it has closed in the meantime
            cuts += 1
    raise AssertionError


def said(session: str, count: int) -> list[str]:
    return [f"{session} {i}" for i in range(count)]


def shown(record: dict[str, Any]) -> list[str]:
    return [message["message"] for message in record["received"]]


def numbers(record: dict[str, Any]) -> list[int]:
    return [message["seq"] for message in record["received"]]


def test_with_history_cuts_lose_nothing(keeping: RunningGateway, open_window: Open) -> None:
    count = 1_000
    alice = open_window(keeping, "alice", isKept=True, timing=IN_TIME)
    bob = open_window(keeping, "bob", isKept=True)  # the gateway ends its connections
    alice.start_to_talk("bob", count, 10)
    bob.start_to_talk("alice", count, 10)
    cuts = cut_until_done(keeping, [alice, bob], seed=1)

    for window, other in ((alice, "bob"), (bob, "alice")):
        window.wait_for(f"it.record.received.length >= {count}")
        record = window.record
        assert sorted(shown(record)) == sorted(said(other, count))
        assert numbers(record) == sorted(set(numbers(record)))
        assert (len(record["acks"]), record["failures"]) == (count, [])
        assert record["gaps"] == []
    assert cuts >= 15
    assert "waiting" in alice.record["states"]
    assert bob.record["caughtUp"] > 0


@pytest.mark.parametrize("is_kept", [pytest.param(True, id="with-history"), pytest.param(False, id="without-history")])
def test_nobody_notices_a_connection_that_another_takes_over_from(
    request: pytest.FixtureRequest, open_window: Open, is_kept: bool
) -> None:
    running = request.getfixturevalue("keeping" if is_kept else "forgetful")
    count = 80
    windows = [open_window(running, session, isKept=is_kept, timing=IN_TIME) for session in ("carol", "dave")]
    for window, other in zip(windows, ("dave", "carol"), strict=True):
        window.start_to_talk(other, count, 40)
    for window, other in zip(windows, ("dave", "carol"), strict=True):
        window.wait_for(f"isDone && it.record.received.length >= {count}")
        record = window.record
        opening, *later = record["states"]
        assert opening == "open"
        assert len(later) >= 2
        assert set(later) == {"switched"}
        assert sorted(shown(record)) == sorted(said(other, count))
        if is_kept:
            assert numbers(record) == sorted(numbers(record))
        assert record["gaps"] == record["failures"] == record["errors"] == []


def test_without_history_what_was_posted_is_shown_once(forgetful: RunningGateway, open_window: Open) -> None:
    count = 500
    alice = open_window(forgetful, "alice", isKept=False, timing=IN_TIME)
    bob = open_window(forgetful, "bob", isKept=False)
    alice.start_to_talk("bob", count, 10)
    bob.start_to_talk("alice", count, 10)
    assert cut_until_done(forgetful, [alice, bob], seed=2) >= 8

    records = {window.session: window.record for window in (alice, bob)}
    for session, other in (("alice", "bob"), ("bob", "alice")):
        received, sender = shown(records[session]), records[other]
        assert (len(sender["acks"]), sender["failures"]) == (count, [])
        posted = {ack["message"] for ack in sender["acks"] if ack["delivered"]}
        assert posted - set(received) == set()
        assert len(received) == len(set(received))
        assert len(posted) > count / 2


def test_after_a_reload_the_page_goes_on_from_its_position(keeping: RunningGateway, open_window: Open) -> None:
    count = 100
    erin = open_window(keeping, "erin", isKept=True, timing=IN_TIME)
    frank = open_window(keeping, "frank", isKept=True, timing=IN_TIME)
    frank.start_to_talk("erin", count, 20)
    for fraction in (0.2, 0.5):
        erin.wait_for(f"it.record.received.length >= {count * fraction}")
        erin.reload()
    erin.wait_for(f"it.record.received.length >= {count}")
    record = erin.record
    assert sorted(shown(record)) == sorted(said("frank", count))
    assert numbers(record) == sorted(set(numbers(record)))
    assert record["gaps"] == []


def invoke(running: RunningGateway, **event: Any) -> Any:
    """Ask MessageFunction as a backend does."""
    client = boto3.client("lambda", endpoint_url=running.endpoints["page"])
    answer = client.invoke(FunctionName="MessageFunction", Payload=json.dumps(event))
    return json.loads(answer["Payload"].read())


def test_nobody_notices_that_a_backend_closes_a_page_which_may_reconnect(
    gateway: RunningGateway, open_window: Open
) -> None:
    count = 120
    alice, bob = (open_window(gateway, session, isKept=False) for session in ("alice-moves", "bob-stays"))
    alice.start_to_talk("bob-stays", count, 60)
    bob.start_to_talk("alice-moves", count, 60)
    assert invoke(gateway, hub="close", session="alice-moves") == {"closed": {"alice-moves": 1}, "failed": {}}

    for window, other in ((alice, "bob-stays"), (bob, "alice-moves")):
        window.wait_for(f"isDone && it.record.received.length >= {count}")
        record = window.record
        assert sorted(shown(record)) == sorted(said(other, count))
        assert record["failures"] == record["errors"] == []
    assert (alice.record["states"], bob.record["states"]) == (["open", "switched"], ["open"])
    assert len(gateway.rows("alice-moves")) == 1


def test_a_page_that_a_backend_closes_for_good_stays_closed(gateway: RunningGateway, open_window: Open) -> None:
    window = open_window(gateway, "signs-out", isKept=False)
    window.page.evaluate("() => void it.hub.on('closing', (frame) => { window.reason = frame.reason; })")
    invoke(gateway, hub="close", session="signs-out", reconnect=False, reason="signed out")
    window.wait_for("it.hub.state === 'closed'")
    assert window.page.evaluate("reason") == "signed out"


def test_a_page_hears_a_backend_and_asks_who_is_online(gateway: RunningGateway, open_window: Open) -> None:
    window = open_window(gateway, "customer", isKept=False)
    message = {"sessions": ["customer"], "message": "shipped", "from": "orders", "id": "order-17"}
    (ack,) = invoke(gateway, hub="publish", messages=[message])["answers"]
    window.wait_for("it.record.received.length === 1")
    assert (ack["delivered"], shown(window.record)) == ({"customer": 1}, ["shipped"])
    who = window.page.evaluate("it.hub.who(['customer', 'nobody'])")
    assert (who["online"], who["offline"]) == ({"customer": 1}, ["nobody"])
