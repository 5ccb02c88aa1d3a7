"""What is secret is written nowhere: no log, no output, no answer, at any level, in any mode, whatever is sent."""

import io
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from hub.log import logger
from local.api import events
from tests.support.corpus import EVER, TEXT, Secrets, frames, handshakes
from tests.support.credentials import KEY
from tests.support.in_moto import SECRET, Hub, HubInMoto, client, row


@pytest.fixture
def account(opened: HubInMoto) -> HubInMoto:
    """Moto, without a connection, and functions that have not started yet."""
    opened.clear()
    opened.hubs.clear()
    opened.make_secret()
    opened.endpoint.status = 200
    return opened


@pytest.fixture
def debug() -> Iterator[None]:
    """Log as a function does whose POWERTOOLS_LOG_LEVEL is DEBUG."""
    before = logger.log_level
    logger.setLevel("DEBUG")
    yield
    logger.setLevel(before)


def break_the_table(hub: Hub) -> None:
    for function in hub.functions.values():
        vars(function.CONNECTIONS)["_table"] = "no-such-table"


def break_the_secret(hub: Hub) -> None:
    boto3.client("secretsmanager").delete_secret(SecretId=SECRET)


def break_nothing(hub: Hub) -> None:
    """Leave it as it is."""


@pytest.mark.usefixtures("debug")
@pytest.mark.parametrize("mode", ["none", "jwt", "signature"])
@pytest.mark.parametrize(
    ("spoil", "lines"),
    [
        pytest.param(break_nothing, {"connected", "post failed"}, id="all-is-well"),
        pytest.param(break_the_table, {"failed"}, id="no-table"),
        pytest.param(break_the_secret, {"connected", "post failed"}, id="no-secret-once-it-was-read"),
    ],
)
def test_handlers_write_no_secret(
    account: HubInMoto,
    log: io.StringIO,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    mode: str,
    spoil: Callable[[Hub], None],
    lines: set[str],
) -> None:
    secrets = Secrets()
    hub = account.hub(AuthMode=mode, AllowedOrigins="https://app.example", MessageRate="1", MessageBurst="20")
    for name in ("one=", "two="):
        account.connections.add(row("known", name, subject="known", send=("known*",)))
    # Refused in every mode; where there is a secret, it has been read.
    refused = {"session_id": "" if mode == "none" else "known"}
    answers: list[Any] = [hub.connect("first=", refused), hub.send("two=", next(frames("known")))]
    hub.disconnect("first=")
    spoil(hub)

    for number, (query, headers) in enumerate(handshakes(secrets, "known")):
        answers.append(hub.connect(f"{number}=", query, headers))
    for _ in range(2):  # and the second time too fast
        answers += [hub.send("one=", frame) for frame in frames("known")]
    account.endpoint.status = 400
    answers.append(hub.send("two=", next(frames("known"))))
    answers.append(hub.invoke("DisconnectFunction", events.disconnect(client("two="), 0, 1000, TEXT)))

    written = log.getvalue()
    assert secrets.found_in(written, caplog.text, *capfd.readouterr(), repr(answers), json.dumps(answers)) == []
    # And it is not for want of writing: each outcome has its line, with the session it is about.
    logged = [json.loads(line) for line in written.splitlines()]
    broken = {"signing key not read again"} if spoil is break_the_secret and mode != "none" else set()
    assert {line["message"] for line in logged} == {"sent", "refused", "disconnected"} | lines | broken
    assert len(logged) >= len(answers)
    assert "known" in {line.get("session_id") for line in logged}


def delete(client: Any) -> None:
    client.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)


def mark_for_deletion(client: Any) -> None:
    client.delete_secret(SecretId=SECRET)


def make_binary(client: Any) -> None:
    client.put_secret_value(SecretId=SECRET, SecretBinary=KEY.encode())


@pytest.mark.usefixtures("debug")
@pytest.mark.parametrize("mode", ["jwt", "signature"])
@pytest.mark.parametrize("spoil", [delete, mark_for_deletion, make_binary], ids=lambda each: each.__name__)
def test_a_secret_that_cannot_be_read_lets_nobody_in_and_says_so_once_for_each(
    account: HubInMoto, log: io.StringIO, mode: str, spoil: Callable[[Any], None]
) -> None:
    spoil(boto3.client("secretsmanager"))
    secrets = Secrets()
    query = {"token": secrets.token({"session_id": "s1", "exp": EVER})}
    if mode == "signature":
        query = secrets.signed("s1", time.time())

    assert account.hub(AuthMode=mode).connect("one=", query) == (500, "internal")
    assert account.items() == []
    (line,) = [json.loads(line) for line in log.getvalue().splitlines()]
    assert (line["level"], line["message"], line["connection_id"]) == ("ERROR", "failed", "one=")
    assert line["exception"].startswith("Traceback")
    assert secrets.found_in(json.dumps(line)) == []
