"""The signing key while Secrets Manager is slow, throttled or away: who gets in, how soon, and who hears of it."""

import io
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from hub import connections
from hub.auth import signing_key
from hub.auth.signing_key import CACHE_TIME, MIN_RETRY_TIME, KeyUnusable, SigningKeys
from hub.errors import Unauthorized
from local.api import events
from local.stack.loading import load
from tests.hub.auth.test_signing_key import signed_with
from tests.support import credentials
from tests.support.in_moto import client
from tests.support.lambdas import Context, cold_start
from tests.support.paths import ROOT
from tests.support.scripted import CLOSED, DRIPS, SILENT, Scripted, answer, error, scripted

QUICK = signing_key.CONFIG.merge(Config(read_timeout=0.2))
"""As the hub has it, for a server that is beside it."""

FIRST = answer(json.dumps({"SecretString": "first"}).encode())
SECOND = answer(json.dumps({"SecretString": "second"}).encode())
NO_PREVIOUS = error("ResourceNotFoundException")

FAULTS = [
    pytest.param(SILENT, id="silent"),
    pytest.param(CLOSED, id="closed"),
    pytest.param(error("ThrottlingException"), id="throttled"),
    pytest.param(error("InternalServiceError", status=500), id="fault-of-the-service"),
    pytest.param(answer(b"<html>", 503), id="unavailable"),
    pytest.param(answer(b'{"SecretStr', missing=20), id="cut"),
    pytest.param(answer(b"\xff\xfe"), id="not-text"),
    pytest.param(answer(b"<html>Welcome"), id="of-something-between"),
]
"""What says nothing about the secret."""


@dataclass
class Keys:
    """Keys that were read from a server, and a clock that stands still."""

    server: Scripted
    now: float = 1000.0
    keys: SigningKeys = field(init=False)

    def __post_init__(self) -> None:
        client = boto3.client("secretsmanager", endpoint_url=self.server.url, config=QUICK)
        self.keys = SigningKeys(client, "signing", clock=lambda: self.now)

    def accepts(self, key: str) -> bool:
        try:
            return self.keys.verified(signed_with(key)) == key
        except Unauthorized:
            return False

    def read(self) -> "Keys":
        """Read the first key, and have the server forget that it was asked."""
        self.server.script[:] = [FIRST, NO_PREVIOUS]
        assert self.accepts("first")
        self.server.requests.clear()
        return self


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """A server, and a botocore that does not wait before it asks once more."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _seconds: None)
    with scripted() as served:
        yield served


@pytest.fixture
def keys(server: Scripted) -> Keys:
    return Keys(server)


def lines(log: io.StringIO) -> list[tuple[str, str]]:
    return [(line["level"], line["message"]) for line in map(json.loads, log.getvalue().splitlines())]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("stage", ["current", "previous"])
def test_a_request_that_is_lost_is_made_again(keys: Keys, fault: bytes, stage: str) -> None:
    keys.server.script = [fault, SECOND, FIRST] if stage == "current" else [SECOND, fault, FIRST]

    assert [keys.accepts("first"), keys.accepts("second")] == [True, True]
    assert len(keys.server.requests) == 3


@pytest.mark.parametrize("fault", FAULTS)
def test_without_a_key_nobody_gets_in_and_each_event_asks_again(keys: Keys, fault: bytes) -> None:
    keys.server.last = fault
    for _ in range(2):
        with pytest.raises((BotoCoreError, ClientError, KeyUnusable)):
            keys.keys.verified(signed_with("first"))
    assert len(keys.server.requests) == 4

    keys.read()


def test_an_answer_that_drips_is_given_up(server: Scripted) -> None:
    server.last = DRIPS
    client = boto3.client("secretsmanager", endpoint_url=server.url, config=QUICK)
    with pytest.raises(BotoCoreError, match="Secrets Manager"):
        SigningKeys(client, "signing", within=0.3).verified(signed_with("first"))


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("age", [pytest.param(1, id="young-keys"), pytest.param(CACHE_TIME * 100, id="old-keys")])
def test_keys_are_kept_while_they_cannot_be_read_again(keys: Keys, log: io.StringIO, fault: bytes, age: int) -> None:
    keys.read()
    keys.server.last = fault
    keys.now += age

    for _ in range(5):
        assert [keys.accepts("forged"), keys.accepts("first")] == [False, True]
    assert len(keys.server.requests) == 2
    assert lines(log) == [("ERROR", "signing key not read again")]

    keys.now += MIN_RETRY_TIME
    assert [keys.accepts("forged"), keys.accepts("first")] == [False, True]
    assert len(keys.server.requests) == 4
    assert len(lines(log)) == 2

    keys.now += MIN_RETRY_TIME
    keys.server.script = [SECOND, FIRST]
    assert [keys.accepts("second"), keys.accepts("first")] == [True, True]
    assert len(lines(log)) == 2


@pytest.mark.parametrize("code", sorted(signing_key.WITHDRAWN))
def test_a_secret_that_may_not_be_read_any_more_ends_its_keys_when_they_are_old(
    keys: Keys, log: io.StringIO, code: str
) -> None:
    keys.read()
    keys.server.last = error(code)

    for _ in range(5):
        assert [keys.accepts("forged"), keys.accepts("first")] == [False, True]
    assert len(keys.server.requests) == 1
    assert lines(log) == [("ERROR", "signing key not read again")]

    keys.now += CACHE_TIME + 1
    for _ in range(2):
        with pytest.raises(ClientError, match=code):
            keys.keys.verified(signed_with("first"))

    keys.read()


@pytest.mark.parametrize(
    ("seconds", "requests"),
    [
        pytest.param(CACHE_TIME, 0, id="on"),
        pytest.param(CACHE_TIME + 1, 2, id="on-too-far"),
        pytest.param(-3600, 2, id="back"),
    ],
)
def test_a_clock_that_was_set_does_not_keep_keys_for_longer(keys: Keys, seconds: int, requests: int) -> None:
    keys.read()
    keys.now += seconds
    keys.server.script = [FIRST, NO_PREVIOUS]
    assert keys.accepts("first")
    assert len(keys.server.requests) == requests


def test_who_connects_while_the_service_is_away_is_answered_as_ever(
    table: str, server: Scripted, log: io.StringIO, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", server.url)
    server.script = [answer(json.dumps({"SecretString": credentials.KEY}).encode()), NO_PREVIOUS]
    server.last = error("ThrottlingException")
    handler = cold_start("ConnectFunction", monkeypatch, {"AuthMode": "jwt"})

    def status(key: str) -> Any:
        token = credentials.token({"session_id": "s1", "exp": int(time.time()) + 600}, key=key)
        event = events.connect(client("one="), time.time(), [], f"token={token}")
        return handler.lambda_handler(event, Context())["statusCode"]

    assert [status(credentials.KEY), status("forged"), status("forged"), status(credentials.KEY)] == [
        200,
        401,
        401,
        200,
    ]
    assert [level for level, _ in lines(log)].count("ERROR") == 1
    assert "Faults" not in capfd.readouterr().out


@pytest.mark.parametrize(
    ("function", "seconds"),
    [
        pytest.param("ConnectFunction", signing_key.READ_WITHIN + 2 * connections.WITHIN, id="connect"),
        pytest.param("DisconnectFunction", connections.WITHIN, id="disconnect"),
    ],
)
def test_a_function_has_time_to_answer_when_no_service_does(function: str, seconds: float) -> None:
    assert seconds < load(ROOT / "template.yaml", {}).functions[function].timeout
