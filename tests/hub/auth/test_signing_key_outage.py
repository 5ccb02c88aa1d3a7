"""The signing key while Secrets Manager is slow, throttled or away: which clients get in, and what is logged."""

import io
import json
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from hub import connections, connections_api
from hub.asking import NoAnswer
from hub.auth import signing_secret
from hub.auth.freshness import CACHE_TIME, MIN_RETRY_TIME
from hub.auth.signing_secret import KeyUnusable, SigningSecret
from local.api import events
from local.stack.loading import load
from tests.support import credentials
from tests.support.in_moto import client
from tests.support.lambdas import Context, cold_start
from tests.support.paths import ROOT
from tests.support.scripted import CLOSED, DRIPS, SILENT, Scripted, answer, error, scripted
from tests.support.signing_keys import ScriptedKeys, signed_with

FIRST = answer(json.dumps({"SecretString": "first"}).encode())
SECOND = answer(json.dumps({"SecretString": "second"}).encode())
NO_PREVIOUS = error("ResourceNotFoundException")

ODD = [
    "[]",
    "null",
    '"x"',
    '{"SecretString":5}',
    '{"SecretString":["a"]}',
    '{"SecretString":null}',
    '{"SecretString":"\\ud800"}',
    '{"SecretString":"first","CreatedDate":"x"}',
    '{"SecretBinary":5}',
]
"""Bodies that are JSON, but not a secret."""

FAULTS = [
    pytest.param(SILENT, id="silent"),
    pytest.param(CLOSED, id="closed"),
    pytest.param(error("ThrottlingException"), id="throttled"),
    pytest.param(error("InternalServiceError", status=500), id="fault-of-the-service"),
    pytest.param(answer(b"<html>", 503), id="unavailable"),
    pytest.param(answer(b'{"SecretStr', missing=20), id="cut"),
    pytest.param(answer(b"\xff\xfe"), id="not-text"),
    pytest.param(answer(b"<html>Welcome"), id="answer-of-a-proxy"),
    *(pytest.param(answer(body.encode()), id=f"answer-{body}") for body in ODD),
    pytest.param(answer(b"[" * 100_000), id="deeply-nested"),
    pytest.param(answer(b"[]", 400), id="refusal-without-an-object"),
    pytest.param(answer(b'{"__type":5}', 400), id="refusal-with-an-odd-code"),
]
"""Answers that say nothing about the secret."""


@pytest.fixture
def server(no_backoff: None) -> Iterator[Scripted]:
    with scripted() as served:
        yield served


@pytest.fixture
def keys(server: Scripted) -> ScriptedKeys:
    """Keys that have not been read yet."""
    return ScriptedKeys(server)


def read_first(keys: ScriptedKeys) -> None:
    """Have the hub read the first key, and the server forget the requests for that."""
    keys.server.script[:] = [FIRST, NO_PREVIOUS]
    assert keys.accepts("first")
    keys.server.requests.clear()


def lines(log: io.StringIO) -> list[tuple[str, str]]:
    return [(line["level"], line["message"]) for line in map(json.loads, log.getvalue().splitlines())]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("stage", ["current", "previous"])
def test_a_request_that_is_lost_is_made_again(keys: ScriptedKeys, fault: bytes, stage: str) -> None:
    keys.server.script = [fault, SECOND, FIRST] if stage == "current" else [SECOND, fault, FIRST]

    assert [keys.accepts("first"), keys.accepts("second")] == [True, True]
    assert len(keys.server.requests) == 3


@pytest.mark.parametrize("fault", FAULTS)
def test_without_a_key_no_client_gets_in_and_each_event_reads_the_secret_again(
    keys: ScriptedKeys, fault: bytes
) -> None:
    keys.server.last = fault
    for _ in range(2):
        with pytest.raises((BotoCoreError, ClientError, KeyUnusable)):
            keys.keys.verified(signed_with("first"))
    assert len(keys.server.requests) == 4

    read_first(keys)


@pytest.mark.parametrize("fault", [pytest.param(SILENT, id="silent"), pytest.param(DRIPS, id="drips")])
def test_the_hub_does_not_wait_longer_than_the_time_for_a_read(server: Scripted, fault: bytes) -> None:
    server.last = fault
    client = boto3.client("secretsmanager", endpoint_url=server.url, config=signing_secret.CONFIG)
    secret = SigningSecret(client, "signing", within=0.1)
    with pytest.raises(NoAnswer, match=r"^Secrets Manager did not answer in time$"):
        secret.current(secret.deadline())


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("age", [pytest.param(1, id="young-keys"), pytest.param(CACHE_TIME * 100, id="old-keys")])
def test_keys_are_kept_while_they_cannot_be_read_again(
    keys: ScriptedKeys, log: io.StringIO, fault: bytes, age: int
) -> None:
    read_first(keys)
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


