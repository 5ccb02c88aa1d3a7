"""``python -m local smoke`` reports that a working hub works, and names the fault of a broken one."""

import asyncio
import io
import re
import subprocess
import time
from collections.abc import Iterator

import pytest

from local.cli.command_line import main
from local.cli.smoke.access import Given
from local.cli.smoke.run import smoke
from local.console import Console
from tests.support.credentials import token
from tests.support.fake_hub import answering, fake_hub
from tests.support.gateway import RunningGateway, environment
from tests.support.handshakes import key
from tests.support.paths import ROOT

ALWAYS = [
    r"A client connects, in \d+\.\d\d s .*",
    r"A message arrives, and its sender gets an ack, in \d+\.\d\d s\.",
    r"An unknown action is answered with the error unknown_action: \$default answers\.",
    r"A ping is answered with a pong\.",
    r"Two connections of one session both get a message\.",
    r"A message of 30 KB arrives whole\.",
    r"A message of 100 KB that is sent in frames under 32 KB arrives whole\.",
    r"A closed connection is gone from the ack \d+\.\d s later\.",
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


NOTHING = Given()


def checked(url: str, given: Given = NOTHING, seconds: float = 60, patience: float = 20) -> tuple[int, list[str]]:
    """Check a hub. Returns the exit status, and the printed lines without the first."""
    printed = io.StringIO()
    status = asyncio.run(smoke(url, given, Console(printed), seconds, patience))
    first, *others = printed.getvalue().splitlines()
    assert first == f"Checking {url}"
    return status, others


@pytest.fixture(scope="module", params=["none", "jwt", "signature"])
def served(request: pytest.FixtureRequest) -> Iterator[tuple[str, RunningGateway]]:
    """A gateway in each mode."""
    with RunningGateway.start("--parameter", f"AuthMode={request.param}") as running:
        yield request.param, running


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


@pytest.mark.parametrize("served", ["jwt"], indirect=True)
def test_a_token_that_may_not_send_to_its_own_session(served: tuple[str, RunningGateway]) -> None:
    _, gateway = served
    claims = {"session_id": "mine", "send": ["other"], "exp": int(time.time()) + 600}
    status, lines = checked(gateway.endpoints["websocket"], Given(token=token(claims, key=key(gateway))))
    assert (status, lines[2]) == (
        1,
        "FAIL  A message of 14 bytes: A message is answered with the error forbidden. "
        "The token's claim send must cover the session that the token is for.",
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


QUICK = 2
"""Seconds after which a frame that never comes counts as missing."""


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ("no route response", "FAIL  A message of 14 bytes: No answer came within 2 seconds. Check that the route"),
        (
            "functions fail",
            "FAIL  A message of 14 bytes: API Gateway answers 'Internal server error' in place of the hub",
        ),
        ("no hub's ack", "FAIL  A message of 14 bytes: The ack is not a hub's: it does not say who received"),
        ("no JSON", "FAIL  A message of 14 bytes: The answer is not JSON, so it is not from a hub. Check the URL."),
        ("no table", "FAIL  A message of 14 bytes: A message is answered with the error internal. Look at the log of"),
        ("limits the rate", "FAIL  A message of 14 bytes: The hub answers rate_limited three times in a row. Raise"),
        ("posts fail", "FAIL  A message of 14 bytes does not reach every connection that is open. Look at the log"),
        ("wrong code", "FAIL  An unknown action is answered bad_request. Check that the route has its RouteResponse"),
        ("no pong", "FAIL  No pong came within 2 seconds. Look at the route ping and its integration response."),
        ("loses the second", "FAIL  No message came within 2 seconds. Look at the log of MessageFunction"),
        ("cuts messages", "FAIL  A message of 100,009 bytes arrives changed."),
        (
            "forgets nobody",
            "FAIL  The ack still counts connections 2 seconds after they closed. Look at the log of Disconnect",
        ),
        ("takes any session id", "FAIL  A handshake with a malformed session id opens a connection. Look at AuthMode"),
    ],
)
def test_the_report_names_the_fault_of_a_broken_hub(broken: str, sentence: str) -> None:
    with fake_hub(broken) as url:
        status, lines = checked(url, patience=QUICK)
    assert {line[: len(sentence)] for line in lines if line.startswith("FAIL")} == {sentence}
    assert status == 1


