"""ConnectFunction with the tokens of an identity provider, on moto's services, and a provider that fails."""

import io
import json
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from hub.log import logger
from tests.support.corpus import PASSWORD, Secrets, handshakes
from tests.support.identity_provider import (
    AUDIENCE,
    ISSUER,
    RSA,
    Provider,
    es_token,
    jwk,
    key_set,
    response,
    rs,
    rsa_key,
    running_provider,
    token,
)
from tests.support.in_moto import SECRET, Hub, HubInMoto
from tests.support.lambdas import cold_start

CLAIMS = {"iss": ISSUER, "aud": AUDIENCE, "sub": "user-1", "session_id": "s1", "exp": int(time.time()) + 600}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running_provider() as running:
        yield running


def parameters(provider: Provider) -> dict[str, str]:
    return {"AuthMode": "jwt", "JwksUrl": provider.url, "JwtIssuer": ISSUER, "JwtAudience": AUDIENCE}


@pytest.fixture
def hub(hub_in_moto: HubInMoto, provider: Provider) -> Iterator[Hub]:
    """A stack with the provider, whose functions have not started, and in whose account there is no secret."""
    boto3.client("secretsmanager").delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)
    yield hub_in_moto.hub(**parameters(provider))
    hub_in_moto.make_secret()


@pytest.fixture
def debug() -> Iterator[None]:
    """Log as a function with POWERTOOLS_LOG_LEVEL=DEBUG does."""
    before = logger.log_level
    logger.setLevel("DEBUG")
    yield
    logger.setLevel(before)


def good(**claims: Any) -> dict[str, str]:
    return {"token": token(CLAIMS | claims)}


def counted(capsys: pytest.CaptureFixture[str]) -> list[dict[str, float]]:
    """Return the metrics of each event since the last call."""
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"_aws"')]
    return [
        {each["Name"]: sum(record[each["Name"]]) for each in record["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
        for record in records
    ]


def errors(log: io.StringIO) -> list[str]:
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    return [line["message"] for line in lines if line["level"] == "ERROR"]


def test_a_token_of_the_provider_opens_a_connection_of_its_session(
    hub: Hub, hub_in_moto: HubInMoto, provider: Provider
) -> None:
    assert hub.connect("one=", good(send=["s2", "o-*"])) == (200, "")
    assert hub.connect("two=", {"token": es_token(CLAIMS)}) == (200, "")
    stored = {item["connection_id"]["S"]: item for item in hub_in_moto.items()}
    assert {name: item["subject"]["S"] for name, item in stored.items()} == {"one=": "user-1", "two=": "user-1"}
    assert stored["one="]["send"] == {"L": [{"S": "s2"}, {"S": "o-*"}]}
    assert stored["two="]["expires_at"] == {"N": str(CLAIMS["exp"])}
    assert provider.fetches == 1


def test_the_claims_are_those_that_the_parameters_name(hub_in_moto: HubInMoto, provider: Provider) -> None:
    claims = {"JwtSessionClaim": "sub", "JwtSendClaim": "cognito:groups"}
    hub = hub_in_moto.hub(**parameters(provider), **claims)
    assert hub.connect("one=", good(**{"cognito:groups": ["team-*"]})) == (200, "")
    assert hub.connect("two=", good(sub="auth0|5f7c")) == (401, "unauthorized")
    (item,) = hub_in_moto.items()
    assert (item["session_id"], item["send"]) == ({"S": "user-1"}, {"L": [{"S": "team-*"}]})


def test_forged_tokens_and_tokens_for_others_are_refused(hub: Hub, hub_in_moto: HubInMoto) -> None:
    for query in (
        {"token": token(CLAIMS, {"alg": "HS256", "kid": RSA})},
        {"token": token(CLAIMS, {"alg": "none", "kid": RSA})},
        {"token": token(CLAIMS, {"alg": "RS256", "kid": "unknown"})},
        {"token": es_token(CLAIMS, kid=RSA)},
        good(iss="https://another.example"),
        good(aud="another"),
        good(exp=1),
        {"session_id": "s1"},
    ):
        assert hub.connect("one=", query) == (401, "unauthorized")
    assert hub_in_moto.items() == []


def test_the_hub_s_own_tokens_are_not_accepted_beside_those_of_the_provider(hub: Hub) -> None:
    assert hub.connect("one=", {"token": Secrets().token(CLAIMS)}) == (401, "unauthorized")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(response(b"", 500), "the answer has the status 500", id="500"),
        pytest.param(response(b"<html>"), "the answer is not JSON", id="html"),
        pytest.param(response(key_set()), "none of the 0 keys of the answer may sign a token", id="an-empty-set"),
        pytest.param(response(b"", 302, "Location: /"), "the answer has the status 302", id="redirect"),
        pytest.param(b"", "RemoteDisconnected", id="nothing"),
    ],
)
def test_without_keys_at_a_cold_start_every_handshake_is_our_fault_and_never_the_client_s(
    hub: Hub,
    hub_in_moto: HubInMoto,
    provider: Provider,
    log: io.StringIO,
    capsys: pytest.CaptureFixture[str],
    answer: bytes,
    reason: str,
) -> None:
    provider.say(answer)
    assert hub.connect("one=", good()) == (500, "internal")
    assert counted(capsys) == [{"ProviderFailed": 1, "Faults": 1}]
    assert errors(log) == ["failed"]
    assert reason in log.getvalue()

    assert hub.connect("two=", {"token": token(CLAIMS, {"alg": "RS256", "kid": "unknown"})}) == (500, "internal")
    assert counted(capsys) == [{"Faults": 1}]
    assert errors(log) == ["failed", "failed"]
    # A token that no key could make valid is the client's fault all the same.
    assert hub.connect("three=", {"token": "x"}) == (401, "unauthorized")
    assert (provider.fetches, hub_in_moto.items()) == (1, [])


