"""The handlers are the top layer: they import ``hub`` and ``delivery``, and no deployed module imports a handler."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

HANDLERS = {
    "connect/on_connect_lambda.py": {"boto3", "hub"},
    "disconnect/on_disconnect_lambda.py": {"boto3", "hub"},
    "send-message/on_send_message_lambda.py": {"callers", "delivery", "history", "hub"},
}
"""Each handler, and what it may import beside Python's own library."""

CALLERS_OF_A_COLD_START = {"callers.clients", "callers.presence", "callers.sending"}
"""What a cold start for a client imports of ``callers``. Backends, operators and queues wait for the rest."""


def imported(source: Path) -> set[str]:
    """Return the packages that a file imports."""
    packages: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            packages |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            packages.add((node.module or "").partition(".")[0])
    return packages


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_handler_imports_the_layers_below_it_only(handler: str) -> None:
    assert imported(ROOT / handler) - sys.stdlib_module_names <= HANDLERS[handler]


def test_no_deployed_module_imports_a_handler() -> None:
    handlers = {Path(handler).stem for handler in HANDLERS}
    modules = [*ROOT.glob("shared/hub/**/*.py"), *ROOT.glob("send-message/*/**/*.py")]
    assert [module for module in modules if imported(module) & handlers] == []
    assert len(modules) > 20


def test_message_function_starts_without_boto3() -> None:
    # Importing boto3 takes longer than everything else that a cold start does.
    code = "import on_send_message_lambda, json, sys; print(json.dumps(list(sys.modules)))"
    environment = {
        "PYTHONPATH": f"{ROOT / 'send-message'}:{ROOT / 'shared'}",
        "TABLE_NAME": "t",
        "WEBSOCKET_ENDPOINT": "https://abc.execute-api.us-east-1.amazonaws.com/prod",
        "AUTH_MODE": "none",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }
    printed = subprocess.run([sys.executable, "-c", code], env=environment, check=True, stdout=subprocess.PIPE).stdout
    modules = set(json.loads(printed))
    assert "delivery.fan_out" in modules
    assert "history" not in modules  # it costs nothing while it is off
    assert {name for name in modules if name.startswith("callers.")} == CALLERS_OF_A_COLD_START
    assert not modules & {"boto3", "botocore.session", "botocore.client", "botocore.exceptions", "urllib3"}


PROVIDER = {"JWKS_URL": "https://provider.example/", "JWT_ISSUER": "https://provider.example", "JWT_AUDIENCE": "hub"}
OF_TOKENS = {"jwt", "hub.auth.tokens"}
OF_PROVIDERS = {
    "cryptography",
    *(f"hub.auth.{name}" for name in ("jwks", "jwks_url", "provider_keys", "provider_tokens")),
}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param({"AUTH_MODE": "none"}, set(), id="none"),
        pytest.param({"AUTH_MODE": "signature", "SIGNING_SECRET_NAME": "s"}, {"hub.auth.signatures"}, id="signature"),
        pytest.param({"AUTH_MODE": "jwt", "SIGNING_SECRET_NAME": "s"}, OF_TOKENS, id="jwt"),
        pytest.param({"AUTH_MODE": "jwt", **PROVIDER}, OF_TOKENS | OF_PROVIDERS, id="jwt-with-a-provider"),
    ],
)
def test_connect_function_imports_only_what_its_mode_needs(variables: dict[str, str], expected: set[str]) -> None:
    # Importing cryptography takes longer than everything else that the mode jwt needs.
    # botocore imports it with pyOpenSSL, which Lambda does not have.
    code = (
        "import json, sys; sys.modules['OpenSSL'] = None; import on_connect_lambda; print(json.dumps([*sys.modules]))"
    )
    environment = {
        "PYTHONPATH": f"{ROOT / 'connect'}:{ROOT / 'shared'}",
        "TABLE_NAME": "t",
        "ALLOWED_ORIGINS": "",
        "AWS_DEFAULT_REGION": "us-east-1",
        **variables,
    }
    printed = subprocess.run([sys.executable, "-c", code], env=environment, check=True, stdout=subprocess.PIPE).stdout
    optional = OF_TOKENS | OF_PROVIDERS | {"hub.auth.signatures"}
    assert set(json.loads(printed)) & optional == expected
