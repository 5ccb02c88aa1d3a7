"""``python -m local smoke`` says of a hub that works that it does, and of one that does not what is wrong."""

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
    r"A close is noticed: the ack says so \d+\.\d s later\.",
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
    r"The action \$connect reaches \$default, and is answered unknown_action\.",
    r"A client's own message comes before its ack \d times of 5\.",
    r"Messages over 32 KB arrive: 33,000 bytes in 1 frame; 65,000 bytes in 1 frame; 98,000 .*",
    r"A binary frame closes the connection with 1003\.",
    r"A frame of 33,000 bytes closes the connection with 1009\.",
    r"A close with 4000 is answered with 4000\.",
]


NOTHING = Given()


def checked(url: str, given: Given = NOTHING, seconds: float = 60, patience: float = 20) -> tuple[int, list[str]]:
    """Return the status, and what is printed but for the first line."""
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
    expected = [*note, *(f"ok    {each}" for each in ALWAYS + REFUSALS[mode]), *(f"fact  {each}" for each in FACTS)]
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
        assert_works(lines, mode, [r"note  The token is for the session mine, which gets all test messages\."])
    elif mode == "none":
        assert lines[0] == "FAIL  The hub lets in who has no credential, though one was given. Its AuthMode is none."
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
                "none": "FAIL  The hub lets in who has no credential, though one was given. Its AuthMode is none.",
                "jwt": "FAIL  The hub refuses the credential with 401 (signature) and 401 (jwt). Look whether it is ",
                "signature": "FAIL  The hub refuses the credential with 403 (signature) and 400 (jwt). Look whether it",
            },
            id="another-hub-s",
        ),
    ],
)
def test_the_credential_that_is_wanted_is_named(
    served: tuple[str, RunningGateway], given: Given, sentences: dict[str, str]
) -> None:
    mode, gateway = served
    status, lines = checked(gateway.endpoints["websocket"], given)
    assert lines[0].startswith(sentences[mode])
    assert status == int(lines[0].startswith("FAIL"))


SOON = 2
"""Seconds after which something is taken for missing."""


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ("no route response", "FAIL  A message of 14 bytes: No answer came within 2 seconds. Look whether the route"),
        (
            "functions fail",
            "FAIL  A message of 14 bytes: API Gateway answers 'Internal server error' in place of the hub",
        ),
        ("no hub's ack", "FAIL  A message of 14 bytes: The ack is not a hub's: it lacks who was reached."),
        ("no JSON", "FAIL  A message of 14 bytes: What answers is not JSON, and so not the hub. Look at the URL."),
        ("no table", "FAIL  A message of 14 bytes: A message is answered with the error internal. Look at the log of"),
        ("limits the rate", "FAIL  A message of 14 bytes: The hub says rate_limited three times in a row. Raise"),
        ("posts fail", "FAIL  A message of 14 bytes does not reach every connection that is open. Look at the log"),
        ("wrong code", "FAIL  An unknown action is answered bad_request. Look whether the route has its RouteResponse"),
        ("no pong", "FAIL  No pong came within 2 seconds. Look at the route ping and its integration response."),
        ("loses the second", "FAIL  No message came within 2 seconds. Look at the log of MessageFunction"),
        ("cuts messages", "FAIL  A message of 100,009 bytes arrives changed."),
        (
            "forgets nobody",
            "FAIL  Connections still count 2 seconds after they closed. Look at the log of Disconnect",
        ),
        ("takes any session id", "FAIL  A handshake with a malformed session id opens a connection. Look at AuthMode"),
    ],
)
def test_what_is_broken_is_named(broken: str, sentence: str) -> None:
    with fake_hub(broken) as url:
        status, lines = checked(url, patience=SOON)
    assert {line[: len(sentence)] for line in lines if line.startswith("FAIL")} == {sentence}
    assert status == 1


def test_a_session_that_may_have_one_connection_is_not_a_fault() -> None:
    with fake_hub("one connection a session") as url:
        status, lines = checked(url, patience=SOON)
    skipped = "skip  MaxConnectionsPerSession lets no session have two connections (429)."
    assert [line for line in lines if line[:4] in {"skip", "FAIL"}] == [skipped] * 2
    assert (status, lines[-1]) == (0, "The hub works: 7 checks hold.")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "The handshake is refused with 404. Look at the URL"),
        (b"HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n\r\n", "The handshake is refused with 429. StageRate, MaxConn"),
        (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "The handshake is refused with 500. ConnectFunction or an"),
        (b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", "The hub refuses a client without a credential, with 403. "),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "The handshake is refused with 200. Look at the URL"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "What answers does not speak the WebSocket protocol. Look at the URL"),
        (b"", "What answers does not speak the WebSocket protocol. Look at the URL"),
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
        assert checked(url, seconds=0.3) == (1, ["FAIL  Not everything could be checked within 0.3 seconds."])


def test_a_certificate_that_is_not_trusted(served: tuple[str, RunningGateway]) -> None:
    url = served[1].endpoints["tls"].replace("https", "wss", 1) + "/prod"
    status, lines = checked(url)
    assert re.fullmatch(
        r"FAIL  The certificate is not trusted: .+\. SSL_CERT_FILE names .+ ws:// without one\.", lines[0]
    )
    assert status == 1


NO_URL = "URL is not the URL of a WebSocket API: "


@pytest.mark.parametrize(
    ("url", "variables", "sentence"),
    [
        pytest.param("", {}, NO_URL, id="nothing"),
        pytest.param("https://abc.execute-api.us-east-1.amazonaws.com/prod", {}, NO_URL, id="https"),
        pytest.param("wss://", {}, NO_URL, id="no-host"),
        pytest.param("wss://[::1/prod", {}, NO_URL, id="half-an-address"),
        pytest.param("wss://localhost:99999/prod", {}, NO_URL, id="no-port"),
        pytest.param("wss://me:secret@localhost/prod", {}, NO_URL, id="a-password"),
        pytest.param("wss://a b/prod", {}, NO_URL, id="a-space"),
        pytest.param("wss://localhost/prod?session_id=s&signature=abc", {}, "A signed URL opens one", id="signed"),
        pytest.param("wss://localhost/prod", {"TOKEN": "hello"}, "TOKEN is not a JSON Web Token: ", id="no-token"),
        pytest.param("wss://localhost/prod", {"TOKEN": "e30.e30.e30"}, "TOKEN has no claim", id="a-token-of-nobody"),
        pytest.param("wss://localhost/prod?token=x", {}, "TOKEN is not a JSON Web Token: ", id="no-token-in-the-url"),
        pytest.param("wss://localhost/prod", {"KEY": "a\nb"}, "KEY is not a text that can be printed", id="no-key"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(
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
        pytest.param("ws://127.0.0.1:1/prod", "The connection is refused: nothing listens there.", id="refused"),
        pytest.param("ws://nobody.invalid/prod", "The host of the URL is not known.", id="unknown-host"),
        pytest.param("ws://a..b/prod", "The host of the URL is not a name.", id="no-host-name"),
    ],
)
def test_a_host_that_does_not_answer(url: str, sentence: str) -> None:
    status, lines = checked(url)
    assert lines[0].startswith(f"FAIL  {sentence} ")
    assert status == 1


def test_make_smoke_wants_a_url() -> None:
    ended = subprocess.run(["make", "-s", "smoke"], cwd=ROOT, env=environment(), capture_output=True, text=True)
    assert ended.returncode != 0
    assert ended.stderr.startswith("Say which hub: make smoke URL=wss://")