def test_known_keys_go_on_while_the_provider_fails(
    hub: Hub, provider: Provider, log: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hub.connect("one=", good()) == (200, "")
    provider.say(response(b"", 503))
    assert hub.connect("two=", {"token": token(CLAIMS, {"alg": "RS256", "kid": "unknown"})}) == (401, "unauthorized")
    assert [hub.connect(f"{number}=", good()) for number in range(20)] == [(200, "")] * 20
    assert errors(log) == ["keys of the identity provider not read again"]
    assert [each for each in counted(capsys) if "ProviderFailed" in each] == [{"ProviderFailed": 1, "Refused": 1}]
    assert provider.fetches == 2


def test_a_new_key_is_accepted_at_once_and_a_withdrawn_one_no_more(hub: Hub, provider: Provider) -> None:
    header = {"alg": "RS256", "kid": "rsa-2"}
    assert hub.connect("one=", good()) == (200, "")
    provider.publish(jwk(rsa_key("new"), "rsa-2"))
    assert hub.connect("two=", {"token": token(CLAIMS, header, rs(key=rsa_key("new")))}) == (200, "")
    assert hub.connect("three=", good()) == (401, "unauthorized")
    assert hub.connect("four=", {"token": token(CLAIMS, header)}) == (401, "unauthorized")
    assert provider.fetches == 2


@pytest.mark.usefixtures("debug")
@pytest.mark.parametrize("answer", [None, response(b"", 500)], ids=["all-is-well", "away"])
def test_handlers_write_no_secret(
    hub: Hub,
    provider: Provider,
    log: io.StringIO,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    answer: bytes | None,
) -> None:
    if answer is not None:
        provider.say(answer)
    secrets = Secrets()
    queries = [*handshakes(secrets, "s1")]
    texts = [
        token(CLAIMS),
        es_token(CLAIMS),
        token(CLAIMS | {"aud": PASSWORD}),
        token(CLAIMS | {"iss": PASSWORD}),
        token(CLAIMS | {"session_id": f"{PASSWORD} "}),
        token(CLAIMS, {"alg": "RS256", "kid": PASSWORD}),
        token(CLAIMS, {"alg": PASSWORD, "kid": RSA}),
        token(CLAIMS, {"alg": "RS256", "kid": RSA, "jku": f"https://{PASSWORD}.example"}),
    ]
    for text in texts:
        secrets.made += text.split(".")[1:]
        queries += [({"token": text}, {}), ({}, {"Authorization": f"Bearer {text}"})]

    answers = [hub.connect(f"{number}=", query, headers) for number, (query, headers) in enumerate(queries)]

    written = log.getvalue()
    assert secrets.found_in(written, caplog.text, *capfd.readouterr(), repr(answers)) == []
    expected = {200, 400, 401} if answer is None else {400, 401, 500}
    assert {status for status, _ in answers} == expected
    assert len(written.splitlines()) >= len(answers)


def test_the_function_starts_without_a_secret_and_without_the_provider(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = cold_start("ConnectFunction", monkeypatch, parameters(provider))
    assert module.SETTINGS.signing_secret_name == ""
    assert provider.fetches == 0  # the keys are fetched for the first token
