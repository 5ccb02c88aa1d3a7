"""Built functions under AWS's own Lambda runtime give the same answers and rows as in the local gateway."""

import asyncio
import contextlib
import json
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeAlias

import boto3
import pytest
from moto.server import ThreadedMotoServer

from bench.artefacts import install_runtime, this_machine
from hub.connection import Connection
from local.api import events
from local.aws.provision import provision
from local.cli.build import build
from local.console import Console
from local.stack.app import Function
from local.stack.integration_types import LambdaIntegration
from local.stack.loading import load
from tests.support import identity_provider
from tests.support.credentials import KEY, iso, sign, token
from tests.support.faulty import faulty_endpoint
from tests.support.in_moto import client, row
from tests.support.lambda_runtime import Hub
from tests.support.paths import ROOT
from tests.support.tables import WITH_HISTORY

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="AWS's emulator and its runtime client are for Linux"),
    pytest.mark.skipif(sys.version_info[:2] != (3, 12), reason="sam build needs Python 3.12, as Lambda has it"),
]

APP = load(ROOT / "template.yaml", {})
FILES = {path.stem: path for path in sorted((ROOT / "events").glob("*.json")) if path.stem != "env"}


def event(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(FILES[name].read_text(encoding="utf-8"))
    return loaded


SENDER = event("send-message")["requestContext"]["connectionId"]
EVERYBODY = [row("s1", SENDER), row("s1", "sibling="), row("s2", "other=")]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "build"
    build(folder, this_machine(), "--no-cached")
    return folder


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runtime") / "libraries"
    install_runtime(folder, "awslambdaric", "boto3")
    return folder


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """Moto's server, with the template's tables, and with KEY in the template's secret. Returns its URL."""
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    try:
        with pytest.MonkeyPatch.context() as environment:
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "no_proxy"):
                environment.setenv(name, "*")
            store = load(ROOT / "template.yaml", WITH_HISTORY).store
            provision(store, url, url, Console())
            (secret,) = store.secrets
            manager = boto3.client("secretsmanager", "us-east-1", endpoint_url=url)
            manager.put_secret_value(SecretId=secret["Name"], SecretString=KEY)
        yield url
    finally:
        server.stop()


@pytest.fixture(scope="module")
def hub(built: Path, libraries: Path, aws: str) -> Iterator[Hub]:
    with faulty_endpoint() as endpoint, asyncio.Runner() as loop, contextlib.ExitStack() as processes:
        yield Hub(aws, endpoint.url, endpoint.requests, built, libraries, processes, loop)


def function_for(sent: dict[str, Any]) -> str:
    """Return the function that gets an event. ``ping`` calls no function, so MessageFunction gets its event."""
    if "requestContext" not in sent:  # from a backend, an operator or the queue
        return "MessageFunction"
    integration = APP.routes[sent["requestContext"]["routeKey"]].integration
    return integration.function if isinstance(integration, LambdaIntegration) else "MessageFunction"


@pytest.mark.parametrize("stored", [pytest.param([], id="nobody-there"), pytest.param(EVERYBODY, id="all-there")])
@pytest.mark.parametrize("name", FILES)
def test_every_event_has_the_same_outcome_in_lambda_and_in_the_gateway(
    hub: Hub, name: str, stored: list[Connection]
) -> None:
    sent = event(name)
    in_lambda, in_gateway = hub.outcomes(function_for(sent), sent, stored)
    assert in_lambda == in_gateway
    assert in_lambda.history == []


@pytest.mark.parametrize("stored", [pytest.param([], id="nobody-there"), pytest.param(EVERYBODY, id="all-there")])
def test_a_message_has_the_same_outcome_in_lambda_and_in_the_gateway_if_the_hub_keeps_it(
    hub: Hub, stored: list[Connection]
) -> None:
    in_lambda, in_gateway = hub.outcomes("MessageFunction", event("send-message"), stored, **WITH_HISTORY)
    assert in_lambda == in_gateway
    assert (len(in_lambda.posts), json.loads(in_lambda.answer)["statusCode"]) == (len(stored), 200)


