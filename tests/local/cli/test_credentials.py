"""Credentials from the command line: ``python -m local token`` and ``sign``."""

import base64
import json
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.support.credentials import mac, sign
from tests.support.gateway import RunningGateway, run_local
from tests.support.handshakes import command, key
from tests.support.paths import ROOT
from tests.support.user_pool import ISSUER


def test_token_prints_a_token_with_the_given_claims(gateway: RunningGateway) -> None:
    before = int(time.time())
    asked = [
        "--session",
        "s1",
        "--ttl",
        "90",
        "--send",
        "order-*",
        "--subject",
        "me",
        "--issuer",
        "i",
        "--audience",
        "hub",
    ]
    printed = command(gateway, "token", *asked)

    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", printed)
    claims = json.loads(base64.urlsafe_b64decode(printed.split(".")[1] + "=="))
    issued = claims["iat"]
    assert before <= issued <= time.time()
    assert claims == {
        "session_id": "s1",
        "iat": issued,
        "exp": issued + 90,
        "sub": "me",
        "send": ["order-*"],
        "iss": "i",
        "aud": "hub",
    }


@pytest.mark.parametrize(
    "arguments", [["token", "--session", "s1"], ["sign", "--session", "s1"]], ids=lambda arguments: arguments[0]
)
def test_without_a_gateway_nothing_can_be_signed(arguments: list[str]) -> None:
    failed = subprocess.run(
        [sys.executable, "-m", "local", *arguments, "--port", "1"], cwd=ROOT, capture_output=True, text=True
    )
    assert (failed.returncode, failed.stdout, failed.stderr) == (
        1,
        "",
        "No gateway runs at http://127.0.0.1:1/. Start one first: each start makes a new signing key.\n",
    )


@pytest.mark.parametrize("credential", ["token", "sign"])
def test_nothing_is_signed_for_a_hub_that_takes_a_providers_tokens(
    provider_gateway: RunningGateway, credential: str
) -> None:
    failed = run_local(credential, "--session", "s1", "--port", str(urlsplit(provider_gateway.endpoints["page"]).port))
    assert (failed.returncode, failed.stdout, failed.stderr) == (
        1,
        "",
        f"The running hub takes the tokens of {ISSUER}, and has no key to sign with. Sign in there to get one.\n",
    )


def test_a_token_without_options_lasts_an_hour(gateway: RunningGateway) -> None:
    signed, _, signature = command(gateway, "token", "--session", "s1").strip().rpartition(".")
    claims = json.loads(base64.urlsafe_b64decode(signed.split(".")[1] + "=="))

    assert claims == {"session_id": "s1", "iat": claims["iat"], "exp": claims["iat"] + 3600}
    assert signature == mac(signed, key(gateway))


def test_sign_prints_three_headers_and_the_url(gateway: RunningGateway) -> None:
    *headers, url = command(gateway, "sign", "--session", "a@b:c").splitlines()
    query = dict(parse_qsl(urlsplit(url).query))

    assert url.startswith(gateway.endpoints["websocket"] + "?session_id=a%40b%3Ac&date_time=")
    assert headers == [
        f"X-Session: {query['session_id']}",
        f"X-Date-Time: {query['date_time']}",
        f"X-Signature: {query['signature']}",
    ]
    assert query["session_id"] == "a@b:c"
    assert query["signature"] == sign("a@b:c", query["date_time"], key(gateway))
    assert datetime.fromisoformat(query["date_time"]) <= datetime.now(UTC)


def test_sign_prints_only_the_url_for_scripts(gateway: RunningGateway) -> None:
    printed = command(gateway, "sign", "--session", "s1", "--url")
    assert re.fullmatch(r"ws://127\.0\.0\.1:\d+/prod\?session_id=s1&date_time=[^&]+&signature=[0-9a-f]{64}\n", printed)
