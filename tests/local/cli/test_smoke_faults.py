"""``python -m local smoke`` names the fault of a hub that does not work, in one sentence."""

import re
from math import nan
from typing import Any

import pytest

from local.cli.command_line import main
from tests.support.fake_hub import FakeHub, answering, fake_hub, serving
from tests.support.gateway import RunningGateway
from tests.support.smoke import checked

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
        ("not a hub's ack", "FAIL  A message of 14 bytes: The ack is not a hub's: it does not say who received"),
        ("not JSON", "FAIL  A message of 14 bytes: The answer is not JSON, so it is not from a hub. Check the URL."),
        ("no table", "FAIL  A message of 14 bytes: A message is answered with the error internal. Look at the log of"),
        ("limits the rate", "FAIL  A message of 14 bytes: The hub answers rate_limited three times in a row. Raise"),
        ("posts fail", "FAIL  A message of 14 bytes does not reach every connection that is open. Look at the log"),
        ("wrong code", "FAIL  An unknown action is answered bad_request. Check that the route has its RouteResponse"),
        ("no pong", "FAIL  No pong came within 2 seconds. Look at the route ping and its integration response."),
        ("loses the second", "FAIL  No message came within 2 seconds. Look at the log of MessageFunction"),
        ("cuts messages", "FAIL  A message of 100,009 bytes arrives changed."),
        (
            "keeps closed connections",
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


FOUND = "ok    A message that the client missed is found by resume, "


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ("", FOUND),
        ("knows no resume", "FAIL  The question resume is answered with the error unknown_action. The functions are"),
        ("no answer to resume", "FAIL  The question resume: No answer came within 2 seconds. Check that the route has"),
        ("fails to resume", "FAIL  The question resume is answered with the error internal. Look at the log of Messag"),
        ("does not resume", "FAIL  The hub stores messages, but answers resume with no_history. Look at the log of"),
        ("does not number", "FAIL  The hub keeps history, but the ack has no number of the message. Look at the log"),
        ("numbers are texts", "FAIL  The hub keeps history, but the ack has no number of the message. Look at the log"),
        ("resumes without messages", "FAIL  A message that is stored is not found by resume. Look at the log of"),
        ("recovers nothing", "FAIL  The answer to resume says that messages are gone after a moment. Look at the log"),
    ],
)
def test_the_report_says_whether_history_works(broken: str, sentence: str) -> None:
    with serving(FakeHub(broken, keeps_history=True)) as url:
        status, lines = checked(url, patience=QUICK)
    wrong = [line for line in lines if line.startswith("FAIL")]
    (line,) = wrong or [line for line in lines if line.startswith(FOUND)]
    assert (line[: len(sentence)], status) == (sentence, 1 if wrong else 0)


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({"type": "resumed"}, id="without-members"),
        pytest.param({"type": "resumed", "seq": True, "messages": []}, id="flag-as-position"),
        pytest.param({"type": "resumed", "seq": 5, "messages": {}}, id="object-as-messages"),
    ],
)
def test_an_odd_answer_to_resume_is_one_sentence(odd: dict[str, Any]) -> None:
    class Odd(FakeHub):
        def resume(self, session: str, after: int | None) -> dict[str, Any]:
            return odd

    with serving(Odd(keeps_history=True)) as url:
        _, lines = checked(url, patience=QUICK)
    wrong = [line for line in lines if line.startswith("FAIL")]
    assert wrong == ["FAIL  The answer to resume is not a hub's: it has no position. Look at the URL."]


NOT_AN_ACK = "The ack is not a hub's: it does not say who received the message."

ODD_WAITS: dict[str, Any] = {
    "text": "x",
    "null": None,
    "list": [],
    "negative": -5,
    "huge": 10**400,
    "nan": nan,
}

ODD_ACKS: list[tuple[str, dict[str, Any] | str, str]] = [
    ("deeply-nested", "[" * 100_000, "The answer is not JSON"),
    ("list", "[1, 2]", "The answer is not JSON"),
    ("null", "null", "The answer is not JSON"),
    ("digits", '{"id": ' + "9" * 5000 + "}", "The answer is not JSON"),
    ("object", "{}", "The answer is not from a hub."),
    ("odd-message", '{"message": ["Forbidden"], "connectionId": 1}', "The answer is not from a hub."),
    ("text-as-count", {"delivered": {"s": "1"}}, NOT_AN_ACK),
    ("null-as-count", {"delivered": {"s": None}}, NOT_AN_ACK),
    ("flag-as-count", {"delivered": {"s": True}}, NOT_AN_ACK),
    ("object-as-count", {"failed": {"s": {}}}, NOT_AN_ACK),
    ("list-of-failures", {"failed": []}, NOT_AN_ACK),
    ("no-deliveries", {"delivered": None}, NOT_AN_ACK),
    ("list-as-type", {"type": ["ack"]}, "No answer came within"),
    ("object-as-type", {"type": {}}, "No answer came within"),
    ("number-as-id", {"id": 5}, "No answer came within"),
    ("odd-code", {"type": "error", "code": ["x"]}, "A message is answered with the error ['x']."),
    ("no-code", {"type": "error"}, "A message is answered with the error None."),
    ("surrogate", {"type": "error", "code": "\ud800\n"}, "A message is answered with the error ??."),
    ("long-code", {"type": "error", "code": "x" * 10_000}, "A message is answered with the error " + "x" * 60 + "…."),
    *(
        (f"wait-{name}", {"type": "error", "code": "rate_limited", "retry_after_ms": wait}, "The hub answers rate_lim")
        for name, wait in ODD_WAITS.items()
    ),
]
"""Answers of a server that is not a hub, and what the report says about a message."""


@pytest.mark.parametrize(
    ("odd", "sentence"), [pytest.param(odd, sentence, id=name) for name, odd, sentence in ODD_ACKS]
)
def test_an_odd_answer_is_one_sentence(odd: dict[str, Any] | str, sentence: str) -> None:
    with fake_hub(odd=odd) as url:
        status, lines = checked(url, patience=0.2)
    works, failed, end = lines
    assert works.startswith("ok    A client connects")
    assert failed.startswith(f"FAIL  A message of 14 bytes: {sentence}")
    assert end == "The hub does not work as it should: 1 failed, 1 checks hold."
    assert status == 1


def test_a_limit_of_one_connection_per_session_is_not_a_fault() -> None:
    with fake_hub("one connection a session") as url:
        status, lines = checked(url, patience=QUICK)
    skipped = "skip  MaxConnectionsPerSession allows no second connection in a session (429)."
    assert [line for line in lines if line[:4] in {"skip", "FAIL"}] == [skipped] * 2
    assert (status, lines[-1]) == (0, "The hub works: 8 checks hold.")


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


def test_a_certificate_that_is_not_trusted(gateway: RunningGateway) -> None:
    url = gateway.endpoints["tls"].replace("https", "wss", 1) + "/prod"
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