def test_a_kept_message_is_in_the_table_once_for_each_session(hub: Hub) -> None:
    in_lambda, _ = hub.outcomes("MessageFunction", event("send-message"), EVERYBODY, **WITH_HISTORY)
    ack = json.loads(json.loads(in_lambda.answer)["body"])
    assert {*ack["seq"]} == {"s1", "s2"}
    items = [json.loads(item) for item in in_lambda.history]
    assert sorted((item["session_id"]["S"], "frame" in item, "last" in item) for item in items) == [
        ("s1", False, True),
        ("s1", True, False),
        ("s2", False, True),
        ("s2", True, False),
    ]


@pytest.mark.parametrize(
    ("parameters", "kind", "items"),
    [
        pytest.param({}, "error", 0, id="off"),
        pytest.param(WITH_HISTORY, "resumed", 2, id="on"),  # the head, and the number that the session starts with
    ],
)
def test_a_client_asks_for_history_in_lambda_as_in_the_gateway(
    hub: Hub, parameters: dict[str, str], kind: str, items: int
) -> None:
    sent = event("send-message") | {"body": json.dumps({"action": "resume", "id": "r-1"})}
    sent["requestContext"]["routeKey"] = "resume"

    in_lambda, in_gateway = hub.outcomes(function_for(sent), sent, EVERYBODY, **parameters)

    assert in_lambda == in_gateway
    answer = json.loads(json.loads(in_lambda.answer)["body"])
    assert (answer["type"], answer["id"], len(in_lambda.history)) == (kind, "r-1", items)
    assert answer.get("code", "no_history") == "no_history"


def test_a_message_reaches_everybody(hub: Hub) -> None:
    in_lambda, _ = hub.outcomes("MessageFunction", event("send-message"), EVERYBODY)

    ack = json.loads(json.loads(in_lambda.answer)["body"])
    assert ack == {"type": "ack", "id": "c-17", "delivered": {"s1": 2, "s2": 1}, "offline": [], "failed": {}}
    assert [json.loads(post)[1] for post in in_lambda.posts] == sorted(
        connection.connection_id for connection in EVERYBODY
    )


Credential: TypeAlias = tuple[str, dict[str, str]]
"""Query and headers of a handshake."""


def nothing() -> Credential:
    return "session_id=s1", {}


def bearer(key: str = KEY) -> Credential:
    signed = token({"session_id": "s1", "exp": int(time.time()) + 600, "sub": "me", "send": ["order-*"]}, key=key)
    return "", {"Sec-WebSocket-Protocol": f"hub.v1, bearer.{signed}"}


def signature(key: str = KEY) -> Credential:
    now = iso(time.time())
    return "", {"X-Session": "s1", "X-Date-Time": now, "X-Signature": sign("s1", now, key)}


@pytest.mark.parametrize(
    ("mode", "credential", "status", "rows"),
    [
        pytest.param("jwt", bearer, 200, 1, id="token"),
        pytest.param("jwt", lambda: bearer(KEY[::-1]), 401, 0, id="token-of-another-key"),
        pytest.param("jwt", nothing, 401, 0, id="no-token"),
        # The second row stores that the signature was used.
        pytest.param("signature", signature, 200, 2, id="signature"),
        pytest.param("signature", lambda: signature(KEY[::-1]), 403, 0, id="signature-of-another-key"),
    ],
)
def test_a_credential_has_the_same_outcome_in_lambda_and_in_the_gateway(
    hub: Hub, mode: str, credential: Callable[[], Credential], status: int, rows: int
) -> None:
    query, headers = credential()
    handshake = events.connect(client(SENDER), time.time(), [*headers.items()], query)

    in_lambda, in_gateway = hub.outcomes("ConnectFunction", handshake, [], AuthMode=mode)

    assert in_lambda == in_gateway
    assert (json.loads(in_lambda.answer)["statusCode"], len(in_lambda.rows)) == (status, rows)


