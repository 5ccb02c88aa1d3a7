"""Handlers write no secret to a log, to the output or into an answer: at any level, in any mode, for any input."""

import io
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from hub.log import logger
from local.api import events
from tests.support.corpus import EVER, TEXT, Secrets, frames, handshakes, invocations
from tests.support.credentials import KEY
from tests.support.in_moto import SECRET, Hub, HubInMoto, client, row


@pytest.fixture
def hub_in_moto(shared_hub_in_moto: HubInMoto) -> HubInMoto:
    """The hub on moto, without connections, whose functions have not started yet."""
    shared_hub_in_moto.clear()
    shared_hub_in_moto.hubs.clear()
    shared_hub_in_moto.make_secret()
    shared_hub_in_moto.endpoint.status = 200
    return shared_hub_in_moto


@pytest.fixture
def debug() -> Iterator[None]:
    """Log as a function with POWERTOOLS_LOG_LEVEL=DEBUG does."""
    before = logger.log_level
    logger.setLevel("DEBUG")
    yield
    logger.setLevel(before)


def without_a_table(hub_in_moto: HubInMoto, parameters: dict[str, str]) -> Hub:
    return hub_in_moto.hub(**parameters, TableName="no-such-table")


def without_its_secret(hub_in_moto: HubInMoto, parameters: dict[str, str]) -> Hub:
    boto3.client("secretsmanager").delete_secret(SecretId=SECRET)
    return hub_in_moto.hub(**parameters)


def unbroken(hub_in_moto: HubInMoto, parameters: dict[str, str]) -> Hub:
    return hub_in_moto.hub(**parameters)


@pytest.mark.usefixtures("debug")
@pytest.mark.parametrize("mode", ["none", "jwt", "signature"])
@pytest.mark.parametrize(
    ("spoilt", "lines"),
    [
        pytest.param(unbroken, {"connected", "post failed"}, id="all-is-well"),
        pytest.param(without_a_table, {"failed"}, id="no-table"),
        pytest.param(without_its_secret, {"connected", "post failed"}, id="no-secret-once-it-was-read"),
    ],
)
def test_handlers_write_no_secret(
    hub_in_moto: HubInMoto,
    log: io.StringIO,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    mode: str,
    spoilt: Callable[[HubInMoto, dict[str, str]], Hub],
    lines: set[str],
) -> None:
    secrets = Secrets()
    parameters = {"AuthMode": mode, "AllowedOrigins": "https://app.example", "MessageRate": "1", "MessageBurst": "20"}
    hub = hub_in_moto.hub(**parameters)
    for name in ("one=", "two="):
        hub_in_moto.connections.add(row("known", name, subject="known", send=("known*",)))
    # Every mode refuses this handshake; a mode that needs the secret has read it then.
    refused = {"session_id": "" if mode == "none" else "known"}
    answers: list[Any] = [hub.connect("first=", refused), hub.send("two=", next(frames("known")))]
    hub.disconnect("first=")
    hub = spoilt(hub_in_moto, parameters)

    for number, (query, headers) in enumerate(handshakes(secrets, "known")):
        answers.append(hub.connect(f"{number}=", query, headers))
    for _ in range(2):  # the second time, the rate limit refuses them
        answers += [hub.send("one=", frame) for frame in frames("known")]
    hub_in_moto.endpoint.status = 400
    answers.append(hub.send("two=", next(frames("known"))))
    answers.append(hub.invoke("DisconnectFunction", events.disconnect(client("two="), 0, 1000, TEXT)))

    written = log.getvalue()
    assert secrets.found_in(written, caplog.text, *capfd.readouterr(), repr(answers), json.dumps(answers)) == []
    # The handlers did write: there is a line for each outcome, with the session.
    logged = [json.loads(line) for line in written.splitlines()]
    broken = {"signing key not read again"} if spoilt is without_its_secret and mode != "none" else set()
    assert {line["message"] for line in logged} == {"sent", "refused", "disconnected"} | lines | broken
    assert len(logged) >= len(answers)
    assert "known" in {line.get("session_id") for line in logged}


@pytest.mark.usefixtures("debug", "no_backoff")
@pytest.mark.parametrize(
    ("parameters", "outcomes"),
    [
        pytest.param({}, {"sent", "post failed", "counted", "listed", "closed", "answered"}, id="all-is-well"),
        # Moto has no queue for the dead letters.
        pytest.param({"PublishQueue": "on"}, {"sent", "post failed", "failed"}, id="no-dead-letters"),
        pytest.param({"TableName": "no-such-table"}, {"session not readable", "failed"}, id="no-table"),
    ],
)
def test_a_message_of_a_backend_is_in_no_log_and_in_no_answer(
    hub_in_moto: HubInMoto,
    log: io.StringIO,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    parameters: dict[str, str],
    outcomes: set[str],
) -> None:
    hub = hub_in_moto.hub(**parameters)
    hub_in_moto.connections.add(row("known", "one="))
    hub_in_moto.endpoint.server.scripts["one="] = ["200", "403"]

    answers = [hub.invoke("MessageFunction", event) for event in invocations("known")]

    written = log.getvalue()
    assert Secrets().found_in(written, caplog.text, *capfd.readouterr(), repr(answers), json.dumps(answers)) == []
    logged = [json.loads(line) for line in written.splitlines()]
    assert {line["message"] for line in logged} >= {"refused"} | outcomes
    assert len(logged) >= len(answers)


def delete(client: Any) -> None:
    client.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)


def mark_for_deletion(client: Any) -> None:
    client.delete_secret(SecretId=SECRET)


def make_binary(client: Any) -> None:
    client.put_secret_value(SecretId=SECRET, SecretBinary=KEY.encode())


@pytest.mark.usefixtures("debug")
@pytest.mark.parametrize("mode", ["jwt", "signature"])
@pytest.mark.parametrize("spoil", [delete, mark_for_deletion, make_binary], ids=lambda spoil: spoil.__name__)
def test_a_secret_that_cannot_be_read_lets_no_client_in_and_is_logged_once_for_each_client(
    hub_in_moto: HubInMoto, log: io.StringIO, mode: str, spoil: Callable[[Any], None]
) -> None:
    spoil(boto3.client("secretsmanager"))
    secrets = Secrets()
    query = {"token": secrets.token({"session_id": "s1", "exp": EVER})}
    if mode == "signature":
        query = secrets.signed("s1", time.time())

    assert hub_in_moto.hub(AuthMode=mode).connect("one=", query) == (500, "internal")
    assert hub_in_moto.items() == []
    (line,) = [json.loads(line) for line in log.getvalue().splitlines()]
    assert (line["level"], line["message"], line["connection_id"]) == ("ERROR", "failed", "one=")
    assert line["exception"].startswith("Traceback")
    assert secrets.found_in(json.dumps(line)) == []
