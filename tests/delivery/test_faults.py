"""Any mix of faults: whatever the server does, the account is exact, and nothing is lost that could be reached."""

from collections.abc import Iterator

import pytest
import trustme
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery import retries as requests
from delivery.account import totals
from delivery.http import endpoint
from tests.delivery.http.test_endpoint import context
from tests.support.fan_outs import ENVELOPE, QUICK, Rows, account, fan_out_to, row
from tests.support.faulty import DELIVERS, GONE, PASSES, REFUSES, FaultyEndpoint, faulty_endpoint

QUICKLY = sorted(PASSES - {"429, later", "429 without a type, later"})
ENDS = sorted(DELIVERS | GONE | REFUSES)
SCRIPTS = st.tuples(st.lists(st.sampled_from(QUICKLY), max_size=4), st.sampled_from(ENDS)).map(
    lambda each: [*each[0], each[1]]
)
FAULTS = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module", params=["http", "https"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyEndpoint]:
    authority = trustme.CA()
    bundle = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    with faulty_endpoint(context(authority) if request.param == "https" else None) as endpoint:
        endpoint.bundle = str(bundle)
        yield endpoint


@pytest.fixture
def faulty(served: FaultyEndpoint, monkeypatch: pytest.MonkeyPatch) -> FaultyEndpoint:
    """The server, and a fan-out that waits little before it tries again."""
    monkeypatch.setenv("AWS_CA_BUNDLE", served.bundle)
    monkeypatch.setattr(requests, "BACKOFF", 0.002)
    monkeypatch.setattr(endpoint, "RESPONSE_TIMEOUT", 0.2)
    monkeypatch.setattr(endpoint, "LOOK", 0.02)
    return served


def outcome(script: list[str]) -> str:
    """Return how a post ends that meets these answers, if there is time for all of them."""
    end = next(name for name in [*script, "200"] if name not in PASSES)
    return "delivered" if end in DELIVERS else "gone" if end in GONE else "failed"


@FAULTS
@given(scripts=st.lists(SCRIPTS, min_size=1, max_size=30))
def test_every_connection_ends_as_its_answers_say(faulty: FaultyEndpoint, scripts: list[list[str]]) -> None:
    # One connection in each session, so that the account of a session is that of its connection.
    sessions = {f"s{number}": script for number, script in enumerate(scripts)}
    faulty.scripts = {f"{session}=": list(script) for session, script in sessions.items()}
    faulty.requests.clear()
    rows = Rows([row(session, f"{session}=") for session in sessions])

    with fan_out_to(faulty.url, rows, patience=QUICK) as out:
        accounts = out.send(ENVELOPE, tuple(sessions), leave_out=None, seconds=25)

    ends = {session: outcome(script) for session, script in sessions.items()}
    assert accounts == {
        session: account(1, delivered=int(end == "delivered"), gone=int(end == "gone")) for session, end in ends.items()
    }
    assert sorted(rows.removed) == sorted(f"{session}=" for session, end in ends.items() if end == "gone")
    assert set(faulty.posts()) == {f"{session}=" for session in sessions}


@FAULTS
@given(scripts=st.lists(SCRIPTS, min_size=1, max_size=30), seconds=st.floats(0, 0.2))
def test_running_out_of_time_invents_nothing(faulty: FaultyEndpoint, scripts: list[list[str]], seconds: float) -> None:
    sessions = {f"s{number}": script for number, script in enumerate(scripts)}
    faulty.scripts = {f"{session}=": list(script) for session, script in sessions.items()}
    rows = Rows([row(session, f"{session}=") for session in sessions])

    with fan_out_to(faulty.url, rows, patience=QUICK) as out:
        accounts = out.send(ENVELOPE, tuple(sessions), leave_out=None, seconds=seconds)

    delivered, offline, failed = totals(accounts)
    for session, script in sessions.items():
        assert (session in offline) is not (session in delivered or session in failed)
        if session in delivered:
            assert (outcome(script), delivered[session]) == ("delivered", 1)
        if session in offline:
            assert outcome(script) == "gone"
    assert {f"{session}=" for session, script in sessions.items() if outcome(script) == "gone"} >= set(rows.removed)


@FAULTS
@given(
    scripts=st.lists(SCRIPTS, min_size=1, max_size=40),
    page=st.integers(1, 10),
    fails_after=st.integers(0, 5),
    removals_fail=st.booleans(),
)
def test_faults_of_dynamodb_lose_nothing_that_was_read(
    faulty: FaultyEndpoint, scripts: list[list[str]], page: int, fails_after: int, removals_fail: bool
) -> None:
    names = [f"{number}=" for number in range(len(scripts))]
    faulty.scripts = {name: list(script) for name, script in zip(names, scripts, strict=True)}
    rows = Rows(
        [row("s1", name) for name in names],
        page,
        fails_after={"s1": fails_after},
        error=ClientError({"Error": {"Code": "ThrottlingException", "Message": ""}}, "Any"),
        removals_fail=removals_fail,
    )
    with fan_out_to(faulty.url, rows, patience=QUICK) as out:
        ended = out.send(ENVELOPE, ("s1",), leave_out=None, seconds=25)["s1"]

    readable = fails_after * page >= len(scripts)
    ends = [outcome(script) for script in scripts[: fails_after * page]]
    assert ended == account(len(ends), delivered=ends.count("delivered"), gone=ends.count("gone"), readable=readable)
    gone = [name for name, end in zip(names, ends, strict=False) if end == "gone"]
    assert sorted(rows.removed) == ([] if removals_fail else sorted(gone))