@pytest.mark.parametrize(
    ("make", "status", "rows"),
    [
        pytest.param(identity_provider.token, 200, 1, id="rs256"),
        pytest.param(identity_provider.es_token, 200, 1, id="es256"),
        pytest.param(lambda claims: identity_provider.token(claims, signer=identity_provider.ps()), 401, 0, id="ps256"),
    ],
)
def test_a_token_of_a_provider_has_the_same_outcome_in_lambda_and_in_the_gateway(
    hub: Hub, make: Callable[[Any], str], status: int, rows: int
) -> None:
    claims = identity_provider.CLAIMS | {"exp": int(time.time()) + 600}
    handshake = events.connect(client(SENDER), time.time(), [("Authorization", f"Bearer {make(claims)}")], "")
    names = {"JwtIssuer": identity_provider.ISSUER, "JwtAudience": identity_provider.AUDIENCE}

    with identity_provider.running_provider() as provider:
        in_lambda, in_gateway = hub.outcomes(
            "ConnectFunction", handshake, [], AuthMode="jwt", JwksUrl=provider.url, **names
        )

    assert in_lambda == in_gateway
    assert (json.loads(in_lambda.answer)["statusCode"], len(in_lambda.rows)) == (status, rows)
    # One in each, and one more if the key does not fit, since the provider could have another one of that name by now.
    assert provider.fetches == (2 if status == HTTPStatus.OK else 4)


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        pytest.param(
            "ConnectFunction", ["TABLE_NAME", "AUTH_MODE", "SIGNING_SECRET_NAME", "ALLOWED_ORIGINS"], id="connect"
        ),
        pytest.param("DisconnectFunction", ["TABLE_NAME"], id="disconnect"),
        pytest.param("MessageFunction", ["TABLE_NAME", "WEBSOCKET_ENDPOINT", "AUTH_MODE"], id="message"),
    ],
)
def test_a_function_without_its_variables_names_all_that_are_missing(hub: Hub, name: str, missing: list[str]) -> None:
    def stripped(function: Function) -> Function:
        return replace(
            function, environment={key: value for key, value in function.environment.items() if key not in missing}
        )

    with hub.in_lambda(stripped(hub.function(hub.build, name))) as invoke:
        in_lambda = invoke({}).error
    with hub.in_gateway(stripped(hub.function(ROOT, name))) as invoke:
        in_gateway = invoke({}).error

    error = {"errorType": "SettingsError", "errorMessage": f"missing environment variables: {', '.join(missing)}"}
    assert in_lambda
    assert in_lambda | error == in_lambda
    assert in_gateway
    assert in_gateway | error == in_gateway


LOOKER = """
import os, sys
import hub.answers

def look(event, context):
    seconds = context.get_remaining_time_in_millis() / 1000
    return {"path": sys.path, "hub": hub.__file__, "variables": dict(os.environ), "seconds": seconds}
"""


def test_a_function_can_import_its_folder_its_layer_and_the_runtime_only(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEVELOPERS_OWN", "not for functions")
    (tmp_path / "looker.py").write_text(LOOKER)
    function = hub.function(hub.build, "MessageFunction")
    layer = hub.build / "HubLayer" / "python"
    assert function.path == (hub.build / "MessageFunction", layer)

    with hub.in_lambda(replace(function, path=(tmp_path, layer), handler="looker.look")) as invoke:
        seen = invoke({}).value

    stdlib = Path(sysconfig.get_path("stdlib"))
    pythons_own = {stdlib.with_name("python312.zip"), stdlib, stdlib / "lib-dynload"}
    folders = dict.fromkeys(Path(folder) for folder in seen["path"])
    assert [folder for folder in folders if folder not in pythons_own] == [tmp_path, layer, hub.libraries]
    assert Path(seen["hub"]).parent == layer / "hub"
    assert "DEVELOPERS_OWN" not in seen["variables"]
    assert seen["seconds"] == pytest.approx(function.timeout, abs=5)
