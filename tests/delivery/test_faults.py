"""Any mix of faults: whatever the server does, the account is exact, and every connection that can be reached is."""

import itertools
from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.account import totals
from delivery.http.service import CONNECTIONS_API
from tests.support.fan_outs import ENVELOPE, PLENTY, QUICK, Rows, Sending, account, fan_out_to, row
from tests.support.faulty import DELIVERS, GONE, PASSES, REFUSES, FaultyEndpoint, faulty_endpoint
from tests.support.tls import Authority

SOON = sorted(PASSES - {"429, later", "429 without a type, later"})
ENDS = sorted(DELIVERS | GONE | REFUSES)
SCRIPTS = st.tuples(st.lists(st.sampled_from(SOON), max_size=4), st.sampled_from(ENDS))
"""Answers after which a post is repeated, and the answer that ends it."""

Script = tuple[list[str], str]

FAULTS = settings(max_examples=40)

SHORT = CONNECTIONS_API.timing._replace(response=0.2, check=0.02)
"""An answer that comes too late on a slow machine makes one more fault that passes. So it changes no outcome."""

NAMES = (f"{number}=" for number in itertools.count())
"""Connection ids that occur once. So a late request of one example does not take the answers of the next."""


pytestmark = pytest.mark.usefixtures("trusting")


@pytest.fixture(scope="module", params=["http", "https"])
def faulty(request: pytest.FixtureRequest, authority: Authority) -> Iterator[FaultyEndpoint]:
    """One server for all examples of a test, which Hypothesis wants."""
    with faulty_endpoint(authority.server_context() if request.param == "https" else None) as served:
        yield served


def quick_fan_out(faulty: FaultyEndpoint, rows: Rows) -> AbstractContextManager[Sending]:
    """Open a fan-out that waits little before it tries again."""
    return fan_out_to(faulty.url, rows, chance=lambda: 0.04, patience=QUICK, timing=SHORT)


def play(faulty: FaultyEndpoint, scripts: list[Script]) -> dict[str, str]:
    """Give each script to a new connection. Return how the post to each connection ends."""
    names = list(itertools.islice(NAMES, len(scripts)))
    faulty.requests.clear()
    # The last answer is repeated: however often a post is repeated, it ends as its script says.
    faulty.scripts = {name: [*faults, *[end] * 99] for name, (faults, end) in zip(names, scripts, strict=True)}
    outcomes = {
        **dict.fromkeys(DELIVERS, "delivered"),
        **dict.fromkeys(GONE, "gone"),
        **dict.fromkeys(REFUSES, "failed"),
    }
    return {name: outcomes[end] for name, (_, end) in zip(names, scripts, strict=True)}


@FAULTS
@given(scripts=st.lists(SCRIPTS, min_size=1, max_size=30))
def test_every_connection_ends_as_its_answers_say(faulty: FaultyEndpoint, scripts: list[Script]) -> None:
    # One connection in each session, so that the account of a session is that of its connection.
    outcomes = play(faulty, scripts)
    rows = Rows([row(f"s{name}", name) for name in outcomes])

    with quick_fan_out(faulty, rows) as out:
        accounts = out.send(ENVELOPE, tuple(f"s{name}" for name in outcomes), leave_out=None, seconds=PLENTY)

    assert accounts == {
        f"s{name}": account(1, delivered=int(outcome == "delivered"), gone=int(outcome == "gone"))
        for name, outcome in outcomes.items()
    }
    assert sorted(rows.removed) == sorted(name for name, outcome in outcomes.items() if outcome == "gone")
    assert set(faulty.posts()) >= set(outcomes)


@FAULTS
@given(scripts=st.lists(SCRIPTS, min_size=1, max_size=30), seconds=st.floats(0, 0.2))
def test_running_out_of_time_invents_nothing(faulty: FaultyEndpoint, scripts: list[Script], seconds: float) -> None:
    outcomes = play(faulty, scripts)
    rows = Rows([row(f"s{name}", name) for name in outcomes])

    with quick_fan_out(faulty, rows) as out:
        accounts = out.send(ENVELOPE, tuple(f"s{name}" for name in outcomes), leave_out=None, seconds=seconds)

    delivered, offline, failed = totals(accounts)
    for name, outcome in outcomes.items():
        session = f"s{name}"
        assert (session in offline) is not (session in delivered or session in failed)
        if session in delivered:
            assert (outcome, delivered[session]) == ("delivered", 1)
        if session in offline:
            assert outcome == "gone"
    assert {name for name, outcome in outcomes.items() if outcome == "gone"} >= set(rows.removed)


@FAULTS
@given(
    scripts=st.lists(SCRIPTS, min_size=1, max_size=40),
    page=st.integers(1, 10),
    fails_after=st.integers(0, 5),
    removals_fail=st.booleans(),
)
def test_faults_of_dynamodb_lose_nothing_that_was_read(
    faulty: FaultyEndpoint, scripts: list[Script], page: int, fails_after: int, removals_fail: bool
) -> None:
    outcomes = play(faulty, scripts)
    rows = Rows(
        [row("s1", name) for name in outcomes],
        page,
        fails_after={"s1": fails_after},
        removals_fail=removals_fail,
    )
    with quick_fan_out(faulty, rows) as out:
        ended = out.send(ENVELOPE, ("s1",), leave_out=None, seconds=PLENTY)["s1"]

    readable = fails_after * page >= len(scripts)
    read = list(outcomes.values())[: fails_after * page]
    assert ended == account(len(read), delivered=read.count("delivered"), gone=read.count("gone"), readable=readable)
    gone = [name for name, outcome in itertools.islice(outcomes.items(), fails_after * page) if outcome == "gone"]
    assert sorted(rows.removed) == ([] if removals_fail else sorted(gone))