def test_a_limit_of_one_connection_per_session_is_not_a_fault() -> None:
    with fake_hub("one connection a session") as url:
        status, lines = checked(url, patience=QUICK)
    skipped = "skip  MaxConnectionsPerSession allows no second connection in a session (429)."
    assert [line for line in lines if line[:4] in {"skip", "FAIL"}] == [skipped] * 2
    assert (status, lines[-1]) == (0, "The hub works: 7 checks hold.")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "The handshake is refused with 404. Check the URL"),
        (b"HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n\r\n", "The handshake is refused with 429. A limit is reached"),
        (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "The handshake is refused with 500. ConnectFunction or an"),
        (b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", "The hub refuses a client without a credential, with 403. "),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "The handshake is refused with 200. Check the URL"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "The server does not speak the WebSocket protocol. Check the URL"),
        (b"", "The server does not speak the WebSocket protocol. Check the URL"),
    ],
    ids=["404", "429", "500", "403", "200", "ssh", "closed"],
)
def test_a_handshake_that_fails_is_one_sentence(answer: bytes, sentence: str) -> None:
    with answering(answer) as url:
        status, lines = checked(url)
    assert lines[0].startswith(f"FAIL  {sentence}")
    assert (status, lines[1:]) == (1, ["The hub does not work as it should: 1 failed, 0 checks hold."])


def test_a_server_that_never_answers_ends_in_time() -> None:
    with answering(None) as url:
        assert checked(url, seconds=0.3) == (1, ["FAIL  The checks did not finish within 0.3 seconds."])


def test_a_certificate_that_is_not_trusted(served: tuple[str, RunningGateway]) -> None:
    url = served[1].endpoints["tls"].replace("https", "wss", 1) + "/prod"
    status, lines = checked(url)
    assert re.fullmatch(
        r"FAIL  The certificate is not trusted: .+\. Name a file with its authority in SSL_CERT_FILE\. .+", lines[0]
    )
    assert status == 1


NOT_A_URL = "URL is not the URL of a WebSocket API. "


@pytest.mark.parametrize(
    ("url", "variables", "sentence"),
    [
        pytest.param("", {}, NOT_A_URL, id="nothing"),
        pytest.param("https://abc.execute-api.us-east-1.amazonaws.com/prod", {}, NOT_A_URL, id="https"),
        pytest.param("wss://", {}, NOT_A_URL, id="no-host"),
        pytest.param("wss://[::1/prod", {}, NOT_A_URL, id="half-an-address"),
        pytest.param("wss://localhost:99999/prod", {}, NOT_A_URL, id="no-port"),
        pytest.param("wss://me:secret@localhost/prod", {}, NOT_A_URL, id="a-password"),
        pytest.param("wss://a b/prod", {}, NOT_A_URL, id="a-space"),
        pytest.param("wss://localhost/prod?session_id=s&signature=abc", {}, "A signed URL opens one", id="signed"),
        pytest.param("wss://localhost/prod", {"TOKEN": "hello"}, "TOKEN is not a JSON Web Token, ", id="not-a-token"),
        pytest.param(
            "wss://localhost/prod", {"TOKEN": "e30.e30.e30"}, "TOKEN has no claim", id="a-token-without-a-session"
        ),
        pytest.param(
            "wss://localhost/prod?token=x", {}, "TOKEN is not a JSON Web Token, ", id="not-a-token-in-the-url"
        ),
        pytest.param(
            "wss://localhost/prod", {"KEY": "a\nb"}, "KEY has characters that cannot be printed", id="not-a-key"
        ),
    ],
)
def test_a_malformed_url_or_credential_is_one_sentence(
    url: str,
    variables: dict[str, str],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert main(["smoke", url]) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith(sentence)
    assert (printed.out, printed.err.count("\n")) == ("", 1)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        pytest.param(
            "ws://127.0.0.1:1/prod", "The connection is refused: no program listens on that port.", id="refused"
        ),
        pytest.param("ws://nobody.invalid/prod", "The host of the URL is unknown.", id="unknown-host"),
        pytest.param("ws://a..b/prod", "The host of the URL is not a valid name.", id="no-host-name"),
    ],
)
def test_a_host_that_does_not_answer(url: str, sentence: str) -> None:
    status, lines = checked(url)
    assert lines[0].startswith(f"FAIL  {sentence} ")
    assert status == 1


def test_make_smoke_needs_a_url() -> None:
    ended = subprocess.run(["make", "-s", "smoke"], cwd=ROOT, env=environment(), capture_output=True, text=True)
    assert ended.returncode != 0
    assert ended.stderr.startswith("Say which hub: make smoke URL=wss://")