@pytest.mark.parametrize("fault", FAULTS)
def test_a_new_key_is_used_although_the_previous_one_cannot_be_read(
    keys: ScriptedKeys, log: io.StringIO, fault: bytes
) -> None:
    read_first(keys)
    keys.server.script = [SECOND, fault, fault]

    assert [keys.accepts(key) for key in ("second", "first", "forged")] == [True, True, False]
    assert len(keys.server.requests) == 3
    assert lines(log) == [("ERROR", "previous signing key not read")]

    keys.now += MIN_RETRY_TIME
    keys.server.script = [SECOND, NO_PREVIOUS]
    assert [keys.accepts("forged"), keys.accepts("first"), keys.accepts("second")] == [False, False, True]


@pytest.mark.parametrize(
    "fault",
    [
        *FAULTS,
        pytest.param(error("AccessDeniedException"), id="denied"),
        pytest.param(answer(b'{"__type":null}', 400), id="refusal-without-a-code"),
    ],
)
def test_a_cold_start_lets_clients_in_although_the_previous_key_cannot_be_read(
    keys: ScriptedKeys, log: io.StringIO, fault: bytes
) -> None:
    keys.server.script = [SECOND]
    keys.server.last = fault
    assert [keys.accepts("second"), keys.accepts("first"), keys.accepts("second")] == [True, False, True]
    assert lines(log) == [("ERROR", "previous signing key not read")]

    keys.now += MIN_RETRY_TIME
    keys.server.last = error("ThrottlingException")
    assert keys.accepts("second")
    assert lines(log)[1:] == [("ERROR", "signing key not read again")]

    keys.now += MIN_RETRY_TIME
    keys.server.script = [SECOND, FIRST]
    assert [keys.accepts("first"), keys.accepts("second")] == [True, True]


@pytest.mark.parametrize(
    ("age", "is_kept"), [pytest.param(1, True, id="young-keys"), pytest.param(CACHE_TIME + 1, False, id="old-keys")]
)
def test_a_withdrawn_previous_key_ends_when_it_is_old(keys: ScriptedKeys, age: int, is_kept: bool) -> None:
    read_first(keys)
    keys.now += age
    keys.server.script = [SECOND]
    keys.server.last = error("AccessDeniedException")
    assert [keys.accepts("second"), keys.accepts("first")] == [True, is_kept]


def test_keys_are_kept_when_the_clock_is_set_back_and_they_cannot_be_read(keys: ScriptedKeys) -> None:
    read_first(keys)
    keys.now -= 3600
    keys.server.last = error("ThrottlingException")
    assert keys.accepts("first")


@pytest.mark.parametrize("code", sorted(signing_secret.WITHDRAWN))
def test_a_withdrawn_secret_ends_its_keys_when_they_are_old(keys: ScriptedKeys, log: io.StringIO, code: str) -> None:
    read_first(keys)
    keys.server.last = error(code)

    for _ in range(5):
        assert [keys.accepts("forged"), keys.accepts("first")] == [False, True]
    assert len(keys.server.requests) == 1
    assert lines(log) == [("ERROR", "signing key not read again")]

    keys.now += CACHE_TIME + 1
    for _ in range(2):
        with pytest.raises(ClientError, match=code):
            keys.keys.verified(signed_with("first"))

    read_first(keys)


@pytest.mark.parametrize(
    ("seconds", "requests"),
    [
        pytest.param(CACHE_TIME, 0, id="forward"),
        pytest.param(CACHE_TIME + 1, 2, id="forward-beyond-the-cache-time"),
        pytest.param(-3600, 2, id="back"),
    ],
)
def test_setting_the_clock_does_not_keep_keys_for_longer(keys: ScriptedKeys, seconds: int, requests: int) -> None:
    read_first(keys)
    keys.now += seconds
    keys.server.script = [FIRST, NO_PREVIOUS]
    assert keys.accepts("first")
    assert len(keys.server.requests) == requests


def test_clients_connect_as_usual_while_the_service_is_away(
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
        pytest.param("ConnectFunction", signing_secret.WITHIN + 2 * connections.WITHIN, id="connect"),
        pytest.param("DisconnectFunction", connections.WITHIN, id="disconnect"),
    ],
)
def test_a_function_has_time_to_answer_when_no_service_answers(function: str, seconds: float) -> None:
    assert seconds < load(ROOT / "template.yaml", {}).functions[function].timeout


def test_the_search_for_ghosts_leaves_time_to_count_and_to_remove_rows() -> None:
    assert connections_api.WITHIN <= connections.WITHIN / 3
