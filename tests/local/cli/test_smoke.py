"""``python -m local smoke`` reports that a working hub works, in every AUTH_MODE."""

import re
import subprocess
import time

import pytest

from local.cli.command_line import main
from local.cli.smoke.access import Given
from tests.support.credentials import token
from tests.support.gateway import RunningGateway, environment
from tests.support.handshakes import key
from tests.support.paths import ROOT
from tests.support.smoke import checked
from tests.support.user_pool import SUB, access_token

ALWAYS = [
    r"A client connects, in \d+\.\d\d s .*",
    r"A message arrives, and its sender gets an ack, in \d+\.\d\d s\.",
    r"An unknown action is answered with the error unknown_action: \$default answers\.",
    r"A ping is answered with a pong\.",
    r"Two connections of one session both get a message\.",
    r"A message of 30 KB arrives whole\.",
    r"A message of 100 KB that is sent in frames under 32 KB arrives whole\.",
    r"A closed connection is gone from the ack \d+\.\d s later\.",
    r"The hub keeps no history of this session, and says so \(no_history\)\.",
    r"A malformed session id is refused with 400\.",
]
REFUSALS = {
    "none": [],
    "jwt": [
        r"A handshake without a credential is refused with 401\.",
        r"A forged credential is refused with 401\.",
    ],
    "signature": [
        r"A handshake without a credential is refused with 400\.",
        r"A forged credential is refused with 403\.",
    ],
}
FACTS = [
    r"The handshake selects the subprotocol hub\.v1\.",
    r"The action \$connect reaches \$default, and is answered with unknown_action\.",
    r"A client's own message comes before its ack \d times of 5\.",
    r"Messages over 32 KB arrive: 33,000 bytes in 1 frame; 65,000 bytes in 1 frame; 98,000 .*",
    r"A binary frame closes the connection with 1003\.",
    r"A frame of 33,000 bytes closes the connection with 1009\.",
    r"A close with 4000 is answered with 4000\.",
]


@pytest.fixture(params=["none", "jwt", "signature"])
def served(request: pytest.FixtureRequest) -> tuple[str, RunningGateway]:
    """An AUTH_MODE, and a gateway that has it."""
    fixtures = {"none": "gateway", "jwt": "jwt_gateway", "signature": "signature_gateway"}
    return request.param, request.getfixturevalue(fixtures[request.param])


def assert_works(lines: list[str], mode: str, note: list[str]) -> None:
    *report, last = lines
    expected = [*note, *(f"ok    {check}" for check in ALWAYS + REFUSALS[mode]), *(f"fact  {fact}" for fact in FACTS)]
    assert len(report) == len(expected), report
    for pattern, line in zip(expected, report, strict=True):
        assert re.fullmatch(pattern, line)
    assert last == f"The hub works: {len(ALWAYS + REFUSALS[mode])} checks hold."


def test_a_hub_that_works_in_each_mode(served: tuple[str, RunningGateway]) -> None:
    mode, gateway = served
    given = Given() if mode == "none" else Given(key=key(gateway))

    status, lines = checked(gateway.endpoints["websocket"], given)
    assert_works(lines, mode, [])
    assert status == 0


def test_a_token_of_one_session_is_enough(
    served: tuple[str, RunningGateway], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mode, gateway = served
    secret = token({"session_id": "mine", "exp": int(time.time()) + 600}, key=key(gateway))
    monkeypatch.setenv("TOKEN", secret)

    status = main(["smoke", gateway.endpoints["websocket"]])
    printed = capsys.readouterr()
    lines = printed.out.splitlines()[1:]

    if mode == "jwt":
        assert_works(lines, mode, [r"note  The token is for the session mine, which receives all test messages\."])
    elif mode == "none":
        assert lines[0] == "FAIL  The hub accepts clients without a credential, but you gave one. Its AuthMode is none."
    else:
        assert lines[0].startswith("FAIL  The hub refuses the credential with 400 (jwt).")
    assert status == int(mode != "jwt")
    assert not any(part in printed.out + printed.err for part in secret.split("."))


def test_the_token_of_an_identity_provider_is_enough(
    provider_gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOKEN", access_token())
    assert main(["smoke", provider_gateway.endpoints["websocket"], "--session", SUB]) == 0
    assert_works(capsys.readouterr().out.splitlines()[1:], "jwt", [rf"note  The token is for the session {SUB}, .*"])


@pytest.mark.parametrize("served", ["jwt"], indirect=True)
def test_a_token_that_may_not_send_to_its_own_session(served: tuple[str, RunningGateway]) -> None:
    _, gateway = served
    claims = {"session_id": "mine", "send": ["other"], "exp": int(time.time()) + 600}
    status, lines = checked(gateway.endpoints["websocket"], Given(token=token(claims, key=key(gateway))))
    assert (status, lines[2]) == (
        1,
        "FAIL  A message of 14 bytes: A message is answered with the error forbidden. "
        "The token's claim send (or JwtSendClaim) must cover the session that the token is for.",
    )


@pytest.mark.parametrize(
    ("given", "sentences"),
    [
        pytest.param(
            Given(),
            {
                "none": "ok    A client connects, in ",
                "jwt": "FAIL  The hub refuses a client without a credential, with 401. AuthMode jwt: give a token as",
                "signature": "FAIL  The hub refuses a client without a credential, with 400. AuthMode signature: give",
            },
            id="none",
        ),
        pytest.param(
            Given(key="of-another-hub"),
            {
                "none": "FAIL  The hub accepts clients without a credential, but you gave one. Its AuthMode is none.",
                "jwt": "FAIL  The hub refuses the credential with 401 (signature) and 401 (jwt). Check that the cred",
                "signature": "FAIL  The hub refuses the credential with 403 (signature) and 400 (jwt). Check that the",
            },
            id="for-another-hub",
        ),
    ],
)
def test_the_report_names_the_credential_that_the_hub_needs(
    served: tuple[str, RunningGateway], given: Given, sentences: dict[str, str]
) -> None:
    mode, gateway = served
    status, lines = checked(gateway.endpoints["websocket"], given)
    assert lines[0].startswith(sentences[mode])
    assert status == int(lines[0].startswith("FAIL"))


@pytest.mark.parametrize(
    ("sessions", "sentence"),
    [
        pytest.param(
            "*", r"ok    A message that the client missed is found by resume, \d+\.\d\d s after it .*", id="all"
        ),
        pytest.param(
            "order-*", r"ok    The hub keeps no history of this session, and says so \(no_history\)\.", id="others"
        ),
    ],
)
def test_a_hub_with_history(sessions: str, sentence: str) -> None:
    options = ["--parameter", "HistorySeconds=600", "--parameter", f"HistorySessions={sessions}"]
    with RunningGateway.start(*options) as running:
        status, lines = checked(running.endpoints["websocket"])
    assert [line for line in lines if re.fullmatch(sentence, line)] != []
    assert status == 0


def test_make_smoke_needs_a_url() -> None:
    ended = subprocess.run(["make", "-s", "smoke"], cwd=ROOT, env=environment(), capture_output=True, text=True)
    assert ended.returncode != 0
    assert ended.stderr.startswith("Say which hub: make smoke URL=wss://")
